import type { Item, Table } from '../core/aws.ts';
import { ttlSeconds } from '../core/clock.ts';
import { writeCursor } from '../core/cursor.ts';
import type { ConnectionId } from '../core/ids.ts';
import { eventKey } from '../core/keys.ts';
import { inParallel } from '../core/parallel.ts';
import type { Outcome } from './contract.ts';
import type { Sealed } from './endpoint.ts';
import type { InboxEvent } from './event.ts';

export const KEPT_MS = 90 * 24 * 60 * 60_000;
/** What brings a secret is shown and kept for so long: who missed it has the provider send it again. */
export const SECRET_KEPT_MS = 24 * 60 * 60_000;

/** `new` and `again` (this very request, processed before) are to be announced; the other two are not. */
export type Kept = 'new' | 'again' | 'duplicate' | 'conflicting';

export interface EventFilter {
  /** The provider's id of a single one, of the `provider` that is named: nothing else of the filter is looked at. */
  readonly event?: string;
  readonly provider?: string;
  readonly type?: string;
  readonly outcome?: Outcome;
  readonly connection?: ConnectionId;
  /** Of those that nobody owns: who it may be of. */
  readonly account?: string;
  readonly fromMs?: number;
  readonly toMs?: number;
}

export interface Saved {
  readonly done: boolean;
  readonly event?: InboxEvent;
}

export interface Paging {
  readonly limit: number;
  readonly cursor?: string;
  readonly oldestFirst?: boolean;
}

/** A row, and the object that goes with it. */
export interface Leftover {
  readonly sk: string;
  readonly object?: string;
}

export interface EventPage {
  readonly events: readonly InboxEvent[];
  readonly cursor?: string;
}

export interface LinePage {
  readonly lines: readonly EventLine[];
  readonly cursor?: string;
}

/** What is known of an event without its row. */
export interface EventLine
  extends Pick<InboxEvent, 'id' | 'tenantId' | 'provider' | 'type' | 'receivedAtMs' | 'connection' | 'outcome'> {
  readonly requestId: string;
  readonly bytes?: number;
}

export type InboxStore = ReturnType<typeof inboxStore>;

/** A filter that fits little looks through so many rows, so often, before it answers with less than a page. */
const FILTERED_READ = 200;
const MAX_READS = 10;
const WIDTH = 20;

export function inboxStore(table: Table) {
  /** A tenant's events, or those of `UNROUTED`. */
  function forTenant(tenantId: string) {
    return {
      /** Writes the event unless its id is taken: this one conditional put is the de-duplication (D-08). */
      async keepOnce(event: InboxEvent): Promise<Kept> {
        const written = await table.put(toItem(event), { condition: 'attribute_not_exists(pk)' });
        if (written.done) return 'new';
        if (written.item?.bodyHash !== event.bodyHash) return 'conflicting';
        return written.item.requestId === event.requestId ? 'again' : 'duplicate';
      },

      async get(provider: string, id: string): Promise<InboxEvent | undefined> {
        const item = await table.get({ pk: tenantId, sk: eventKey(provider, id) });
        return item && fromItem(item);
      },

      /** Writes what became of the event at its handlers, over the revision before. When another write was faster, `event`
       *  is as that left it (absent: it is gone). */
      async saveHandling({ provider, id, handling, outcome, revision = 1 }: InboxEvent): Promise<Saved> {
        const written = await table.update(
          { pk: tenantId, sk: eventKey(provider, id) },
          {
            update: 'SET #handling = :handling, #outcome = :outcome, #revision = :revision',
            condition:
              revision === 1 ? 'attribute_exists(pk) AND attribute_not_exists(#revision)' : '#revision = :before',
            values: {
              ':handling': handling,
              ':outcome': outcome,
              ':revision': revision,
              ...(revision > 1 && { ':before': revision - 1 }),
            },
          },
        );
        return { done: written.done, ...(!written.done && written.item && { event: fromItem(written.item) }) };
      },

      /** Returns at most `limit` events, newest first unless asked for otherwise. */
      async list(wanted: EventFilter & Paging): Promise<EventPage> {
        const { lines, cursor } = await this.lines(wanted);
        const rows = await inParallel(lines, WIDTH, ({ provider, id }) => this.get(provider, id));
        return { events: rows.filter((row) => row !== undefined), ...(cursor !== undefined && { cursor }) };
      },

      /** Returns the same without their data: the index alone is read. */
      async lines({ limit, cursor, oldestFirst, event, ...filter }: EventFilter & Paging): Promise<LinePage> {
        if (event !== undefined) {
          const found = await this.get(filter.provider ?? '', event);
          return { lines: found ? [found] : [] };
        }
        const { fromMs = 0, toMs = Number.MAX_SAFE_INTEGER, ...others } = filter;
        if (fromMs > toMs) return { lines: [] }; // no range at all, to DynamoDB
        const query = narrow(tenantId, { fromMs, toMs }, others);
        const lines: EventLine[] = [];
        let next = cursor;
        for (let reads = 0; reads < MAX_READS && lines.length < limit; reads++) {
          const size = query.filter ? FILTERED_READ : limit;
          const page = await table.query({ ...query, limit: size, descending: !oldestFirst, cursor: next });
          lines.push(...page.items.map(toLine));
          next = page.cursor;
          if (next === undefined) break;
        }
        const last = lines[limit - 1];
        if (last && lines.length > limit) return { lines: lines.slice(0, limit), cursor: cursorAfter(last) };
        return { lines, ...(next !== undefined && { cursor: next }) };
      },

      /** Returns some of what is left, whatever it is. */
      async some(): Promise<Leftover[]> {
        const { items } = await table.query({ where: 'pk = :pk', values: { ':pk': tenantId }, limit: 100 });
        return items.map(({ sk, object }) => ({ sk, object }) as Leftover);
      },

      async remove({ sk }: Pick<Leftover, 'sk'>): Promise<void> {
        await table.remove({ pk: tenantId, sk });
      },
    };
  }

  return { forTenant };
}

