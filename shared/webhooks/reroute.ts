import type { Bus, Queue } from '../core/bus.ts';
import type { Moment } from '../core/clock.ts';
import { eventKey, UNROUTED } from '../core/keys.ts';
import { log } from '../core/log.ts';
import type { Objects } from '../core/objects.ts';
import { inParallel } from '../core/parallel.ts';
import { place, readData } from './content.ts';
import type { Activation } from './contract.ts';
import { announce, type InboxEvent, rerouted } from './event.ts';
import { type Fate, messagesOf } from './handle.ts';
import { keep } from './keep.ts';
import type { Owner } from './process.ts';
import type { InboxStore } from './store.ts';

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

/** By then every index knows of the connection, and nothing is under way any more that was asked before it was known. */
const SURE_AFTER_MS = 5 * 60_000;

/** Gives a new connection the events of its account that came within the three days before and were nobody's: at once, and
 *  again when none can be missed. Throws when time is nearly over: what is left is taken by the next attempt. */
export async function reroute(
  { tenantId, connection, accountId, atMs }: Activation,
  ports: ReroutePorts,
  moment: Moment,
  remainingMs: () => number,
): Promise<Fate> {
  const waitMs = atMs + SURE_AFTER_MS - moment.nowMs;
  const owner = { tenantId, connection };
  if (await ports.owns(owner, accountId)) await moveAll(owner, accountId, ports, moment, remainingMs);
  return waitMs > 0 ? { waitMs } : 'settle';
}

async function moveAll(
  owner: Owner,
  account: string,
  ports: ReroutePorts,
  moment: Moment,
  remainingMs: () => number,
): Promise<void> {
  const { provider } = owner.connection;
  const fromMs = moment.nowMs - LOOK_BACK_MS;
  const filter = { provider, account, outcome: 'unrouted', fromMs } as const;
  let count = 0;
  let cursor: string | undefined;
  do {
    if (remainingMs() < RESERVE_MS) throw new Error('not all events have found their owner yet');
    const page = await ports.inbox.forTenant(UNROUTED).list({ ...filter, limit: PAGE, cursor, oldestFirst: true });
    await inParallel(page.events, WIDTH, (event) => move(event, owner, ports));
    count += page.events.length;
    cursor = page.cursor;
  } while (cursor !== undefined);
  if (count > 0) log.info('events found their owner', { tenant: owner.tenantId, provider, count });
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
