import { connectionsContract } from '../../shared/connections/contract.ts';
import { openCredentials } from '../../shared/connections/credential.ts';
import { tend } from '../../shared/connections/due.ts';
import { portsFromEnv } from '../../shared/connections/ports.ts';
import { readEnv } from '../../shared/core/env.ts';
import { dueShards } from '../../shared/core/keys.ts';
import { schedule } from '../middleware/schedule.ts';

const contract = connectionsContract.refresh;
const ports = portsFromEnv(readEnv(contract.env));
const credentials = openCredentials(ports);

/** A refresh takes up to 20 s, and 25 s more to be stored: none is begun with less left. */
const NEEDED_MS = 50_000;

export const handler = schedule(contract, async ({ moment, remainingMs }) => {
  const enough = () => remainingMs() > NEEDED_MS;
  await Promise.all(
    dueShards.map(async (shard) => tend(ports, credentials, await ports.store.due(shard, moment.nowMs), enough)),
  );
});
