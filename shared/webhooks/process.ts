import type { GrantEnd } from '../connections/end-grant.ts';
import type { Bus, Queue } from '../core/bus.ts';
import type { ConnectionId, TenantId } from '../core/ids.ts';
import { UNROUTED } from '../core/keys.ts';
import { log } from '../core/log.ts';
import { measure } from '../core/metrics.ts';
import type { Objects } from '../core/objects.ts';
import { inParallel } from '../core/parallel.ts';
import { ok, type Result } from '../core/result.ts';
import type { WayKind } from '../providers/auth.ts';
import { type Webhooks, waysOf } from '../providers/webhooks.ts';
import { type BelievePorts, believe } from './believe.ts';
import type { Captured } from './captured.ts';
import { place } from './content.ts';
import type { Delivery } from './contract.ts';
import { announce, announceFanOut, type Content, type InboxEvent, inboxEvent } from './event.ts';
import { messagesOf } from './handle.ts';
import { keep } from './keep.ts';
import { type ProviderEvent, split } from './split.ts';
import type { InboxStore } from './store.ts';

/** A connection that the event's account belongs to. */
export interface Owner {
  readonly tenantId: TenantId;
  readonly connection: ConnectionId;
}

/** Where an event belongs; to no connection where it came to an address that names none. */
interface Home {
  readonly tenantId: TenantId;
  readonly connection?: ConnectionId;
}

/** A delivery whose sender is genuine. */
interface Genuine extends Delivery {
  /** How the connections that it may concern were made; none: it came to a tenant's own address, and may concern any. */
  readonly ways?: readonly WayKind[];
}

export interface ProcessPorts extends BelievePorts {
  readonly findWebhooks: (provider: string) => Webhooks | undefined;
  readonly inbox: InboxStore;
  readonly objects: Pick<Objects, 'get' | 'put'>;
  readonly captured: Pick<Captured, 'open'>;
  readonly publish: Bus['publish'];
  /** The active connections of an account, whoever's they are; where `ways` are named, those made in one of them. */
  readonly findOwners: (provider: string, accountId: string, ways?: readonly WayKind[]) => Promise<readonly Owner[]>;
  /** When the tenant came into being, ms; nothing where it is not there, or being erased. */
  readonly tenantSince: (tenantId: TenantId) => Promise<number | undefined>;
  /** Ends the owner's connection, where it is one of those that the provider says ended, and tells of it. */
  readonly endConnection: (owner: Owner, end: GrantEnd) => Promise<void>;
  /** Has the subscription of a tenant's endpoint prolonged. */
  readonly renewSoon: (tenantId: TenantId, endpoint: string) => Promise<void>;
  /** The handlers of a provider's events of this type. */
  readonly handlersOf: (provider: string, type: string) => readonly { readonly name: string }[];
  /** Where each handler of an event gets a message of its own. */
  readonly handlerQueue: Pick<Queue, 'sendAll'>;
}

/** Of one delivery's events so many are under way at once. */
const WIDTH = 16;

/** Takes one delivery apart and keeps, announces and obeys each of its events; may be repeated at any point.
 *  Errors: `unavailable` (verified later). */
export async function processDelivery(delivery: Delivery, ports: ProcessPorts): Promise<Result<unknown>> {
  const { provider } = delivery;
  const webhooks = ports.findWebhooks(provider);
  if (!webhooks) throw new Error('the provider of a delivery is no longer known');

  const { headers, url } = delivery;
  const request = { headers, url, bytes: await readBody(delivery, ports) };
  const believed = await believe(webhooks, delivery, request, ports);
  if (!believed.ok) return believed.error.code === 'unavailable' ? believed : settle(provider, 'forged');
  if (believed.value.handshake) return settle(provider, 'handshake');
  const { webhooks: configured, owner } = believed.value;
  if (owner && !(await stands(owner.tenantId, delivery, ports))) return settle(provider, 'erased');
  const genuine = { ...delivery, owner, ...(!owner && { ways: waysOf(configured) }) };
  const found = split(configured, request, Date.parse(delivery.receivedAt));
  await inParallel(found, WIDTH, (event) => take(event, genuine, ports));
  return ok('processed');
}

/** Returns whether the tenant that it came for is still there: an address in memory, and a message that waits, outlive an
 *  erasure. The owner's app asks for connections, which do not. */
