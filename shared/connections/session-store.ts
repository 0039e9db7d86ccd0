import type { Item, Table, Written } from '../core/aws.ts';
import { ttlSeconds } from '../core/clock.ts';
import type { TenantId } from '../core/ids.ts';
import { dueShard, sessionKey } from '../core/keys.ts';
import { type Attempt, KEEP_MS, MAX_TRIES, type PendingGrant, type Session } from './session.ts';

/** The session that a conditional write left; or the row as it stands, where its condition failed. */
export type Moved =
  | { readonly done: true; readonly session: Session }
  | { readonly done: false; readonly session?: Session };

interface Starting {
  readonly linkHash: string;
  readonly attempt: Attempt;
}

export type SessionStore = ReturnType<typeof sessionStore>;

const START = 'SET #status = :started, #attempt = :attempt';
const MAY_START =
  '#linkHash = :linkHash AND #linkExpiresAtMs > :now AND (#status = :created OR (#status = :started AND #attempt.#browserHash = :browser))';
const valuesOf = ({ linkHash, attempt }: Starting, nowMs: number): Item => ({
  ':linkHash': linkHash,
  ':attempt': attempt,
  ':browser': attempt.browserHash,
  ':now': nowMs,
  ':created': 'created',
  ':started': 'started',
});

/** Returns the connect sessions. Every step is one conditional write; expiry stands in the condition, the table's TTL
 *  only sweeps. */
