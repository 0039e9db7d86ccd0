import type { AttemptOutcome, Job } from '../../../shared/calls/attempt.ts';
import type { Outgoing } from '../../../shared/core/bus.ts';
import type { Moment } from '../../../shared/core/clock.ts';
import type { HubEvent } from '../../../shared/core/event.ts';
import { type ConnectionId, TenantId } from '../../../shared/core/ids.ts';
import { dueShard, metPageKey, recordsKey, syncKey } from '../../../shared/core/keys.ts';
import type { Sync } from '../../../shared/providers/syncs.ts';
import { isExpired, type RecordRow } from '../../../shared/syncs/record.ts';
import type { RecordStore } from '../../../shared/syncs/record-store.ts';
import type { SyncRow } from '../../../shared/syncs/row.ts';
import type { Saved, SyncStore } from '../../../shared/syncs/store.ts';

export const tenantId = TenantId.parse('acme');
export const connection: ConnectionId = { provider: 'demo', name: 'default' };

/** A seeded source of chance (mulberry32): the same seed, the same history. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export interface Clock extends Moment {
  nowMs: number;
}

/** A clock that only moves when told to, or slept on. */
export function clockAt(nowMs: number, chance: () => number = () => 0.5): Clock {
  const clock: Clock = {
    nowMs,
    token: (bytes = 32) =>
      Buffer.from(Array.from({ length: bytes }, () => Math.floor(chance() * 256))).toString('base64url'),
    chance,
    sleep: async (ms) => {
      clock.nowMs += ms;
    },
  };
  return clock;
}

/** What happens around each I/O: a test may fail it before or after its effect, or hold it up. */
export type Io = <T>(what: string, effect: () => T) => Promise<T>;
export const calm: Io = async (_what, effect) => effect();

/** The rows of syncs in memory, by the rules of the real store. */
export function memorySyncs(io: Io = calm, onSave: (before: SyncRow | undefined, after: SyncRow) => void = () => {}) {
  const rows = new Map<string, SyncRow>();
  const keyOf = (row: SyncRow) => `${row.tenantId}#${syncKey(row.connection, row.sync)}`;
  let tickMs = 0;
  const lost = (row: SyncRow | undefined): Saved => ({ done: false, ...(row && { row }) });
  const store: SyncStore = {
    due: (shard, nowMs, limit) =>
      io('syncs.due', () => {
        const due = [...rows.values()].filter((row) => row.dueAt !== undefined && row.dueAt <= nowMs);
        return { rows: due.filter((row) => dueShard(keyOf(row)) === shard).slice(0, limit), cursor: undefined };
      }),
    lastTick: () => io('syncs.lastTick', () => tickMs),
    saveTick: (atMs, lastMs) =>
      io('syncs.saveTick', () => {
        if (tickMs !== lastMs) return false;
        tickMs = atMs;
        return true;
      }),
    forTenant: (tenant) => ({
      get: (id, sync) => io('syncs.get', () => rows.get(`${tenant}#${syncKey(id, sync)}`)),
      list: (id) =>
        io('syncs.list', () =>
          [...rows].filter(([key]) => key.startsWith(`${tenant}#${id ? syncKey(id, '') : ''}`)).map(([, row]) => row),
        ),
      create: (row) =>
        io('syncs.create', () => {
          if (rows.has(keyOf(row))) return lost(rows.get(keyOf(row)));
          rows.set(keyOf(row), row);
          return { done: true };
        }),
      save: (row) =>
        io('syncs.save', () => {
          const before = rows.get(keyOf(row));
          if (before?.version !== row.version - 1) return lost(before);
          onSave(before, row);
          rows.set(keyOf(row), row);
          return { done: true };
        }),
      remove: (row) =>
        io('syncs.remove', () => {
          const before = rows.get(keyOf(row));
          if (before?.version !== row.version) return lost(before);
          rows.delete(keyOf(row));
          return { done: true };
        }),
    }),
  };
  return { store, rows };
}

/** Rows that a page of the table has, whatever a filter makes of them. */
const AT_ONCE = 1;

/** The copies of objects in memory, by the rules of the real store. */
export function memoryRecords(
  io: Io = calm,
  onPut: (key: string, row: RecordRow, before?: RecordRow) => void = () => {},
) {
  const rows = new Map<string, Map<string, RecordRow>>();
  const pages = new Map<string, Map<string, Set<string>>>();
  const store: RecordStore = {
    of(tenant, id, model) {
      const key = recordsKey(tenant, id, model);
      const mine = rows.get(key) ?? new Map<string, RecordRow>();
      rows.set(key, mine);
      const met = pages.get(key) ?? new Map<string, Set<string>>();
      pages.set(key, met);
      const existing = () => [...mine.values()].filter((row) => row.deletedAtMs === undefined);
      return {
        key,
        get: (one) => io('records.get', () => mine.get(one)),
        put: (row, before) =>
          io('records.put', () => {
            const stored = mine.get(row.id);
            const same = before
              ? stored?.version === before.version && stored.seenRun === before.seenRun
              : stored === undefined;
            if (!same) return false;
            onPut(key, row, stored);
            mine.set(row.id, row);
            return true;
          }),
        list: (limit, nowMs) =>
          io('records.list', () => ({
            rows: existing()
              .filter((row) => !isExpired(row, nowMs))
              .slice(0, limit),
          })),
        others: (run, after = '') =>
          io('records.others', () => {
            const rest = [...mine.keys()].filter((one) => one > after).sort();
            const here = rest.slice(0, AT_ONCE);
            const rows = existing().filter((row) => here.includes(row.id) && row.seenRun !== run);
            return { rows, ...(rest.length > AT_ONCE && { cursor: here.at(-1) }) };
          }),
        remember: (run, page, ids) =>
          io('records.remember', () => {
            const at = metPageKey(run, page);
            met.set(at, new Set([...(met.get(at) ?? []), ...ids]));
          }),
        met: (run, count) =>
          io('records.met', () => {
            const known = [...met].filter(([at]) => at.startsWith(`${run}#`)).map(([, ids]) => ids);
            return known.length === count ? (id: string) => known.some((ids) => ids.has(id)) : undefined;
          }),
        clear: (run) =>
          io('records.clear', () => {
            for (const row of mine.values()) if (run === undefined || row.seenRun === run) mine.delete(row.id);
            for (const at of met.keys()) if (run === undefined || at.startsWith(`${run}#`)) met.delete(at);
          }),
      };
    },
  };
  return { store, rows };
}

