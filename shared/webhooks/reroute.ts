import * as z from 'zod';
import type { Bus, Queue } from '../core/bus.ts';
import type { Moment } from '../core/clock.ts';
import { ConnectionRef, TenantId } from '../core/ids.ts';
import { eventKey, UNROUTED } from '../core/keys.ts';
import { log } from '../core/log.ts';
import type { Objects } from '../core/objects.ts';
import { inParallel } from '../core/parallel.ts';
import { place, readData } from './content.ts';
import { announce, type InboxEvent, rerouted } from './event.ts';
import { messagesOf } from './handle.ts';
import { keep } from './keep.ts';
import type { Owner } from './process.ts';
import type { InboxStore } from './store.ts';

/** An account was connected. */
export const Activation = z
  .object({ tenant: TenantId, connection: ConnectionRef, data: z.object({ account: z.string() }) })
  .transform(({ tenant: tenantId, connection, data }) => ({ tenantId, connection, accountId: data.account }));
export type Activation = z.infer<typeof Activation>;

export interface ReroutePorts {
  readonly inbox: InboxStore;
  readonly objects: Pick<Objects, 'get' | 'put' | 'remove'>;
  readonly publish: Bus['publish'];
  readonly handlersOf: (provider: string, type: string) => readonly { readonly name: string }[];
  readonly handlerQueue: Pick<Queue, 'sendAll'>;
  /** Whether the connection is that account's, active, and of those that events of the owner's app concern, as it stands. */
  readonly owns: (owner: Owner, accountId: string) => Promise<boolean>;
}

/** A provider sends from the installation on, its end user confirms minutes later; what lapses on a Friday is authorized
 *  again on Monday. */
const LOOK_BACK_MS = 3 * 24 * 60 * 60_000;
const PAGE = 100;
const WIDTH = 16;
/** What it takes to end one page; before less is left, it gives up. */
const RESERVE_MS = 15_000;

/** Gives a new connection the events of its account that came within the three days before and were nobody's, and returns
 *  how many those were. Throws when time is nearly over: what is left is taken by the next attempt. */
export async function reroute(
  { tenantId, connection, accountId }: Activation,
  ports: ReroutePorts,
  moment: Moment,
  remainingMs: () => number,
): Promise<number> {
  const owner = { tenantId, connection };
  if (!(await ports.owns(owner, accountId))) return 0;
  const { provider } = connection;
  const fromMs = moment.nowMs - LOOK_BACK_MS;
  const filter = { provider, account: accountId, outcome: 'unrouted', fromMs } as const;
  let count = 0;
  let cursor: string | undefined;
  do {
    if (remainingMs() < RESERVE_MS) throw new Error('not all events have found their owner yet');
    const page = await ports.inbox.forTenant(UNROUTED).list({ ...filter, limit: PAGE, cursor, oldestFirst: true });
    await inParallel(page.events, WIDTH, (event) => move(event, owner, ports));
    count += page.events.length;
    cursor = page.cursor;
  } while (cursor !== undefined);
  if (count > 0) log.info('events found their owner', { tenant: tenantId, provider, count });
  return count;
}

/** Written, handed on and told as if it had come now; only then it is nobody's no longer. */
async function move(event: InboxEvent, owner: Owner, ports: ReroutePorts): Promise<void> {
  const { provider, type, content } = event;
  const data = await readData(event, ports.objects);
  const placed = await place({ ...event, data }, provider, owner.tenantId, ports.objects);
  const names = ports.handlersOf(provider, type).map(({ name }) => name);
  const kept = await keep(rerouted(event, owner, placed, names), ports.inbox);
  if (kept.announced) {
    const messages = messagesOf(kept.event, Object.keys(kept.event.handling ?? {}));
    if (messages.length > 0) await ports.handlerQueue.sendAll(messages);
    await ports.publish([announce(kept.event)]);
  }
  if ('object' in content) await ports.objects.remove(content.object);
  await ports.inbox.forTenant(UNROUTED).remove({ sk: eventKey(provider, event.id) });
}