export function sessionStore(table: Table) {
  const key = (id: string) => ({ pk: sessionKey(id) });

  async function move(id: string, update: string, condition: string, values: Item): Promise<Moved> {
    return moved(await table.update(key(id), { update, condition, values }));
  }

  async function get(id: string): Promise<Session | undefined> {
    return (await table.get(key(id))) as unknown as Session | undefined;
  }

  return {
    async create(session: Session): Promise<void> {
      const row = { ...key(session.id), ...session, ttl: ttlSeconds(session.createdAtMs + KEEP_MS) };
      const { done } = await table.put(row, { condition: 'attribute_not_exists(#pk)' });
      if (!done) throw new Error('a new session id exists already');
    },

    get,

    /** The link becomes this browser's; starting again in the same browser replaces the attempt. */
    start: (id: string, starting: Starting, nowMs: number) => move(id, START, MAY_START, valuesOf(starting, nowMs)),

    /** The same, and one of the tries that a link has with credentials. */
    startTry: (id: string, starting: Starting, nowMs: number) =>
      move(id, `${START} ADD #tries :one`, `${MAY_START} AND (attribute_not_exists(#tries) OR #tries < :most)`, {
        ...valuesOf(starting, nowMs),
        ':one': 1,
        ':most': MAX_TRIES,
      }),

    /** Consumes state, cookie, provider, redirect URI, context and expiry together. A write whose answer was lost and that the
     *  SDK repeats meets its own `claimId` and has succeeded. */
    async consume(
      id: string,
      claim: Pick<Attempt, 'stateHash' | 'browserHash' | 'redirectUri' | 'context'> &
        Pick<Session, 'provider'> & { readonly claimId: string },
      nowMs: number,
    ): Promise<Moved> {
      const result = await move(
        id,
        'SET #status = :exchanging, #claimId = :claim',
        '#status = :started AND #provider = :provider AND #attempt.#stateHash = :state AND #attempt.#browserHash = :browser AND #attempt.#redirectUri = :redirectUri AND #attempt.#context = :context AND #attempt.#stateExpiresAtMs > :now',
        {
          ':exchanging': 'exchanging',
          ':started': 'started',
          ':claim': claim.claimId,
          ':provider': claim.provider,
          ':state': claim.stateHash,
          ':browser': claim.browserHash,
          ':redirectUri': claim.redirectUri,
          ':context': claim.context,
          ':now': nowMs,
        },
      );
      return mine(result, (session) => session.status === 'exchanging' && session.claimId === claim.claimId);
    },

    /** The grant waits for its confirmation. */
    async keepGrant(
      id: string,
      kept: { claimId: string; grant: PendingGrant; ticketHash: string; confirmExpiresAtMs: number },
    ): Promise<Moved> {
      const result = await move(
        id,
        'SET #status = :ready, #grant = :grant, #ticketHash = :ticket, #confirmExpiresAtMs = :until, #dueShard = :shard, #dueAt = :until, #ttl = :ttl REMOVE #attempt.#verifier',
        '#status = :exchanging AND #claimId = :claim',
        {
          ':ready': 'ready',
          ':exchanging': 'exchanging',
          ':claim': kept.claimId,
          ':grant': kept.grant,
          ':ticket': kept.ticketHash,
          ':until': kept.confirmExpiresAtMs,
          ':shard': dueShard(id),
          ':ttl': ttlSeconds(kept.confirmExpiresAtMs + KEEP_MS),
        },
      );
      return mine(result, (session) => session.ticketHash === kept.ticketHash);
    },

    /** Ends a session that holds no grant. */
    end: (id: string, because: string) =>
      move(id, 'SET #status = :ended, #endedBecause = :because', '#status IN (:created, :started, :exchanging)', {
        ':ended': 'ended',
        ':because': because,
        ':created': 'created',
        ':started': 'started',
        ':exchanging': 'exchanging',
      }),

    /** The owner's app has vouched; whoever comes next finishes, `dueAtMs` at the latest the sweep. */
    beginConfirm: (
      id: string,
      claim: { tenantId: TenantId; ticketHash: string; endUser: string; dueAtMs: number },
      nowMs: number,
    ) =>
      move(
        id,
        'SET #status = :confirming, #dueAt = :due',
        '#tenantId = :tenant AND #ticketHash = :ticket AND #endUser = :endUser AND (#status = :confirming OR (#status = :ready AND #confirmExpiresAtMs > :now))',
        {
          ':confirming': 'confirming',
          ':ready': 'ready',
          ':tenant': claim.tenantId,
          ':ticket': claim.ticketHash,
          ':endUser': claim.endUser,
          ':due': claim.dueAtMs,
          ':now': nowMs,
        },
      ),

    /** The connection stands: the session forgets its copy of the credential. */
    finishConfirm: (id: string) =>
      move(id, 'SET #status = :confirmed REMOVE #grant, #dueShard, #dueAt', '#status IN (:confirming, :confirmed)', {
        ':confirmed': 'confirmed',
        ':confirming': 'confirming',
      }),

    /** The grant must not be used: it is revoked upstream from here on, `dueAtMs` at the latest by the sweep. */
    beginRevoke: (id: string, from: { status: Session['status']; because: string; dueAtMs: number }, nowMs: number) =>
      move(
        id,
        'SET #status = :revoking, #endedBecause = :because, #dueAt = :due, #revokingSinceMs = :now',
        '#status = :from',
        {
          ':revoking': 'revoking',
          ':because': from.because,
          ':from': from.status,
          ':due': from.dueAtMs,
          ':now': nowMs,
        },
      ),

    postpone: (id: string, status: Session['status'], dueAtMs: number) =>
      move(id, 'SET #dueAt = :due', '#status = :status', { ':due': dueAtMs, ':status': status }),

    finishRevoke: (id: string) =>
      move(id, 'SET #status = :ended REMOVE #grant, #dueShard, #dueAt', '#status = :revoking', {
        ':ended': 'ended',
        ':revoking': 'revoking',
      }),

    /** Returns a page of the sessions that a tenant had at `untilMs`, as each stands now. */
    async ofTenant(tenantId: TenantId, untilMs: number, cursor?: string) {
      const found = await table.query({
        ...{ index: 'by-tenant', where: '#tenantId = :tenant AND #createdAtMs <= :until' },
        ...{ values: { ':tenant': tenantId, ':until': untilMs }, limit: 100, cursor },
      });
      const rows = await Promise.all(found.items.map(({ id }) => get(String(id))));
      return { items: rows.filter((row) => row !== undefined), ...(found.cursor && { cursor: found.cursor }) };
    },

    async discard(id: string): Promise<void> {
      await table.remove(key(id));
    },

    /** Returns up to 100 sessions of a shard that the sweep must look at, longest due first. */
    async due(shard: string, nowMs: number): Promise<readonly Session[]> {
      const { items } = await table.query({
        index: 'by-due',
        where: '#dueShard = :shard AND #dueAt <= :now',
        values: { ':shard': shard, ':now': nowMs },
        limit: 100,
      });
      return items as unknown as readonly Session[];
    },
  };
}

function moved(written: Written): Moved {
  const session = written.item as unknown as Session | undefined;
  if (written.done) return { done: true, session: written.item as unknown as Session };
  return { done: false, ...(session && { session }) };
}

function mine(result: Moved, isMine: (session: Session) => boolean): Moved {
  return !result.done && result.session && isMine(result.session) ? { done: true, session: result.session } : result;
}
