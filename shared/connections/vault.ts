import type { Table } from '../core/aws.ts';
import type { Moment } from '../core/clock.ts';
import { refuse } from '../core/errors.ts';
import type { TenantId } from '../core/ids.ts';
import { ok, type Result } from '../core/result.ts';
import { Secret } from '../core/secret.ts';
import { dataKeyStore, type WrappedKey } from './data-key-store.ts';
import { bindingOf, type KeyRef, keyOf, openRecord, type Place, sealRecord } from './seal.ts';

interface CachedKey {
  readonly dataKey: Buffer;
  readonly untilMs: number;
  readonly tenantId: TenantId;
}

export type Vault = ReturnType<typeof openVault>;

const CACHE_MS = 5 * 60_000;
const CACHE_ENTRIES = 1_000;
/** What is sealed opens for so long at least, whatever is rotated meanwhile: no older key goes before. */
export const OPENS_FOR_MS = 105 * 24 * 60 * 60_000;
/** For so long a data key seals. Each record has a key of its own (HKDF over 256 random bits), so nothing hangs on a count;
 *  the bound of 2^32 records under one key is kept all the same, without one: a tenant's rows share a partition, which takes
 *  1,000 writes a second (B-08). */
export const SEALS_FOR_MS = 30 * 24 * 60 * 60_000;

/** Returns the vault: sealing secrets under the newest data key of their tenant, itself wrapped by the KMS key `keyId`, and
 *  opening them under whichever sealed them. A warm read asks neither KMS nor a table; a data key stays in memory for at most 5 minutes. */