async function stands(
  tenantId: TenantId,
  { receivedAt }: Delivery,
  { tenantSince }: Pick<ProcessPorts, 'tenantSince'>,
): Promise<boolean> {
  const sinceMs = await tenantSince(tenantId);
  return sinceMs !== undefined && sinceMs <= Date.parse(receivedAt);
}

/** The object stays: the message may come again. The bucket forgets it. */
async function readBody(delivery: Delivery, { objects, captured }: ProcessPorts): Promise<Buffer> {
  const { body } = delivery;
  if ('base64' in body) return Buffer.from(body.base64, 'base64');
  const bytes = await ('sealed' in body ? captured.open(delivery, body.sealed) : objects.get(body.object));
  if (!bytes) throw new Error('the body of a delivery is gone');
  return bytes;
}

function settle(provider: string, outcome: string): Result<unknown> {
  measure('WebhookEvent', { provider, outcome });
  log.info('a webhook had no effect', { provider, outcome });
  return ok(outcome);
}

/** Keeps the event for each tenant, hands it to its handlers and publishes it. Only then are connections ended: a crash
 *  before that finds the same owners again. What holds a secret is kept for the operator alone. */
async function take(event: ProviderEvent, delivery: Genuine, ports: ProcessPorts): Promise<void> {
  const { provider, requestId } = delivery;
  const receivedAtMs = Date.parse(delivery.receivedAt);
  const owners = event.secret ? [] : await route(event, delivery, ports.findOwners);
  const tenants = Map.groupBy(owners, ({ tenantId }) => tenantId);
  const homes: (readonly [string, readonly Home[]])[] = tenants.size > 0 ? [...tenants] : [[UNROUTED, []]];
  const handlers = ports.handlersOf(provider, event.type).map(({ name }) => name);

  const news: InboxEvent[] = [];
  for (const [tenantId, [owner]] of homes) {
    const content = event.secret ? secretOf(delivery) : await place(event, provider, tenantId, ports.objects);
    const home = { tenantId, connection: owner?.connection };
    const made = inboxEvent(event, { provider, requestId, receivedAtMs }, home, content, handlers);
    const kept = await keep(made, ports.inbox);
    measure('WebhookEvent', { provider, outcome: kept.announced ? kept.event.outcome : 'duplicate' });
    if (kept.announced) news.push(kept.event);
  }
  const [first] = news;
  if (!first || event.secret) return;

  const messages = news.flatMap((one) => messagesOf(one, Object.keys(one.handling ?? {})));
  if (messages.length > 0) await ports.handlerQueue.sendAll(messages);
  const fannedOut = tenants.size > 1 ? [announceFanOut(first, [...tenants.keys()])] : [];
  await ports.publish([...news.map((one) => announce(one)), ...fannedOut]);
  const { owner, endpoint } = delivery;
  if (event.renews && owner && endpoint !== undefined) await ports.renewSoon(owner.tenantId, endpoint);
  if (event.ending === undefined) return;
  const end = { ...event.ending, atMs: event.occurredAtMs ?? receivedAtMs };
  const sound = new Set(news.filter(({ outcome }) => outcome === 'routed').map(({ tenantId }) => tenantId));
  for (const { tenantId, connection } of owners) {
    if (connection && sound.has(tenantId)) await ports.endConnection({ tenantId, connection }, end);
  }
}

/** What holds a secret, and came unsealed, is kept without it. */
function secretOf({ body }: Delivery): Content {
  return 'sealed' in body ? { sealed: body.sealed } : { json: 'null' };
}

/** Returns whose the event is: the connections of the first account that has any. One that came to a tenant's own address
 *  is that tenant's, whatever accounts it names; they say only which of the tenant's connections it is of (D-13). */
async function route(
  { accountIds }: ProviderEvent,
  { provider, owner, ways }: Genuine,
  findOwners: ProcessPorts['findOwners'],
): Promise<readonly Home[]> {
  if (owner?.connection) return [owner];
  for (const accountId of accountIds) {
    const all = await findOwners(provider, accountId, ways);
    const owners = owner ? all.filter(({ tenantId }) => tenantId === owner.tenantId) : all;
    if (owners.length > 0) return owners;
  }
  return owner ? [owner] : [];
}
