import type { Bus } from '../core/bus.ts';
import { sha256 } from '../core/crypto.ts';
import { refuse } from '../core/errors.ts';
import type { ConnectionId, TenantId } from '../core/ids.ts';
import { UNROUTED } from '../core/keys.ts';
import { log } from '../core/log.ts';
import { measure } from '../core/metrics.ts';
import type { Objects } from '../core/objects.ts';
import { ok, type Result } from '../core/result.ts';
import type { ReadApp } from '../providers/app.ts';
import type { Webhooks } from '../providers/webhooks.ts';
import type { Delivery } from './contract.ts';
import { readDocument, readHandshake } from './document.ts';
import { announce, announceEnd, type Content, conflicting, type InboxEvent, inboxEvent } from './event.ts';
import { type ProviderEvent, split } from './split.ts';
import type { InboxStore } from './store.ts';
import { type Incoming, verify } from './verify.ts';

/** A connection that the event's account belongs to. */
export interface Owner {
  readonly tenantId: TenantId;
  readonly connection: ConnectionId;
}

export interface ProcessPorts {
  readonly findWebhooks: (provider: string) => Webhooks | undefined;
  readonly readApp: ReadApp;
  readonly inbox: InboxStore;
  readonly objects: Pick<Objects, 'get' | 'put'>;
  readonly publish: Bus['publish'];
  /** The active connections of an account, whoever's they are. */
  readonly findOwners: (provider: string, accountId: string) => Promise<readonly Owner[]>;
  /** The owner's connection needs a new authorization from now on. */
  readonly endConnection: (owner: Owner, reason: string) => Promise<void>;
}

/** An item may have 400 kB; the rest of it is small. */
const MAX_ROW_BYTES = 300_000;

/** Takes one delivery apart and keeps, announces and obeys each of its events; may be repeated at any point.
 *  Errors: `unavailable` (verified later). */
export async function processDelivery(delivery: Delivery, ports: ProcessPorts): Promise<Result<unknown>> {
  const { provider } = delivery;
  const webhooks = ports.findWebhooks(provider);
  if (!webhooks) throw new Error('the provider of a delivery is no longer known');

  const request = { headers: delivery.headers, bytes: await readBody(delivery, ports.objects) };
  if (delivery.deferred) {
    const verified = await verifyLate(webhooks, delivery, request, ports.readApp);
    if (!verified.ok && verified.error.code === 'unavailable') return verified;
    if (!verified.ok || readHandshake(webhooks, readDocument(webhooks, request))) {
      return settle(provider, verified.ok ? 'handshake' : 'forged');
    }
  }
  for (const event of split(webhooks, request)) await take(event, delivery, ports);
  return ok('processed');
}

/** The object stays: the message may come again. The bucket forgets it. */
async function readBody({ body }: Delivery, objects: ProcessPorts['objects']): Promise<Buffer> {
  if ('base64' in body) return Buffer.from(body.base64, 'base64');
  const bytes = await objects.get(body.object);
  if (!bytes) throw new Error('the body of a delivery is gone');
  return bytes;
}

/** The time that was signed is compared with the time of arrival: the message may have waited for hours. */
async function verifyLate(
  webhooks: Webhooks,
  { provider, receivedAt }: Delivery,
  request: Incoming,
  readApp: ReadApp,
): Promise<Result<number>> {
  try {
    const { webhookSecrets = [] } = await readApp(provider);
    return verify(webhooks, request, webhookSecrets, Date.parse(receivedAt));
  } catch (error) {
    const cause = error instanceof Error ? error.name : 'unknown';
    return refuse('unavailable', 'The secret cannot be read at present.', { cause });
  }
}

function settle(provider: string, outcome: string): Result<unknown> {
  measure('WebhookEvent', { provider, outcome });
  log.info('a webhook had no effect', { provider, outcome });
  return ok(outcome);
}

async function take(event: ProviderEvent, delivery: Delivery, ports: ProcessPorts): Promise<void> {
  const { provider, requestId } = delivery;
  const owners = await route(event, provider, ports.findOwners);
  const tenants = Map.groupBy(owners, ({ tenantId }) => tenantId as string);
  if (tenants.size > 1) log.info('one account, several tenants', { provider, event: event.id, count: tenants.size });

  const homes = tenants.size > 0 ? [...tenants] : [[UNROUTED, []] as const];
  for (const [tenantId, [owner]] of homes) {
    const from = { provider, requestId, receivedAtMs: Date.parse(delivery.receivedAt) };
    const home = { tenantId, connection: owner?.connection };
    const kept = await keep(
      inboxEvent(event, from, home, await place(event, provider, tenantId, ports.objects)),
      ports.inbox,
    );
    measure('WebhookEvent', { provider, outcome: kept.announced ? kept.event.outcome : 'duplicate' });
    if (kept.announced) await tell(kept.event, event.ending, tenants.get(tenantId) ?? [], ports);
  }
}

/** Returns the connections of the first account that has any. */
async function route(
  { accountIds }: ProviderEvent,
  provider: string,
  findOwners: ProcessPorts['findOwners'],
): Promise<readonly Owner[]> {
  for (const accountId of accountIds) {
    const owners = await findOwners(provider, accountId);
    if (owners.length > 0) return owners;
  }
  return [];
}

/** Returns where the data lies; large ones have an object of their own for each tenant, which goes with the tenant. */
async function place(
  event: ProviderEvent,
  provider: string,
  tenantId: string,
  objects: ProcessPorts['objects'],
): Promise<Content> {
  const json = JSON.stringify(event.data);
  const bytes = Buffer.from(json);
  if (bytes.length <= MAX_ROW_BYTES) return { json };
  const object = `inbox/${tenantId}/${sha256(`${provider}#${event.id}#${event.bodyHash}`)}`;
  await objects.put(object, bytes);
  return { object, bytes: bytes.length };
}

/** Returns the event as it is kept now, and whether the bus may not know it yet. */
async function keep(event: InboxEvent, inbox: InboxStore): Promise<{ event: InboxEvent; announced: boolean }> {
  const store = inbox.forTenant(event.tenantId);
  const kept = await store.keepOnce(event);
  if (kept !== 'conflicting') return { event, announced: kept !== 'duplicate' };
  const other = conflicting(event);
  log.warn('another body under a known event id', { provider: event.provider, event: event.id });
  return { event: other, announced: (await store.keepOnce(other)) !== 'duplicate' };
}

/** Publishes the event, and what it ends; only then ends it: a crash in between finds the same owners again. */
async function tell(event: InboxEvent, ending: string | undefined, owners: readonly Owner[], ports: ProcessPorts) {
  const ended = ending && event.outcome === 'routed' ? owners : [];
  await ports.publish([
    announce(event),
    ...ended.map(({ connection }) => announceEnd(event, connection, ending ?? '')),
  ]);
  for (const owner of ended) await ports.endConnection(owner, ending ?? '');
}
