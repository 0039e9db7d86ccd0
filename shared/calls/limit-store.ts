import type { Item, Table } from '../core/aws.ts';
import { iso, type Moment } from '../core/clock.ts';
import { sha256 } from '../core/crypto.ts';
import type { ConnectionId, TenantId } from '../core/ids.ts';
import { limitKey, providerLimitKey } from '../core/keys.ts';
import { log } from '../core/log.ts';
import { measure } from '../core/metrics.ts';
import { beyond, type Pace, retryPace, type Slot, spent } from './admit.ts';
import { afterAnswer, afterFault, type Circuit, circuitOf, FAILURES, isUneasy, stateOf, untried } from './circuit.ts';
import { type Comer, limitRows } from './limit-row.ts';
import type { Seat } from './limit-write.ts';

/** A call at the door: of which connection, and what it brings along. */
export interface Caller {
  readonly tenantId: TenantId;
  readonly id: ConnectionId;
  /** A second or further try, which is paid from the budget of those. */
  readonly again?: boolean;
  readonly slot?: Slot;
  readonly askedAtMs?: number;
  /** The call's own end. */
  readonly untilMs?: number;
  /** How many requests of the connection may be under way at once. */
  readonly concurrent?: number;
}

/** `waitMs` is 0: go. Else come back after it, with the slot where one was taken. */
export interface Admission {
  readonly waitMs: number;
  readonly slot?: Slot;
  /** The circuits that this call tries. */
  readonly probes?: readonly ('connection' | 'provider')[];
  /** To be left when the request has ended. */
  readonly seat?: Seat;
}

/** What an exchange says about the other side: it answered, it did not come to that, it did not take the credential. */
export type News = 'answered' | 'unreachable' | 'unauthorized';

/** What one instance knows of the provider is believed for this long; a call that is older than that asks. */
const BELIEVED_MS = 5_000;
/** It takes three tenants' failures to open a provider's circuit. */
const MOST_OF_ONE = 2;
const SAVED_FIRST_TRIES = 200;
const COUNTED = 1_000;

export type LimitStore = ReturnType<typeof limitStore>;

