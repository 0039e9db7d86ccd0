import { sumOf } from '../../shared/calls/call.ts';
import { cursorAfter as afterCall, callStore } from '../../shared/calls/store.ts';
import { readActivity } from '../../shared/console/activity.ts';
import { consoleContract } from '../../shared/console/contract.ts';
import { auditSource, callSource, webhookSource } from '../../shared/console/sources.ts';
import { subjectOf } from '../../shared/console/subject.ts';
import { auditLog } from '../../shared/core/audit-log.ts';
import { openTable } from '../../shared/core/aws.ts';
import { readEnv } from '../../shared/core/env.ts';
import { OWNER, UNROUTED } from '../../shared/core/keys.ts';
import { ok } from '../../shared/core/result.ts';
import { tenantStore } from '../../shared/tenants/store.ts';
import { cursorAfter as afterEvent, inboxStore } from '../../shared/webhooks/store.ts';
import { http } from '../middleware/http.ts';

const contract = consoleContract.activity;
const env = readEnv(contract.env);
const tenants = tenantStore(openTable(env.TENANTS_TABLE));
const log = auditLog(openTable(env.ACTIVITY_TABLE));
const calls = callStore(openTable(env.CALLS_TABLE));
const inbox = inboxStore(openTable(env.INBOX_TABLE));

const DAY_MS = 24 * 60 * 60_000;

export const handler = http(contract, async ({ query, principal, moment }) => {
  const whose = await subjectOf(tenants, principal, query.tenant);
  if (!whose.ok) return whose;
  const { tenant, sinceMs } = whose.value;
  const all = {
    audit: auditSource(log, tenant ?? OWNER),
    ...(tenant && { call: callSource(calls.forTenant(tenant), afterCall, sumOf) }),
    webhook: webhookSource(inbox.forTenant(tenant ?? UNROUTED), afterEvent),
  };
  const sources = query.kind ? { [query.kind]: all[query.kind] } : all;
  const { limit, cursor, from = 0, to = moment.nowMs } = query;
  const oldestMs = moment.nowMs - Number(env.ACTIVITY_DAYS) * DAY_MS;
  return ok(await readActivity(sources, { limit, cursor, fromMs: Math.max(from, sinceMs, oldestMs), toMs: to }));
});
