import type { Item } from '../../shared/core/aws.ts';
import { OWNER, UNROUTED } from '../../shared/core/keys.ts';
import type { WebhookHub } from './webhook-hub.ts';
import { ofEndpoint, type Told } from './webhook-senders.ts';

/** One delivery, and what came back to whoever sent it. */
export interface Sent extends Told {
  readonly forged: boolean;
  /** Answered with 2xx at least once: the hub's word that it will not be lost. */
  acknowledged: boolean;
  /** The answer arrived: it is not sent again. */
  heard: boolean;
}

/** Whose inbox an account's events belong in. One of `ending` is its tenant's before the connection has ended, nobody's
 *  afterwards, and both where it comes again meanwhile. */
const homes: Readonly<Record<string, readonly string[]>> = {
  one: ['acme'],
  shared: ['acme', 'globex'],
  nobody: [UNROUTED],
};
export const accounts = [...Object.keys(homes), 'ending'];

export function connectAll(hub: WebhookHub, provider: string): void {
  hub.connect(provider, 'one', 'acme');
  hub.connect(provider, 'shared', 'acme', 'second');
  hub.connect(provider, 'shared', 'globex');
  hub.connect(provider, 'ending', 'initech');
}

/** What comes to a tenant's own address is that tenant's, whatever account it names (D-13). */
const homesOf = ({ provider, account }: Sent) => (provider === ofEndpoint ? ['umbrella'] : homes[account]);

/** Returns what is not as it must be once everything is quiet: each acknowledged event in each of its homes once, told to the
 *  bus under one id, handled where it has handlers, and nothing else there (G3, D-08). */
export function judge(hub: WebhookHub, sent: readonly Sent[], mayDefer: boolean): string[] {
  const faults: string[] = [];
  const must = (holds: boolean, what: string) => void (holds || faults.push(what));
  const rows = [...hub.inbox.rows.values()];
  const byContent = Map.groupBy(rows, (row) => contentOf(hub, row));
  const idOf = ({ sk, provider }: Item) => String(sk).slice(String(provider).length + 1);
  const told = Map.groupBy(hub.published, ({ tenant, data }) => `${tenant} ${'event' in data ? data.event : ''}`);
  const idsOf = (row: Item) => new Set(told.get(`${row.pk} ${idOf(row)}`)?.map(({ id }) => id)).size;
  const explained = new Set<Item>();

  for (const event of sent) {
    if (!event.forged) must(event.acknowledged, `G3: ${event.id} was never taken in`);
    else must(mayDefer || !event.acknowledged, `D-01: the forged ${event.id} was acknowledged`);
    for (const content of event.contents) {
      const mine = byContent.get(content) ?? [];
      for (const row of mine) explained.add(row);
      if (event.forged) must(mine.length === 0, `D-01: the forged ${event.id} is in an inbox`);
      else judgeRows(event, mine);
    }
    if (event.ends) must(hub.ended.length > 0, `${event.id} ended no connection`);
  }
  must(explained.size === rows.length, `${rows.length - explained.size} rows were never sent`);
  const known = new Set(rows.map((row) => `${row.pk} ${idOf(row)}`));
  for (const [key, events] of told) {
    const isOfInbox = events.some(({ type }) => type === 'webhook.received' || type === 'webhook.conflicting');
    must(!isOfInbox || known.has(key), `${key} was told and is in no inbox`);
    must(!key.startsWith(OWNER) || new Set(events.map(({ id }) => id)).size === 1, `${key} was told under several ids`);
  }
  for (const queue of hub.queues) must(queue.size === 0, `${queue.size} messages are left`);
  return faults;

  function judgeRows(event: Sent, mine: readonly Item[]): void {
    const where = mine.map(({ pk }) => String(pk)).sort();
    const ids = mine.map(idsOf);
    const expected = homesOf(event);
    if (expected) {
      must(String(where) === String(expected), `G3: ${event.id} is in ${where}, not in ${expected}`);
      must(!ids.includes(0), `G3: ${event.id} was not told everywhere`);
    } else {
      must(where.length > 0, `G3: ${event.id} is lost`);
      must(
        ids.some((count) => count > 0),
        `G3: ${event.id} was told nowhere`,
      );
    }
    must(Math.max(...ids) <= 1, `G3: ${event.id} was told under several ids`);
    const unhandled = mine.filter(({ handling, outcome }) => handling && outcome === 'routed');
    must(unhandled.length === 0, `G3: ${event.id} waits for its handlers`);
  }
}

function contentOf(hub: WebhookHub, { json, object }: Item): string | undefined {
  return typeof json === 'string' ? json : hub.objects.get(String(object))?.toString();
}