/** Returns the limits' shared state: a row per connection, and a row per provider that is touched in bad times alone. */
export function limitStore(table: Table) {
  const rows = limitRows(table);
  /** By row: first tries that no further one has used yet. */
  const firstTries = new Map<string, number>();
  const savedOf = (pk: string) => firstTries.get(pk) ?? 0;
  const spend = (pk: string) => firstTries.set(pk, spent(savedOf(pk)));
  function save(pk: string): void {
    if (firstTries.size > COUNTED) firstTries.clear();
    firstTries.set(pk, Math.min(SAVED_FIRST_TRIES, savedOf(pk) + 1));
  }

  /** Takes a slot in what all connections have together. What a call holds of its own limits it keeps while it waits here. */
  async function passApp(
    pk: string,
    { past, ...comer }: Pick<Comer, 'paces' | 'slot' | 'untilMs' | 'probing'> & { readonly past: number },
    moment: Moment,
  ) {
    const slot = beyond(comer.slot, past);
    const passed = await rows.pass(pk, { ...comer, slot, believedMs: BELIEVED_MS }, moment);
    if (passed.waitMs === 0) return passed;
    const { atMs = moment.nowMs + passed.waitMs, held = 0 } = passed.slot ?? {};
    return { waitMs: passed.waitMs, slot: { atMs, held: past + held } };
  }

  return {
    /** Lets a call go, or says when to come back: circuits, pauses, paces, and what further tries may add. A first try in
     *  quiet times costs one request, two where the owner's app has a limit. */
    async take(caller: Caller, paces: readonly Pace[], moment: Moment): Promise<Admission> {
      const { tenantId, id, again = false, slot, askedAtMs, untilMs, concurrent } = caller;
      const [own, all] = [limitKey(tenantId, id, 'pace'), providerLimitKey(id.provider)];
      const nowMs = moment.nowMs;
      const budget = retryPace('connection', savedOf(own));
      const app = paces.filter(({ ofApp }) => ofApp);
      const comer = { slot, askedAtMs, untilMs, believedMs: BELIEVED_MS };

      const waited = askedAtMs !== undefined && nowMs - askedAtMs > BELIEVED_MS;
      const asks = waited || isUneasy(circuitOf(rows.seen(all)), nowMs);
      const there = asks ? await rows.pass(all, { ...comer, paces: [] }, moment) : undefined;
      if (there && there.waitMs > 0) return kept(there, slot?.paid);

      // A try that its own connection does not let through takes nothing of what all have together.
      const unpaid = again && !slot?.paid && !there?.probe && !isShut(rows.seen(own), budget, nowMs);
      const paid = unpaid
        ? await rows.pass(all, { paces: [retryPace('provider', savedOf(all))], believedMs: BELIEVED_MS }, moment)
        : undefined;
      if (paid && paid.waitMs > 0) return { waitMs: paid.waitMs };
      if (paid) spend(all);

      const probing = there?.probe || paid?.probe;
      const narrow = paces.filter(({ ofApp }) => !ofApp);
      const held = again ? [budget, ...narrow] : narrow;
      const here = await rows.pass(own, { ...comer, paces: held, seats: concurrent, believedMs: 0 }, moment);
      if (here.waitMs > 0) {
        if (probing) await rows.change(all, (it) => untried(it, nowMs), nowMs);
        return kept(here, slot?.paid || paid !== undefined);
      }
      const shared = { paces: app, slot, untilMs, probing, past: held.length };
      const wide = app.length > 0 ? await passApp(all, shared, moment) : undefined;
      if (wide && wide.waitMs > 0) {
        if (probing) await rows.change(all, (it) => untried(it, nowMs), nowMs);
        if (here.probe) await rows.change(own, (it) => untried(it, nowMs), nowMs);
        if (here.seat) await rows.leave(own, here.seat);
        return kept(wide, slot?.paid || paid !== undefined);
      }
      if (again && !slot) spend(own);
      const probes = [
        ...(here.probe ? ['connection' as const] : []),
        ...(probing || wide?.probe ? ['provider' as const] : []),
      ];
      return { waitMs: 0, ...(probes.length > 0 && { probes }), ...(here.seat && { seat: here.seat }) };
    },

    /** Takes note of how an exchange went: failures are counted for all, answers in memory alone, unless a circuit waits
     *  for one. */
    async note(caller: Caller, news: News, probes: Admission['probes'], moment: Moment): Promise<void> {
      const { tenantId, id, again } = caller;
      const source = sha256(tenantId).slice(0, 8);
      for (const side of ['connection', 'provider'] as const) {
        const pk = side === 'connection' ? limitKey(tenantId, id, 'pace') : providerLimitKey(id.provider);
        if (!again) save(pk);
        const probe = probes?.includes(side) === true;
        const failed = side === 'connection' ? news !== 'answered' : news === 'unreachable';
        if (failed) {
          const fault = { source, probe, mostOfOne: side === 'connection' ? FAILURES : MOST_OF_ONE };
          const after = await rows.change(pk, (it) => afterFault(it, fault, moment), moment.nowMs);
          if (after && stateOf(after, moment.nowMs) === 'open') report(side, caller);
        } else if (probe) await rows.change(pk, (it) => afterAnswer(it, moment.nowMs), moment.nowMs);
      }
    },

    /** Gives a seat back, so that the next may have it at once. */
    leave({ tenantId, id }: Caller, seat: Seat): Promise<void> {
      return rows.leave(limitKey(tenantId, id, 'pace'), seat);
    },

    /** Lets no call of the connection go before `untilMs`; an earlier time never shortens a later one. */
    block(tenantId: TenantId, id: ConnectionId, untilMs: number, nowMs: number): Promise<void> {
      return rows.block(limitKey(tenantId, id, 'pace'), untilMs, nowMs);
    },

    /** Returns both circuits of a connection as they stand. */
    async circuits(tenantId: TenantId, id: ConnectionId, nowMs: number) {
      const [connection, provider] = await Promise.all([
        rows.read(limitKey(tenantId, id, 'pace'), nowMs),
        rows.read(providerLimitKey(id.provider), nowMs),
      ]);
      return { connection: toView(circuitOf(connection), nowMs), provider: toView(circuitOf(provider), nowMs) };
    },
  };
}

function report(side: 'connection' | 'provider', { tenantId, id: { provider, name } }: Caller): void {
  measure('CircuitOpened', { provider, outcome: side });
  const whose = side === 'connection' ? { tenant: tenantId, connection: name } : {};
  log.warn('a circuit is open: calls are held back', { provider, ...whose });
}

/** Returns the public shape of a circuit. */
function toView(circuit: Circuit, nowMs: number) {
  const state = stateOf(circuit, nowMs);
  const { openSince, openUntil } = circuit;
  if (state === 'closed' || openSince === undefined || openUntil === undefined) return { state };
  return { state, since: iso(openSince), nextTryAt: iso(openUntil) };
}

function isShut(row: Item | undefined, { name, aheadMs }: Pace, nowMs: number): boolean {
  return stateOf(circuitOf(row), nowMs) === 'open' || Number(row?.[name] ?? 0) > nowMs + aheadMs;
}

/** What has been paid once stays so. */
function kept({ waitMs, slot }: Admission, paid = false): Admission {
  return { waitMs, ...(slot && { slot: { ...slot, ...(paid && { paid: true as const }) } }) };
}
