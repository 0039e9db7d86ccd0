import { connectionsContract } from '../../shared/connections/contract.ts';
import { describe } from '../../shared/connections/describe.ts';
import { readEnv } from '../../shared/core/env.ts';
import { refuse } from '../../shared/core/errors.ts';
import { ok } from '../../shared/core/result.ts';
import { entryOf } from '../../shared/providers/catalogue.ts';
import { findProvider } from '../../shared/providers/definitions.ts';
import { http } from '../middleware/http.ts';

const contract = connectionsContract.describe;
const env = readEnv(contract.env);

export const handler = http(contract, async ({ path }) => {
  const entry = findProvider(path.provider, env.STAGE);
  return entry
    ? ok(describe(entryOf(entry.provider), env.PUBLIC_URL))
    : refuse('not_found', 'This hub has no such provider.');
});