export function openVault({ keyId, keysTable, moment }: { keyId: string; keysTable: Table; moment: Moment }) {
  const keys = dataKeyStore({ keyId, table: keysTable, moment });
  const cache = new Map<string, CachedKey>();
  const loading = new Map<string, Promise<boolean>>();
  /** The key that sealed last, by tenant: the newest, as of at most 5 minutes ago. */
  const atHand = new Map<TenantId, { readonly ref: KeyRef; readonly untilMs: number }>();

  /** Returns what `use` makes of the unwrapped key; nothing where it cannot be had. `use` is synchronous, so that no
   *  eviction can zero the key under its hands. */
  async function withKey<T>(tenantId: TenantId, ref: KeyRef, use: (dataKey: Buffer) => T): Promise<T | undefined> {
    const cacheKey = cacheKeyOf(tenantId, ref);
    evict(({ untilMs }) => untilMs <= moment.nowMs);
    for (;;) {
      const cached = cache.get(cacheKey);
      if (cached) return use(cached.dataKey);
      const running = loading.get(cacheKey) ?? load(tenantId, ref, cacheKey).finally(() => loading.delete(cacheKey));
      loading.set(cacheKey, running); // single flight: one unwrapping for all who wait
      if (!(await running)) return undefined;
    }
  }

  async function load(tenantId: TenantId, ref: KeyRef, cacheKey: string): Promise<boolean> {
    const row = await keys.read(tenantId, ref.version);
    if (!row || row.keyId !== ref.keyId || row.wrappedBy !== keyId) return false;
    const plaintext = await keys.unwrap(tenantId, row);
    if (!plaintext) return false;
    keep(cacheKey, tenantId, plaintext);
    return true;
  }

  /** Read each time it seals: a key in memory may be an older one, or that of a tenant erased and made again meanwhile.
   *  One that is damaged is followed by the next: what it sealed is lost, and the account can be connected again. */
  async function currentKey(tenantId: TenantId): Promise<WrappedKey> {
    const newest = await keys.newest(tenantId);
    const isYoung = newest && moment.nowMs < Date.parse(newest.createdAt) + SEALS_FOR_MS;
    if (isYoung && (await withKey(tenantId, newest, () => true))) return newest;
    const { row, plaintext } = await keys.make(tenantId, (newest?.version ?? 0) + 1, isYoung ? undefined : newest);
    if (plaintext) keep(cacheKeyOf(tenantId, row), tenantId, plaintext);
    return row;
  }

  async function keyAtHand(tenantId: TenantId): Promise<KeyRef> {
    const known = atHand.get(tenantId);
    if (known && moment.nowMs < known.untilMs) return known.ref;
    const ref = await currentKey(tenantId);
    const untilMs = Math.min(moment.nowMs + CACHE_MS, Date.parse(ref.createdAt) + SEALS_FOR_MS);
    atHand.delete(tenantId);
    atHand.set(tenantId, { ref, untilMs });
    const [oldest] = atHand.keys();
    if (atHand.size > CACHE_ENTRIES && oldest !== undefined) atHand.delete(oldest);
    return ref;
  }

  async function sealUnder(ref: KeyRef, tenantId: TenantId, place: Place, plaintext: Secret): Promise<string> {
    const noise = {
      salt: Buffer.from(moment.token(32), 'base64url'),
      iv: Buffer.from(moment.token(12), 'base64url'),
    };
    const binding = bindingOf(tenantId, place);
    const sealed = await withKey(tenantId, ref, (key) => sealRecord(key, ref, binding, plaintext.reveal(), noise));
    if (sealed === undefined) throw new Error('the data key of this tenant cannot be unwrapped');
    return sealed;
  }

  function keep(cacheKey: string, tenantId: TenantId, plaintext: Uint8Array): void {
    const dataKey = Buffer.from(plaintext);
    plaintext.fill(0);
    cache.set(cacheKey, { dataKey, untilMs: moment.nowMs + CACHE_MS, tenantId });
    let surplus = cache.size - CACHE_ENTRIES;
    evict(() => surplus-- > 0); // the oldest come first
  }

  function evict(which: (entry: CachedKey) => boolean): void {
    for (const [cacheKey, entry] of cache) {
      if (!which(entry)) continue;
      entry.dataKey.fill(0);
      cache.delete(cacheKey);
    }
  }

  return {
    /** Returns the sealed record of a secret. Throws when KMS or the table cannot be asked: nothing is kept then. */
    async seal(tenantId: TenantId, place: Place, plaintext: Secret): Promise<string> {
      return sealUnder(await currentKey(tenantId), tenantId, place, plaintext);
    },

    /** Returns the sealed record of what may be lost with its tenant, which a credential may not: under the newest key as
     *  it was up to 5 minutes ago, so that a warm one reads nothing. Throws as `seal` does. */
    async sealAtHand(tenantId: TenantId, place: Place, plaintext: Secret): Promise<string> {
      return sealUnder(await keyAtHand(tenantId), tenantId, place, plaintext);
    },

    /** Returns the secret. Errors: `needs_reauth` (damaged, moved, or its key erased: one answer for all, B-03),
     *  `unavailable` (KMS or the table cannot be asked at present). */
    async open(tenantId: TenantId, place: Place, sealed: string): Promise<Result<Secret>> {
      const ref = keyOf(sealed);
      try {
        const plaintext =
          ref && (await withKey(tenantId, ref, (key) => openRecord(key, bindingOf(tenantId, place), sealed)));
        if (plaintext !== undefined) return ok(new Secret(plaintext));
      } catch (error) {
        return refuse('unavailable', 'The credential cannot be opened at present; try again.', {
          cause: `vault: ${error instanceof Error ? error.name : 'unknown'}`,
        });
      }
      return refuse('needs_reauth', 'The stored credential cannot be opened; connect the account again.', {
        cause: 'vault: the record does not open here',
      });
    },

    /** Drops what this process keeps of a tenant, at once. */
    forget(tenantId: TenantId): void {
      atHand.delete(tenantId);
      evict((entry) => entry.tenantId === tenantId);
    },
  };
}

function cacheKeyOf(tenantId: TenantId, { version, keyId }: KeyRef): string {
  return `${tenantId}#${version}#${keyId}`; // no part may hold a '#'
}
