import type { SealedCall } from '../../shared/calls/call.ts';
import { cancel } from '../../shared/calls/cancel.ts';
import { openContents } from '../../shared/calls/contents.ts';
import { callStatuses } from '../../shared/calls/contract.ts';
import { retry } from '../../shared/calls/retry.ts';
import { callStore } from '../../shared/calls/store.ts';
import { toEntryView, toView } from '../../shared/calls/view.ts';
import { openVault } from '../../shared/connections/vault.ts';
import { addresses } from '../../shared/console/addresses.ts';
import { callPage, callsPage } from '../../shared/console/call.ts';
import { consoleContract } from '../../shared/console/contract.ts';
import { eventPage, eventsPage, outcomes } from '../../shared/console/event.ts';
import { failurePage } from '../../shared/console/frame.ts';
import { forOperator, isPost, type SignedIn } from '../../shared/console/visit.ts';
import { openTable, readSecretString } from '../../shared/core/aws.ts';
import { openQueue } from '../../shared/core/bus.ts';
import { realMoment } from '../../shared/core/clock.ts';
import { readEnv } from '../../shared/core/env.ts';
import { refuse } from '../../shared/core/errors.ts';
import { TenantId } from '../../shared/core/ids.ts';
import { openObjects } from '../../shared/core/objects.ts';
import { ok, type Result } from '../../shared/core/result.ts';
import { otherSenders, webhooksOf } from '../../shared/providers/senders.ts';
import { openOperatorKey } from '../../shared/tenants/operator-key.ts';
import { beginReplay } from '../../shared/webhooks/begin-replay.ts';
import { cancelReplay } from '../../shared/webhooks/cancel-replay.ts';
import { readData } from '../../shared/webhooks/content.ts';
import { toView as eventView, type InboxEvent } from '../../shared/webhooks/event.ts';
import { begun, toView as replayView } from '../../shared/webhooks/replay.ts';
import { replayStore } from '../../shared/webhooks/replay-store.ts';
import { inboxStore } from '../../shared/webhooks/store.ts';
import { type PageInput, page, type Shown } from '../middleware/page.ts';

const contract = consoleContract.work;
const env = readEnv(contract.env);
const { STAGE: stage, PUBLIC_URL: publicUrl } = env;
const calls = callStore(openTable(env.CALLS_TABLE));
const contents = openContents(
  openVault({ keyId: env.VAULT_KEY_ID, keysTable: openTable(env.TENANT_KEYS_TABLE), moment: realMoment }),
);
const callQueue = openQueue(env.CALL_QUEUE_URL);
const inboxTable = openTable(env.INBOX_TABLE);
const inbox = inboxStore(inboxTable);
const replays = replayStore(inboxTable);
const replayQueue = openQueue(env.REPLAY_QUEUE_URL);
const objects = openObjects(env.PAYLOAD_BUCKET);
const readOperatorKey = openOperatorKey(env.OPERATOR_SECRET, readSecretString, () => realMoment.nowMs);

type Input = PageInput<typeof contract.entry> & SignedIn;

export const handler = page(
  contract,
  { secure: stage !== 'local', failure: (error, requestId) => failurePage(stage, error, requestId) },
  forOperator<PageInput<typeof contract.entry>, Shown>({ publicUrl, readOperatorKey }, async (input) => {
    const ofCalls = input.route.endsWith('/calls');
    if (isPost(input)) return ofCalls ? workOnCall(input) : workOnEvent(input);
    if (ofCalls) return input.query.has('call') ? showCall(input) : showCalls(input);
    return input.query.has('event') ? showEvent(input) : showEvents(input);
  }),
);

const actor = { kind: 'operator' } as const;
/** On a page of a list. */
const LISTED = 50;
/** What a link says was begun is shown as nothing else. */
const REPLAY_ID = /^rpl_[0-9a-z]{1,40}$/;
const noSuchCall = () => refuse('not_found', 'There is no such call. Calls are kept for 70 days.');
const noSuchEvent = () => refuse('not_found', 'There is no such event. Events are kept for 90 days.');
const noSuchButton = () => refuse('invalid_request', 'This page has no such button.');

async function showCall({ path, query, moment, csrf }: Input): Promise<Result<Shown>> {
  const tenant = TenantId.safeParse(path.tenant);
  const call = tenant.success && (await calls.forTenant(tenant.data).get(query.get('call') ?? ''));
  if (!call) return noSuchCall();
  const payload = query.get('show') === 'payload' ? await payloadOf(call) : undefined;
  if (payload && !payload.ok) return payload;
  const details = { tenant: path.tenant, call: toEntryView(call), payload: payload && { value: payload.value } };
  return ok({ page: callPage({ stage, csrf, nowMs: moment.nowMs }, details) });
}

/** Returns what was asked and what came of it. Errors: `not_found`, `unavailable`. */
async function payloadOf(call: SealedCall): Promise<Result<unknown>> {
  const opened = await contents.open(call);
  if (!opened.ok) return opened;
  const { result, response, error } = toView(opened.value);
  return ok({ asked: opened.value.asked, result, response, details: error?.details });
}

