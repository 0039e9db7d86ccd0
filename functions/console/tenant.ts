import { limitStore } from '../../shared/calls/limit-store.ts';
import { callStore } from '../../shared/calls/store.ts';
import { toEntryView as callView } from '../../shared/calls/view.ts';
import { type Connection, toView as connectionView, kindOf } from '../../shared/connections/connection.ts';
import { disconnect } from '../../shared/connections/disconnect.ts';
import { isHeld } from '../../shared/connections/lease.ts';
import { connectionStore } from '../../shared/connections/store.ts';
import { addresses } from '../../shared/console/addresses.ts';
import { connectionPage, type Refresh } from '../../shared/console/connection.ts';
import { consoleContract } from '../../shared/console/contract.ts';
import { failurePage } from '../../shared/console/frame.ts';
import { tenantPage } from '../../shared/console/tenant.ts';
import { forOperator, isPost, type SignedIn } from '../../shared/console/visit.ts';
import type { AuditedAct } from '../../shared/core/audit.ts';
import { auditLog } from '../../shared/core/audit-log.ts';
import { openTable, readSecretString } from '../../shared/core/aws.ts';
import { openQueue } from '../../shared/core/bus.ts';
import { iso, realMoment } from '../../shared/core/clock.ts';
import { readEnv } from '../../shared/core/env.ts';
import { refuse } from '../../shared/core/errors.ts';
import { type ConnectionId, connectionRef, type TenantId } from '../../shared/core/ids.ts';
import { ok, type Result } from '../../shared/core/result.ts';
import { openOffer } from '../../shared/syncs/offer.ts';
import { runNow } from '../../shared/syncs/run-now.ts';
import { syncStore } from '../../shared/syncs/store.ts';
import { syncOf } from '../../shared/syncs/syncs-of.ts';
import { toView as syncView } from '../../shared/syncs/view.ts';
import { openOperatorKey } from '../../shared/tenants/operator-key.ts';
import { tenantStore } from '../../shared/tenants/store.ts';
import { tenantView } from '../../shared/tenants/tenant.ts';
import { toView as endpointView } from '../../shared/webhooks/endpoint.ts';
import { endpointStore } from '../../shared/webhooks/endpoint-store.ts';
import { toView as eventView } from '../../shared/webhooks/event.ts';
import { inboxStore } from '../../shared/webhooks/store.ts';
import { type PageInput, page, type Shown } from '../middleware/page.ts';

const contract = consoleContract.tenant;
const env = readEnv(contract.env);
const { STAGE: stage, PUBLIC_URL: publicUrl } = env;
const tenants = tenantStore(openTable(env.TENANTS_TABLE));
const connections = connectionStore(openTable(env.CONNECTIONS_TABLE));
const endpoints = endpointStore(openTable(env.ENDPOINTS_TABLE));
const calls = callStore(openTable(env.CALLS_TABLE));
const limits = limitStore(openTable(env.LIMITS_TABLE));
const inbox = inboxStore(openTable(env.INBOX_TABLE));
const syncs = syncStore(openTable(env.SYNCS_TABLE));
const audit = auditLog(openTable(env.AUDIT_TABLE));
const offered = openOffer(stage);
const queue = openQueue(env.SYNC_QUEUE_URL);
const readOperatorKey = openOperatorKey(env.OPERATOR_SECRET, readSecretString, () => realMoment.nowMs);

type Input = PageInput<typeof contract.entry> & SignedIn;

export const handler = page(
  contract,
  { secure: stage !== 'local', failure: (error, requestId) => failurePage(stage, error, requestId) },
  forOperator<PageInput<typeof contract.entry>, Shown>({ publicUrl, readOperatorKey }, async (input) => {
    const { tenant, connection } = input.path;
    if (!connection) return showTenant(input, tenant);
    return isPost(input) ? change(input, tenant, connection) : showConnection(input, tenant, connection);
  }),
);

/** Of the latest calls so many are looked through for those that failed, and so many of each are shown. */
const LATEST = 100;
const SHOWN = 10;
/** What was done to a tenant is shown so far back. */
const TOLD_MS = 60 * 24 * 60 * 60_000;
const failures: readonly string[] = ['failed', 'outcome_unknown', 'expired'];

