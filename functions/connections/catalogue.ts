import { connectionsContract } from '../../shared/connections/contract.ts';
import { summarize } from '../../shared/connections/describe.ts';
import { readEnv } from '../../shared/core/env.ts';
import { ok } from '../../shared/core/result.ts';
import { entryOf } from '../../shared/providers/catalogue.ts';
import { offeredProviders } from '../../shared/providers/definitions.ts';
import { http } from '../middleware/http.ts';

const contract = connectionsContract.catalogue;
const env = readEnv(contract.env);

export const handler = http(contract, async () =>
  ok({ items: offeredProviders(env.STAGE).map(({ provider }) => summarize(entryOf(provider))) }),
);
