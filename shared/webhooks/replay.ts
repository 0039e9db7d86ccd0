import type { Outgoing } from '../core/bus.ts';
import { iso, type Moment } from '../core/clock.ts';
import { connectionRef, newId, type TenantId } from '../core/ids.ts';
import { currentRequest } from '../core/log.ts';
import type { ReplayMessage } from './contract.ts';
import type { EventFilter, EventPage } from './store.ts';

/** Events that are told again, oldest first. Times in ms since the epoch. */
export interface Replay {
  readonly id: string;
  readonly tenantId: TenantId;
  readonly filter: EventFilter;
  /** Events a second. */
  readonly rate: number;
  readonly status: 'running' | 'finished' | 'cancelled';
  /** How many events were told again so far. */
  readonly replayed: number;
  /** Where it goes on. */
  readonly cursor?: string;
  /** Counts the writes: a message is for one of them alone. */
  readonly version: number;
  readonly createdAtMs: number;
  readonly endedAtMs?: number;
}

/** A batch lasts so long, and has so many events at most. */
const BATCH_S = 5;
const MAX_BATCH = 100;

/** Returns a replay of what has come in so far; what comes in meanwhile is no part of it. */
export function begun(tenantId: TenantId, { filter, rate }: Pick<Replay, 'filter' | 'rate'>, moment: Moment): Replay {
  const { nowMs } = moment;
  const past = { ...filter, toMs: Math.min(filter.toMs ?? nowMs, nowMs) };
  const id = newId('rpl', moment);
  return { id, tenantId, filter: past, rate, status: 'running', replayed: 0, version: 1, createdAtMs: nowMs };
}

/** Returns how many events are told again at once. */
export function batchOf({ rate }: Replay): number {
  return Math.min(MAX_BATCH, rate * BATCH_S);
}

/** Returns the replay one batch further. */
export function advanced(replay: Replay, { events, cursor }: EventPage, nowMs: number): Replay {
  const { version, replayed } = replay;
  const next: Replay = { ...replay, version: version + 1, replayed: replayed + events.length, cursor };
  return cursor === undefined ? { ...next, status: 'finished', endedAtMs: nowMs } : next;
}

/** Returns the replay, ended where it is; nothing where it has ended. */
export function cancelled(replay: Replay, nowMs: number): Replay | undefined {
  if (replay.status !== 'running') return undefined;
  return { ...replay, version: replay.version + 1, status: 'cancelled', endedAtMs: nowMs };
}

/** Returns the message that has the replay's next batch told, once `events` of the last are paid for by its rate. */
export function messageOf({ tenantId, id, version, rate }: Replay, events = 0): Outgoing {
  const message: ReplayMessage = { tenant: tenantId, replay: id, version, requestId: currentRequest() };
  return { body: JSON.stringify(message), group: tenantId, delayS: Math.ceil(events / rate) };
}

/** Returns the replay as the API shows it. */
export function toView({ id, filter, rate, status, replayed, createdAtMs, endedAtMs }: Replay) {
  const { fromMs, toMs, connection, ...rest } = filter;
  return {
    ...{ id, status, replayed, rate },
    filter: {
      ...rest,
      ...(connection && { connection: connectionRef(connection) }),
      ...(fromMs !== undefined && { from: iso(fromMs) }),
      ...(toMs !== undefined && { to: iso(toMs) }),
    },
    createdAt: iso(createdAtMs),
    ...(endedAtMs !== undefined && { endedAt: iso(endedAtMs) }),
  };
}