async function showTenant({ query, moment, csrf }: Input, tenantId: TenantId): Promise<Result<Shown>> {
  const { nowMs } = moment;
  const tenant = await tenants.read(tenantId);
  if (!tenant) return refuse('not_found', 'There is no such tenant. It may have been erased.');
  const events = inbox.forTenant(tenantId);
  const [connected, addressed, latest, received, failed, rows, activity] = await Promise.all([
    connections.forTenant(tenantId).list({ limit: 50, cursor: query.get('connections') ?? undefined }),
    endpoints.forTenant(tenantId).list({ limit: 20 }),
    calls.forTenant(tenantId).list({ limit: LATEST }),
    events.list({ limit: SHOWN }),
    events.list({ limit: SHOWN, outcome: 'failed' }),
    syncs.forTenant(tenantId).list(),
    audit.list(tenantId, { fromMs: nowMs - TOLD_MS, toMs: nowMs, limit: 2 * SHOWN }),
  ]);
  const called = latest.calls.map(callView);
  const failing = rows.filter(({ status }) => status === 'failing');
  const overview = {
    tenant: { ...tenantView(tenant), status: tenant.status },
    connections: {
      ...connected,
      items: connected.items.map((row) => ({ ...connectionView(row), ref: connectionRef(row) })),
    },
    endpoints: { ...addressed, items: addressed.items.map((row) => endpointView(row, publicUrl, nowMs)) },
    failedCalls: called.filter(({ status }) => failures.includes(status)).slice(0, SHOWN),
    failedEvents: failed.events.map((event) => eventView(event, undefined)),
    failingSyncs: failing.map((row) => ({ ...syncView(row, nowMs), connection: connectionRef(row.connection) })),
    calls: called.slice(0, SHOWN),
    events: received.events.map((event) => eventView(event, undefined)),
    activity,
  };
  return ok({ page: tenantPage({ stage, csrf, nowMs }, overview) });
}

async function showConnection(
  { query, moment, csrf }: Input,
  tenantId: TenantId,
  id: ConnectionId,
): Promise<Result<Shown>> {
  const { nowMs } = moment;
  const row = await connections.forTenant(tenantId).get(id);
  if (!row) return refuse('not_found', 'There is no such connection. It may have been disconnected.');
  const [circuits, rows, kept, latest] = await Promise.all([
    limits.circuits(tenantId, id, nowMs),
    syncs.forTenant(tenantId).list(id),
    endpoints.forTenant(tenantId).list({ of: id }),
    calls.forTenant(tenantId).list({ connection: id, limit: SHOWN }),
  ]);
  const details = {
    tenant: tenantId,
    ref: connectionRef(id),
    connection: connectionView(row),
    refresh: refreshView(row, nowMs),
    circuits,
    syncs: rows.map((sync) => syncView(sync, nowMs)),
    subscriptions: kept.items.map((one) => endpointView(one, publicUrl, nowMs)),
    calls: latest.calls.map(callView),
    confirming: query.get('confirm') === 'disconnect',
  };
  return ok({ page: connectionPage({ stage, csrf, nowMs }, details) });
}

/** Returns how a credential fares: no part of it. What is tried is written down ahead: an attempt under way has not failed. */
function refreshView(row: Connection, nowMs: number): Refresh {
  const { settings, authorizedAtMs, refreshAtMs, intent, removal } = row;
  const at = (ms: number | undefined) => (ms === undefined ? undefined : iso(ms));
  const underWay = isHeld(row, nowMs);
  const failures = (intent?.attempt ?? 0) - (underWay ? 1 : 0);
  return {
    way: kindOf(row),
    settings,
    authorizedAt: iso(authorizedAtMs),
    refreshAt: at(refreshAtMs),
    underWay,
    ...(intent &&
      failures > 0 && {
        failed: { attempts: failures, notBefore: at(intent.notBeforeMs), ambiguous: intent.ambiguous },
      }),
    removal: removal && { since: iso(removal.sinceMs), attempts: removal.attempt, nextAt: at(removal.nextAtMs) },
  };
}

async function change(input: Input, tenant: TenantId, connection: ConnectionId): Promise<Result<Shown>> {
  const action = input.form.get('action');
  if (action === 'disconnect') {
    const row = await disconnect(connections.forTenant(tenant), connection, input.moment.nowMs);
    return row.ok ? changed('connection.disconnected', tenant, { connection }) : row;
  }
  if (action === 'run' || action === 'run-full') return run(input, tenant, connection, action === 'run-full');
  return refuse('invalid_request', 'This page has no such button.');
}

async function run(
  { form, moment }: Input,
  tenant: TenantId,
  connection: ConnectionId,
  full: boolean,
): Promise<Result<Shown>> {
  const sync = form.get('sync') ?? '';
  const row = await syncOf({ offered, syncs, connections }, tenant, connection, sync, moment);
  if (!row.ok) return row;
  const started = await runNow(row.value, { full }, { syncs: syncs.forTenant(tenant), queue }, moment);
  return started.ok ? changed('sync.started', tenant, { connection, sync }) : started;
}

/** Back to the page of the connection. */
function changed(
  act: AuditedAct,
  tenant: TenantId,
  given: { readonly connection: ConnectionId; readonly sync?: string },
): Result<Shown> {
  const goTo = addresses.connection(tenant, connectionRef(given.connection));
  return ok({ goTo, done: { act, actor: { kind: 'operator' }, tenant, given } });
}
