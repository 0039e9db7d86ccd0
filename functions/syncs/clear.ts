import { openTable } from '../../shared/core/aws.ts';
import { readEnv } from '../../shared/core/env.ts';
import { TenantId } from '../../shared/core/ids.ts';
import { syncsContract } from '../../shared/syncs/contract.ts';
import { erase } from '../../shared/syncs/erase.ts';
import { recordStore } from '../../shared/syncs/record-store.ts';
import { syncStore } from '../../shared/syncs/store.ts';
import { event } from '../middleware/event.ts';

const env = readEnv(syncsContract.clear.env);
const ports = { syncs: syncStore(openTable(env.SYNCS_TABLE)), records: recordStore(openTable(env.RECORDS_TABLE)) };

/** The rows of a tenant's syncs lead to all records that it has. */
export const handler = event(syncsContract.clear, async ({ event }) => {
  const rows = await ports.syncs.forTenant(TenantId.parse(event.tenant)).list();
  for (const row of rows) await erase(row, ports, Date.parse(event.time));
});