async function showCalls({ path, query, moment, csrf }: Input): Promise<Result<Shown>> {
  const tenant = TenantId.safeParse(path.tenant);
  if (!tenant.success) return noSuchCall();
  const status = callStatuses.find((one) => one === query.get('status'));
  const found = await calls
    .forTenant(tenant.data)
    .list({ status, limit: LISTED, cursor: query.get('cursor') ?? undefined });
  const listed = { items: found.calls.map(toEntryView), cursor: found.cursor };
  return ok({ page: callsPage({ stage, csrf, nowMs: moment.nowMs }, { tenant: path.tenant, status, calls: listed }) });
}

async function workOnCall({ path, query, form, moment }: Input): Promise<Result<Shown>> {
  const tenant = TenantId.safeParse(path.tenant);
  if (!tenant.success) return noSuchCall();
  const [call, action] = [query.get('call') ?? '', form.get('action')];
  if (action !== 'retry' && action !== 'cancel') return noSuchButton();
  const own = calls.forTenant(tenant.data);
  const done = await (action === 'retry' ? retry(call, { calls: own, queue: callQueue }, moment) : cancel(call, own));
  if (!done.ok) return done;
  const act = action === 'retry' ? 'call.retried' : 'call.cancelled';
  const goTo = addresses.calls(path.tenant, { call });
  return ok({ goTo, done: { act, actor, tenant: tenant.data, given: { call } } });
}

async function showEvent({ path, query, moment, csrf }: Input): Promise<Result<Shown>> {
  const event = await findEvent(path.tenant, query);
  if (!event) return noSuchEvent();
  const payload = query.get('show') === 'payload' ? { value: await readData(event, objects) } : undefined;
  const details = {
    tenant: path.tenant,
    event: eventView(event, undefined),
    payload,
    begun: REPLAY_ID.exec(query.get('begun') ?? '')?.[0],
  };
  return ok({ page: eventPage({ stage, csrf, nowMs: moment.nowMs }, details) });
}

/** Who only has the id need not know whose it is: there are few senders. */
async function findEvent(tenant: string, query: URLSearchParams): Promise<InboxEvent | undefined> {
  const id = query.get('event') ?? '';
  const named = query.get('provider');
  const providers = named === null ? Object.keys({ ...webhooksOf, ...otherSenders }) : [named];
  if (id === '') return undefined;
  const found = await Promise.all(providers.map((provider) => inbox.forTenant(tenant).get(provider, id)));
  return found.find((event) => event !== undefined);
}

async function showEvents({ path, query, moment, csrf }: Input): Promise<Result<Shown>> {
  const outcome = outcomes.find((one) => one === query.get('outcome'));
  const tenant = TenantId.safeParse(path.tenant);
  const [found, again] = await Promise.all([
    inbox.forTenant(path.tenant).list({ outcome, limit: LISTED, cursor: query.get('cursor') ?? undefined }),
    tenant.success ? replays.forTenant(tenant.data).list(10) : undefined,
  ]);
  const list = {
    tenant: path.tenant,
    outcome,
    events: { ...found, items: found.events.map((event) => eventView(event, undefined)) },
    replays: (again?.replays ?? []).map(replayView),
  };
  return ok({ page: eventsPage({ stage, csrf, nowMs: moment.nowMs }, list) });
}

async function workOnEvent(input: Input): Promise<Result<Shown>> {
  const tenant = TenantId.safeParse(input.path.tenant);
  if (!tenant.success)
    return refuse('invalid_request', 'Who owns the event is not known: it cannot be told to anybody.');
  const action = input.form.get('action');
  if (action === 'replay') return replayEvent(input, tenant.data);
  return action === 'cancel-replay' ? endReplay(input, tenant.data) : noSuchButton();
}

async function replayEvent({ query, moment }: Input, tenant: TenantId): Promise<Result<Shown>> {
  const event = await findEvent(tenant, query);
  if (!event) return noSuchEvent();
  const { provider, id } = event;
  const replay = begun(tenant, { filter: { provider, event: id }, rate: 1 }, moment);
  await beginReplay(replay, { replays, queue: replayQueue }, moment);
  const goTo = addresses.events(tenant, { provider, event: id, begun: replay.id });
  return ok({ goTo, done: { act: 'replay.started', actor, tenant, given: { replay: replay.id } } });
}

async function endReplay({ form, moment }: Input, tenant: TenantId): Promise<Result<Shown>> {
  const replay = await cancelReplay(form.get('replay') ?? '', replays.forTenant(tenant), moment);
  if (!replay) return refuse('not_found', 'There is no such replay.');
  const done = { act: 'replay.cancelled', actor, tenant, given: { replay: replay.id } } as const;
  return ok({ goTo: addresses.events(tenant), done });
}
