import type { Item, Table } from '../core/aws.ts';
import { ttlSeconds } from '../core/clock.ts';
import { writeCursor } from '../core/cursor.ts';
import { type ConnectionId, connectionRef, type TenantId } from '../core/ids.ts';
import { dueShard } from '../core/keys.ts';
import { type CallStatus, type Claim, type Entry, hasEnded, QUEUE_PATIENCE_MS, type SealedCall } from './call.ts';

/** Long enough to count the month before. */
export const KEPT_MS = 70 * 24 * 60 * 60_000;
/** A page of a filtered list looks at so many pages of rows at most before it answers with what it has. */
const LIST_TURNS = 5;

export type CallStore = ReturnType<typeof callStore>;
export type TenantCalls = ReturnType<CallStore['forTenant']>;

/** What a worker finds of the call that its message names. `interrupted`: whoever had it before did not come to an end. */
export type Taken =
  | { readonly kind: 'mine'; readonly call: SealedCall; readonly interrupted: boolean }
  | { readonly kind: 'early' | 'busy' | 'ended'; readonly call: Entry }
  | { readonly kind: 'gone' };

export interface DueCall {
  readonly tenantId: TenantId;
  readonly id: string;
  readonly requestId?: string;
  readonly dueAtMs: number;
}

/** What the index by time knows of a call. */
export type CallLine = Omit<Entry, 'claim' | 'dueAtMs'>;

export interface CallFilter {
  readonly status?: CallStatus;
  readonly connection?: ConnectionId;
  readonly fromMs?: number;
  readonly toMs?: number;
  readonly limit: number;
  readonly cursor?: string;
}

/** Returns the calls table. Whoever works on a call holds its claim, and writes only while he does. A write whose answer was
 *  lost is repeated by the client, meets itself, and is done (A-22). */