export function memoryBus(io: Io = calm) {
  const events: HubEvent[] = [];
  return { events, publish: (batch: readonly HubEvent[]) => io('bus.publish', () => void events.push(...batch)) };
}

export function memoryQueue(io: Io = calm) {
  const sent: Outgoing[] = [];
  return {
    sent,
    send: (message: Outgoing) => io('queue.send', () => void sent.push(message)),
    sendAll: (messages: readonly Outgoing[]) => io('queue.sendAll', () => void sent.push(...messages)),
  };
}

export interface Upstream {
  readonly id: string;
  readonly name: string;
  readonly updatedAt: string;
  readonly deleted?: boolean;
}

/** A provider's API in memory: objects in order of change, or by id, `limit` a page. A cursor is one listing's own, and
 *  holds the last place read. */
export function upstream(order: 'changes' | 'ids', limit: number) {
  const objects = new Map<string, Upstream>();
  let issued = 0;
  const place = ({ id, updatedAt }: Upstream) => (order === 'changes' ? `${updatedAt}|${id}` : id);

  const sync: Sync = {
    model: 'things',
    docs: 'https://example.com',
    everyS: 60,
    ...(order === 'changes' && { overlapS: 10 }),
    request: ({ since, page }) => ({
      method: 'GET',
      path: '/things',
      query: { ...(since !== undefined && { since }), ...(page !== undefined && { cursor: page }) },
    }),
    page: ({ body }) => {
      const { items, next } = body as { items: Upstream[]; next?: string };
      return {
        records: items.map(({ deleted, ...data }) => ({
          id: data.id,
          ...(order === 'changes' && { updatedAt: data.updatedAt, deleted }),
          data,
        })),
        next,
        ...(order === 'changes' && { checkpoint: items.at(-1)?.updatedAt }),
      };
    },
    deletions: order === 'changes' ? 'tombstones' : 'full-scan',
    nudgedBy: ['thing.*'],
  };

  function answer({ request: { query = {} } }: Pick<Job, 'request'>): AttemptOutcome {
    const cursor = String(query.cursor);
    const after = cursor.slice(cursor.indexOf('~') + 1);
    const all = [...objects.values()]
      .filter((one) => order === 'changes' || !one.deleted)
      .filter((one) => query.since === undefined || one.updatedAt >= query.since)
      .filter((one) => query.cursor === undefined || place(one) > after)
      .sort((a, b) => (place(a) < place(b) ? -1 : 1));
    const items = all.slice(0, limit);
    const last = items.at(-1);
    const next = all.length > limit && last ? `${++issued}~${place(last)}` : undefined;
    return { kind: 'succeeded', status: 200, headers: {}, body: { items, ...(next && { next }) } };
  }

  return { objects, sync, answer };
}

/** A provider whose lists are changes since a token, as `upstream` otherwise. A token stands for a moment, but does not
 *  sort as moments do; `forget` has the provider know none of those that it gave out so far. */
export function changeFeed(limit: number) {
  const objects = new Map<string, Upstream>();
  const moments: ReadonlyMap<string, Upstream>[] = [];
  let known = 0;
  const turned = (text: string) => [...text].reverse().join('');
  const tokenOf = (moment: number) => turned(String(moment).padStart(6, '0'));
  const momentOf = (token: string) => Number(turned(token));

  const sync: Sync = {
    ...{ model: 'things', docs: 'https://example.com', everyS: 60, deletions: 'tombstones', nudgedBy: ['thing.*'] },
    checkpoints: 'token',
    expired: [{ status: 410, code: 'too_old' }],
    request: ({ since, page }) => ({ method: 'GET', path: '/changes', query: { since, cursor: page } }),
    page: ({ body }) => {
      const { items, next, token } = body as { items: Upstream[]; next?: string; token?: string };
      const records = items.map(({ deleted, ...data }) => ({ id: data.id, deleted, data }));
      return { records, next, checkpoint: token };
    },
  };

  function answer({ request: { query = {} } }: Pick<Job, 'request'>): AttemptOutcome {
    const since = query.since === undefined ? undefined : momentOf(String(query.since));
    if (since !== undefined && since < known) {
      const error = { provider: 'demo', status: 410, code: 'too_old', message: 'odd', retryable: false };
      return { kind: 'failed', error };
    }
    const [after = '', to = tokenOf(moments.push(new Map(objects)) - 1)] = String(query.cursor ?? '').split('~');
    const before = since === undefined ? undefined : moments[since];
    const all = [...objects.values()]
      .filter((one) => (before ? before.get(one.id) !== one : !one.deleted) && one.id > after)
      .sort((a, b) => (a.id < b.id ? -1 : 1));
    const items = all.slice(0, limit);
    const more = all.length > limit && { next: `${items.at(-1)?.id}~${to}` };
    return { kind: 'succeeded', status: 200, headers: {}, body: { items, ...(more || { token: to }) } };
  }

  const forget = () => {
    known = moments.length;
  };
  return { objects, sync, answer, forget, momentOf };
}
