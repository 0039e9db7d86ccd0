import { consoleContract } from '../../shared/console/contract.ts';
import { entryOf } from '../../shared/core/audit.ts';
import { auditWriter } from '../../shared/core/audit-log.ts';
import { readEnv } from '../../shared/core/env.ts';
import { openService } from '../../shared/core/service.ts';
import { event } from '../middleware/event.ts';

const contract = consoleContract.record;
const env = readEnv(contract.env);
const write = auditWriter(openService('dynamodb'), { table: env.ACTIVITY_TABLE, keptDays: Number(env.ACTIVITY_DAYS) });

export const handler = event(contract, async ({ event: happened }) => {
  const entry = entryOf(happened);
  if (entry) await write(entry);
});
