import type { Bus, Queue } from '../core/bus.ts';
import type { Moment } from '../core/clock.ts';
import { log } from '../core/log.ts';
import type { ReplayMessage } from './contract.ts';
import { announce, type InboxEvent } from './event.ts';
import { type Fate, messagesOf } from './handle.ts';
import { advanced, batchOf, messageOf } from './replay.ts';
import type { ReplayStore } from './replay-store.ts';
import type { InboxStore } from './store.ts';

export interface RunReplayPorts {
  readonly inbox: InboxStore;
  readonly replays: ReplayStore;
  readonly publish: Bus['publish'];
  readonly handlersOf: (provider: string, type: string) => readonly { readonly name: string }[];
  readonly handlerQueue: Pick<Queue, 'sendAll'>;
  readonly replayQueue: Pick<Queue, 'send'>;
}

/** Longer than a batch takes to be written down, or to come back where its worker died. */
const EARLY_MS = 60_000;

/** Tells one batch of a replay again, to its handlers and on the bus, and has the next one follow. Its message is sent
 *  before the batch is written down, and waits until it is: so one chain goes on whatever breaks off, and never a second.
 *  A batch that is repeated has the same ids. No connection is ended: what a provider said of one counts when it came. */
export async function runReplay(
  { tenant, replay: id, version }: ReplayMessage,
  ports: RunReplayPorts,
  moment: Moment,
): Promise<Fate> {
  const replays = ports.replays.forTenant(tenant);
  const replay = await replays.get(id);
  if (replay?.status !== 'running' || replay.version > version) return 'settle';
  if (replay.version < version) return { waitMs: EARLY_MS };

  const { filter, cursor } = replay;
  const page = await ports.inbox
    .forTenant(tenant)
    .list({ ...filter, limit: batchOf(replay), cursor, oldestFirst: true });
  const events = page.events.filter(({ outcome }) => outcome !== 'conflicting');
  const names = ({ connection, provider, type }: InboxEvent) =>
    connection ? ports.handlersOf(provider, type).map(({ name }) => name) : [];
  const messages = events.flatMap((event) => messagesOf(event, names(event), id));
  if (messages.length > 0) await ports.handlerQueue.sendAll(messages);
  await ports.publish(events.map((event) => announce(event, id)));

  const next = advanced(replay, { ...page, events }, moment.nowMs);
  if (next.status === 'running') await ports.replayQueue.send(messageOf(next, events.length));
  if (await replays.save(next))
    log.info('events were replayed', { tenant, count: events.length, outcome: next.status });
  return 'settle';
}
