import { hasEnded, sumOf } from '../../shared/calls/call.ts';
import { callStore } from '../../shared/calls/store.ts';
import { consoleContract } from '../../shared/console/contract.ts';
import { subjectOf } from '../../shared/console/subject.ts';
import { usageOf } from '../../shared/console/usage.ts';
import { usageStore } from '../../shared/console/usage-store.ts';
import { openTable } from '../../shared/core/aws.ts';
import { iso } from '../../shared/core/clock.ts';
import { readEnv } from '../../shared/core/env.ts';
import { OWNER, UNROUTED } from '../../shared/core/keys.ts';
import { ok } from '../../shared/core/result.ts';
import { tenantStore } from '../../shared/tenants/store.ts';
import { inboxStore } from '../../shared/webhooks/store.ts';
import { http } from '../middleware/http.ts';

const contract = consoleContract.usage;
const env = readEnv(contract.env);
const tenants = tenantStore(openTable(env.TENANTS_TABLE));
const activity = openTable(env.ACTIVITY_TABLE);
const calls = callStore(openTable(env.CALLS_TABLE));
const inbox = inboxStore(openTable(env.INBOX_TABLE));

/** A page is read in less than a second; none is begun with less left than for some of them, and the answer. */
const RESERVE_MS = 8_000;

export const handler = http(contract, async ({ query, principal, moment, remainingMs }) => {
  const whose = await subjectOf(tenants, principal, query.tenant);
  if (!whose.ok) return whose;
  const { tenant, sinceMs } = whose.value;
  const { nowMs } = moment;
  const month = query.month ?? iso(nowMs).slice(0, 7);
  const days = usageStore(activity, tenant ?? OWNER, Number(env.ACTIVITY_DAYS));
  const ports = {
    ...{ calls: calls.forTenant(tenant ?? OWNER), inbox: inbox.forTenant(tenant ?? UNROUTED) },
    ...{ sumOf, hasEnded, days },
  };
  const used = await usageOf(month, ports, { sinceMs, nowMs }, () => remainingMs() > RESERVE_MS);
  return ok({ tenant, ...used });
});
