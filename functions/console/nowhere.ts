import { consoleContract } from '../../shared/console/contract.ts';
import { refuse } from '../../shared/core/errors.ts';
import { http } from '../middleware/http.ts';

export const handler = http(consoleContract.nowhere, async () =>
  refuse('not_found', 'There is nothing at this address with this method. /docs describes all there is.'),
);