/** Returns the cursor that a list ending with this event would have. */
export function cursorAfter({ tenantId, provider, id, receivedAtMs }: EventLine): string {
  return writeCursor({ pk: tenantId, sk: eventKey(provider, id), receivedAt: receivedAtMs });
}

function narrow(tenantId: string, { fromMs, toMs }: { fromMs: number; toMs: number }, filter: EventFilter) {
  const { account, ...equal } = filter;
  const wanted = Object.entries(equal).filter(([, value]) => value !== undefined);
  const filters = wanted.map(([name]) => `#${name} = :${name}`);
  if (account !== undefined) filters.push('contains(#accountIds, :account)');
  return {
    index: 'by-time',
    where: 'pk = :pk AND receivedAt BETWEEN :from AND :to',
    ...(filters.length > 0 && { filter: filters.join(' AND ') }),
    values: {
      ...{ ':pk': tenantId, ':from': fromMs, ':to': toMs },
      ...Object.fromEntries(wanted.map(([name, value]) => [`:${name}`, value])),
      ...(account !== undefined && { ':account': account }),
    },
  };
}

function toItem({ tenantId, id, receivedAtMs, content, ...event }: InboxEvent): Item {
  return {
    pk: tenantId,
    sk: eventKey(event.provider, id),
    ...event,
    receivedAt: receivedAtMs,
    ...('json' in content && { bytes: Buffer.byteLength(content.json) }),
    ...content,
    ttl: ttlSeconds(receivedAtMs + ('sealed' in content ? SECRET_KEPT_MS : KEPT_MS)),
  };
}

function fromItem(item: Item): InboxEvent {
  const { pk, sk, receivedAt, json, object, bytes, sealed, ttl: _ttl, ...event } = item as StoredEvent;
  const elsewhere = sealed ? { sealed } : { object: object ?? '', bytes: bytes ?? 0 };
  return {
    ...event,
    tenantId: pk,
    id: sk.slice(eventKey(event.provider, '').length),
    receivedAtMs: receivedAt,
    content: json === undefined ? elsewhere : { json },
  };
}

function toLine(item: Item): EventLine {
  const { pk, sk, provider, type, receivedAt, connection, outcome, requestId, bytes } = item as StoredEvent;
  const id = sk.slice(eventKey(provider, '').length);
  return { id, tenantId: pk, provider, type, receivedAtMs: receivedAt, connection, outcome, requestId, bytes };
}

/** As `toItem` writes it; nobody else writes this table. */
interface StoredEvent extends Item, Omit<InboxEvent, 'id' | 'tenantId' | 'receivedAtMs' | 'content'> {
  readonly pk: string;
  readonly sk: string;
  readonly receivedAt: number;
  readonly provider: string;
  readonly connection?: ConnectionId;
  readonly json?: string;
  readonly object?: string;
  readonly bytes?: number;
  readonly sealed?: Sealed;
}
