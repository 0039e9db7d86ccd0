import { toView as callView } from '../../shared/calls/call.ts';
import { cancel } from '../../shared/calls/cancel.ts';
import { callStatuses } from '../../shared/calls/contract.ts';
import { retry } from '../../shared/calls/retry.ts';
import { callStore } from '../../shared/calls/store.ts';
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
import { log } from '../../shared/core/log.ts';
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

/** On a page of a list. */
const LISTED = 50;
const noSuchCall = () => refuse('not_found', 'There is no such call. Calls are kept for 30 days.');
const noSuchButton = () => refuse('invalid_request', 'This page has no such button.');

async function showCall({ path, query, moment, csrf }: Input): Promise<Result<Shown>> {
  const tenant = TenantId.safeParse(path.tenant);
  const call = tenant.success && (await calls.forTenant(tenant.data).get(query.get('call') ?? ''));
  if (!call) return noSuchCall();
  const view = callView(call);
  const { result, response, error } = view;
  const payload =
    query.get('show') === 'payload' ? { value: { result, response, details: error?.details } } : undefined;
  const details = { tenant: path.tenant, call: view, payload };
  return ok({ page: callPage({ stage, csrf, nowMs: moment.nowMs }, details) });
}

async function showCalls({ path, query, moment, csrf }: Input): Promise<Result<Shown>> {
  const tenant = TenantId.safeParse(path.tenant);
  if (!tenant.success) return noSuchCall();
  const status = callStatuses.find((one) => one === query.get('status'));
  const found = await calls
    .forTenant(tenant.data)
    .list({ status, limit: LISTED, cursor: query.get('cursor') ?? undefined });
  const listed = { items: found.calls.map(callView), cursor: found.cursor };
  return ok({ page: callsPage({ stage, csrf, nowMs: moment.nowMs }, { tenant: path.tenant, status, calls: listed }) });
}

async function workOnCall({ path, query, form, moment, requestId }: Input): Promise<Result<Shown>> {
  const tenant = TenantId.safeParse(path.tenant);
  if (!tenant.success) return noSuchCall();
  const call = query.get('call') ?? '';
  const own = calls.forTenant(tenant.data);
  const action = form.get('action');
  const done =
    action === 'retry'
      ? await retry(call, { calls: own, queue: callQueue }, moment)
      : action === 'cancel'
        ? await cancel(call, own)
        : noSuchButton();
  if (!done.ok) return done;
  log.warn('an operator worked on a call', { tenant: path.tenant, call, outcome: action ?? '', requestId });
  return ok({ goTo: addresses.calls(path.tenant, { call }) });
}

async function showEvent({ path, query, moment, csrf }: Input): Promise<Result<Shown>> {
  const event = await findEvent(path.tenant, query);
  if (!event) return refuse('not_found', 'There is no such event. Events are kept for 90 days.');
  const payload = query.get('show') === 'payload' ? { value: await readData(event, objects) } : undefined;
  const details = {
    tenant: path.tenant,
    event: eventView(event, undefined),
    payload,
    begun: query.get('begun') ?? undefined,
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
  const { path, query, form, moment, requestId } = input;
  const action = form.get('action');
  const tenant = TenantId.safeParse(path.tenant);
  if (!tenant.success || (action !== 'replay' && action !== 'cancel-replay')) return noSuchButton();
  log.warn('an operator worked on events', { tenant: path.tenant, outcome: action, requestId });
  if (action === 'cancel-replay') {
    const ended = await cancelReplay(form.get('replay') ?? '', replays.forTenant(tenant.data), moment);
    return ended ? ok({ goTo: addresses.events(path.tenant) }) : refuse('not_found', 'There is no such replay.');
  }
  const event = await findEvent(path.tenant, query);
  if (!event) return refuse('not_found', 'There is no such event. Events are kept for 90 days.');
  const { provider, id, receivedAtMs } = event;
  const filter = { provider, event: id, fromMs: receivedAtMs, toMs: receivedAtMs };
  const replay = begun(tenant.data, { filter, rate: 1 }, moment);
  await beginReplay(replay, { replays, queue: replayQueue });
  return ok({ goTo: addresses.events(path.tenant, { provider, event: id, begun: replay.id }) });
}
