import { openContents } from '../../shared/calls/contents.ts';
import { callsContract } from '../../shared/calls/contract.ts';
import { callStore } from '../../shared/calls/store.ts';
import { toView } from '../../shared/calls/view.ts';
import { openVault } from '../../shared/connections/vault.ts';
import { openTable } from '../../shared/core/aws.ts';
import { realMoment } from '../../shared/core/clock.ts';
import { readEnv } from '../../shared/core/env.ts';
import { refuse } from '../../shared/core/errors.ts';
import { ok } from '../../shared/core/result.ts';
import { http } from '../middleware/http.ts';

const contract = callsContract.get;
const env = readEnv(contract.env);
const calls = callStore(openTable(env.CALLS_TABLE));
const contents = openContents(
  openVault({ keyId: env.VAULT_KEY_ID, keysTable: openTable(env.TENANT_KEYS_TABLE), moment: realMoment }),
);

export const handler = http(contract, async ({ path }) => {
  const call = await calls.forTenant(path.tenant).get(path.call);
  if (!call) return refuse('not_found', 'There is no such call.');
  const opened = await contents.open(call);
  return opened.ok ? ok(toView(opened.value)) : opened;
});