export function callStore(table: Table) {
  function forTenant(tenantId: TenantId) {
    const keyOf = (id: string) => ({ pk: tenantId, sk: id });

    return {
      async get(id: string): Promise<SealedCall | undefined> {
        const item = await table.get(keyOf(id));
        return item && toCall(item);
      },

      /** Returns the call under this id: this one, or the one that was first. */
      async putOnce(call: SealedCall): Promise<{ readonly call: SealedCall; readonly first: boolean }> {
        const written = await table.put(toItem(call), { condition: 'attribute_not_exists(pk)' });
        if (written.done || !written.item || meetsItself(call, written.item)) return { call, first: true };
        return { call: toCall(written.item), first: false };
      },

      /** Claims a call that is to be tried: one request, two where an earlier claim has run out. */
      async take(id: string, claim: Claim, nowMs: number): Promise<Taken> {
        const update = {
          update:
            'SET #status = :running, claimToken = :token, claimUntilMs = :until, dueShard = :shard, dueAt = :until',
          values: {
            ':running': 'running' satisfies CallStatus,
            ':token': claim.token,
            ':until': claim.untilMs,
            ':shard': dueShard(id),
          },
        };
        const written = await table.update(keyOf(id), {
          ...update,
          condition: '#status IN (:queued, :waiting) AND (attribute_not_exists(notBeforeMs) OR notBeforeMs <= :now)',
          values: { ...update.values, ':queued': 'queued', ':waiting': 'waiting', ':now': nowMs },
        });
        if (written.done) return mine(written.item, false);
        if (!written.item) return { kind: 'gone' };
        if (written.item.claimToken === claim.token) return mine(written.item, false);

        const call = toEntry(written.item);
        if (hasEnded(call)) return { kind: 'ended', call };
        if (call.status !== 'running') return { kind: 'early', call };
        if (!call.claim || call.claim.untilMs > nowMs) return { kind: 'busy', call };
        const taken = await table.update(keyOf(id), {
          ...update,
          condition: '#status = :running AND claimToken = :before',
          values: { ...update.values, ':before': call.claim.token },
        });
        const own = taken.item?.claimToken === claim.token && taken.item;
        return own ? mine(own, true) : { kind: 'busy', call };
      },

      /** Writes what came of a claimed call. False: the claim was lost, and what stands is another's. */
      async save(next: SealedCall, claim: Claim): Promise<boolean> {
        const written = await table.put(toItem(next), {
          condition: '#status = :running AND claimToken = :token',
          values: { ':running': 'running', ':token': claim.token },
        });
        return written.done || (written.item !== undefined && meetsItself(next, written.item));
      },

      /** Gives a claim back without a trace: nothing was sent. */
      async release(call: Entry, claim: Claim, notBeforeMs: number, dueAtMs: number): Promise<void> {
        await table.update(keyOf(call.id), {
          update: 'SET #status = :waiting, notBeforeMs = :notBefore, dueAt = :due REMOVE claimToken, claimUntilMs',
          condition: '#status = :running AND claimToken = :token',
          values: {
            ':waiting': 'waiting',
            ':notBefore': notBeforeMs,
            ':due': dueAtMs,
            ':running': 'running',
            ':token': claim.token,
          },
        });
      },

      /** Lets an ended call begin anew as `next` says, its contents left as they are; false where it is no longer as it
       *  was read. */
      async reopen(next: Entry, seen: Entry): Promise<boolean> {
        const { pk, sk, ...columns } = columnsOf(next);
        const names = Object.keys(columns);
        const kept = names.filter((name) => columns[name] !== undefined);
        const gone = names.filter((name) => columns[name] === undefined);
        const written = await table.update(
          { pk, sk },
          {
            update: `SET ${kept.map((name) => `#${name} = :${name}`).join(', ')} REMOVE ${gone.map((name) => `#${name}`).join(', ')}`,
            condition: '#status = :before AND expiresAtMs = :expires',
            values: {
              ...Object.fromEntries(kept.map((name) => [`:${name}`, columns[name]])),
              ':before': seen.status,
              ':expires': seen.expiresAtMs,
            },
          },
        );
        return written.done;
      },

      /** Cancels a call that nobody works on; else returns it as it stands. */
      async cancel(id: string): Promise<{ readonly done: boolean; readonly call?: Entry }> {
        const written = await table.update(keyOf(id), {
          update: 'SET #status = :cancelled REMOVE notBeforeMs, dueShard, dueAt',
          condition: '#status IN (:queued, :waiting)',
          values: { ':cancelled': 'cancelled', ':queued': 'queued', ':waiting': 'waiting' },
        });
        return { done: written.done, ...(written.item && { call: toEntry(written.item) }) };
      },

      /** Returns a page of calls, newest first. It may hold fewer than `limit` where the filter is narrow. */
      async list(filter: CallFilter) {
        const { status, connection, limit, fromMs = 0, toMs = Number.MAX_SAFE_INTEGER } = filter;
        if (fromMs > toMs) return { calls: [] }; // no range at all, to DynamoDB
        const conditions = [status && '#status = :status', connection && '#connection = :connection'].filter(Boolean);
        const calls: CallLine[] = [];
        let cursor = filter.cursor;
        for (let turn = 0; turn < LIST_TURNS; turn++) {
          const page = await table.query({
            index: 'by-time',
            where: 'pk = :tenant AND createdAt BETWEEN :from AND :to',
            filter: conditions.length > 0 ? conditions.join(' AND ') : undefined,
            values: {
              ...{ ':tenant': tenantId, ':from': fromMs, ':to': toMs },
              ...(status && { ':status': status }),
              ...(connection && { ':connection': connectionRef(connection) }),
            },
            limit: limit - calls.length,
            descending: true,
            cursor,
          });
          calls.push(...page.items.map(toEntry));
          cursor = page.cursor;
          if (!cursor || calls.length >= limit) break;
        }
        return { calls, ...(cursor && { cursor }) };
      },

      /** Deletes one page of the tenant's calls; true once none is left. */
      async clearSome(): Promise<boolean> {
        const page = await table.query({ where: 'pk = :tenant', values: { ':tenant': tenantId }, limit: 100 });
        await Promise.all(page.items.map(({ pk, sk }) => table.remove({ pk, sk })));
        return page.cursor === undefined;
      },
    };
  }

  return {
    forTenant,

    /** Returns one page of one shard's calls that are due before `nowMs`. */
    async due(shard: string, nowMs: number, cursor?: string): Promise<{ calls: DueCall[]; cursor?: string }> {
      const page = await table.query({
        index: 'by-due',
        where: 'dueShard = :shard AND dueAt <= :now',
        values: { ':shard': shard, ':now': nowMs },
        limit: 100,
        cursor,
      });
      const calls = page.items.map(
        ({ pk: tenantId, sk: id, requestId, dueAt: dueAtMs }) => ({ tenantId, id, requestId, dueAtMs }) as DueCall,
      );
      return { calls, ...(page.cursor && { cursor: page.cursor }) };
    },

    /** Takes it upon this tick to hand the call over; false where another tick, or the call's own way, was quicker. */
    async handOver({ tenantId, id, dueAtMs }: DueCall, nowMs: number): Promise<boolean> {
      const nextMs = nowMs + QUEUE_PATIENCE_MS;
      const written = await table.update(
        { pk: tenantId, sk: id },
        {
          update: 'SET dueAt = :next',
          condition: 'dueAt = :due',
          values: { ':next': nextMs, ':due': dueAtMs },
        },
      );
      return written.done || written.item?.dueAt === nextMs;
    },
  };
}

