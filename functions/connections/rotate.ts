import { connectionsContract } from '../../shared/connections/contract.ts';
import { dataKeyStore } from '../../shared/connections/data-key-store.ts';
import { rotate } from '../../shared/connections/rotate.ts';
import { connectionStore } from '../../shared/connections/store.ts';
import { openVault } from '../../shared/connections/vault.ts';
import { openTable } from '../../shared/core/aws.ts';
import { realMoment } from '../../shared/core/clock.ts';
import { readEnv } from '../../shared/core/env.ts';
import { ok } from '../../shared/core/result.ts';
import { direct } from '../middleware/direct.ts';

const contract = connectionsContract.rotate;
const env = readEnv(contract.env);
const about = { keyId: env.VAULT_KEY_ID, moment: realMoment };
const keysTable = openTable(env.TENANT_KEYS_TABLE);
const ports = {
  keys: dataKeyStore({ ...about, table: keysTable }),
  store: connectionStore(openTable(env.CONNECTIONS_TABLE)),
  vault: openVault({ ...about, keysTable }),
  moment: realMoment,
};

/** One connection is a few requests; none is begun with less left. */
const NEEDED_MS = 20_000;

export const handler = direct(contract, async ({ input, remainingMs }) =>
  ok(await rotate(ports, input, () => remainingMs() > NEEDED_MS)),
);