/** Returns the cursor that a list ending with this call would have. */
export function cursorAfter({ tenantId, id, createdAtMs }: CallLine): string {
  return writeCursor({ pk: tenantId, sk: id, createdAt: createdAtMs });
}

/** Columns are what conditions and indexes speak of; the rest is one JSON text, of whatever depth. Contents are bytes: in
 *  base64 the largest would not fit into a row. */
function toItem({ sealed, ...entry }: SealedCall): Item {
  return { ...columnsOf(entry), sealed: Buffer.from(sealed, 'base64url') };
}

function columnsOf(entry: Entry): Item {
  const { tenantId, id, status, claim, notBeforeMs, dueAtMs, createdAtMs, expiresAtMs, requestId, ...rest } = entry;
  return {
    pk: tenantId,
    sk: id,
    status,
    connection: connectionRef(entry.connection),
    createdAt: createdAtMs,
    expiresAtMs,
    requestId,
    notBeforeMs,
    claimToken: claim?.token,
    claimUntilMs: claim?.untilMs,
    dueShard: dueAtMs === undefined ? undefined : dueShard(id),
    dueAt: dueAtMs,
    ttl: ttlSeconds(Math.max(createdAtMs, expiresAtMs) + KEPT_MS),
    rest: JSON.stringify(rest),
  };
}

/** Returns whether it is this very write that stands there: no two sealings give the same bytes. */
function meetsItself({ sealed, status }: SealedCall, item: Item): boolean {
  return item.status === status && toCall(item).sealed === sealed;
}

function mine(item: Item, interrupted: boolean): Taken {
  return { kind: 'mine', call: toCall(item), interrupted };
}

function toCall(item: Item): SealedCall {
  return { ...toEntry(item), sealed: Buffer.from(item.sealed as Uint8Array).toString('base64url') };
}

function toEntry(item: Item): Entry {
  const { pk, sk, status, createdAt, expiresAtMs, requestId, notBeforeMs, claimToken, claimUntilMs, dueAt, rest } =
    item;
  return {
    ...JSON.parse(String(rest)),
    tenantId: pk,
    id: sk,
    status,
    createdAtMs: createdAt,
    expiresAtMs,
    requestId,
    notBeforeMs,
    claim: claimToken === undefined ? undefined : { token: claimToken, untilMs: claimUntilMs },
    dueAtMs: dueAt,
  };
}
