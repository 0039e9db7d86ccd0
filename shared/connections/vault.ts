import { DecryptCommand, GenerateDataKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { clientSettings, type Table } from '../core/aws.ts';
import { iso, type Moment } from '../core/clock.ts';
import { refuse } from '../core/errors.ts';
import type { TenantId } from '../core/ids.ts';
import { dataKeyKey } from '../core/keys.ts';
import { ok, type Result } from '../core/result.ts';
import { Secret } from '../core/secret.ts';
import { bindingOf, type KeyRef, keyOf, openRecord, type Place, sealRecord } from './seal.ts';

/** A data key as `tenant-keys` holds it: wrapped by KMS. Deleting it is the erasure of all it sealed (B-12). */
interface WrappedKey extends KeyRef {
  readonly wrapped: string;
  /** The KMS key that wrapped it: any other is refused before KMS is asked (B-09). */
  readonly wrappedBy: string;
}

interface CachedKey {
  readonly dataKey: Buffer;
  readonly untilMs: number;
  readonly tenantId: TenantId;
}

export type Vault = ReturnType<typeof openVault>;

const PURPOSE = 'patchbay-vault';
const CACHE_MS = 5 * 60_000;
const CACHE_ENTRIES = 1_000;
const FIRST_VERSION = 1;

let kms: KMSClient | undefined;

/** Returns the vault: sealing and opening secrets under one data key per tenant, itself wrapped by the KMS key `keyId`.
 *  A warm read asks neither KMS nor a table; a data key stays in memory for at most 5 minutes. */
export function openVault({ keyId, keysTable, moment }: { keyId: string; keysTable: Table; moment: Moment }) {
  kms ??= new KMSClient(clientSettings);
  const client = kms;
  const cache = new Map<string, CachedKey>();
  const loading = new Map<string, Promise<boolean>>();

  /** Returns what `use` makes of the unwrapped key; nothing where it cannot be had. `use` is synchronous, so that no
   *  eviction can zero the key under its hands. */
  async function withKey<T>(tenantId: TenantId, ref: KeyRef, use: (dataKey: Buffer) => T): Promise<T | undefined> {
    const cacheKey = `${tenantId}#${ref.version}#${ref.keyId}`; // no part may hold a '#'
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
    const row = await readKey(tenantId, ref.version);
    if (!row || row.keyId !== ref.keyId || row.wrappedBy !== keyId) return false;
    const answer = await client.send(
      new DecryptCommand({
        KeyId: keyId,
        CiphertextBlob: Buffer.from(row.wrapped, 'base64'),
        EncryptionContext: contextOf(tenantId, ref.version),
      }),
    );
    if (!answer.Plaintext) return false;
    keep(cacheKey, tenantId, answer.Plaintext);
    return true;
  }

  async function readKey(tenantId: TenantId, version: number): Promise<WrappedKey | undefined> {
    return (await keysTable.get({ pk: tenantId, sk: dataKeyKey(version) })) as WrappedKey | undefined;
  }

  /** Read each time it seals: a key in memory may be that of a tenant erased and made again meanwhile. */
  async function currentKey(tenantId: TenantId): Promise<KeyRef> {
    return (await readKey(tenantId, FIRST_VERSION)) ?? (await makeKey(tenantId, FIRST_VERSION));
  }

  async function makeKey(tenantId: TenantId, version: number): Promise<KeyRef> {
    const EncryptionContext = contextOf(tenantId, version);
    const made = await client.send(new GenerateDataKeyCommand({ KeyId: keyId, KeySpec: 'AES_256', EncryptionContext }));
    if (!made.CiphertextBlob || !made.Plaintext) throw new Error('KMS made no data key');
    const row: WrappedKey = {
      version,
      keyId: moment.token(16),
      wrapped: Buffer.from(made.CiphertextBlob).toString('base64'),
      wrappedBy: keyId,
    };
    const key = { pk: tenantId, sk: dataKeyKey(version) };
    const written = await keysTable.put(
      { ...key, ...row, createdAt: iso(moment.nowMs) },
      { condition: 'attribute_not_exists(pk)' },
    );
    if (written.done) {
      keep(`${tenantId}#${version}#${row.keyId}`, tenantId, made.Plaintext);
      return row;
    }
    made.Plaintext.fill(0);
    const first = (written.item ?? (await keysTable.get(key))) as WrappedKey | undefined;
    if (!first) throw new Error('the data key vanished while it was made');
    return first;
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
      const ref = await currentKey(tenantId);
      const noise = {
        salt: Buffer.from(moment.token(32), 'base64url'),
        iv: Buffer.from(moment.token(12), 'base64url'),
      };
      const binding = bindingOf(tenantId, place);
      const sealed = await withKey(tenantId, ref, (key) => sealRecord(key, ref, binding, plaintext.reveal(), noise));
      if (sealed === undefined) throw new Error('the data key of this tenant cannot be unwrapped');
      return sealed;
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
      evict((entry) => entry.tenantId === tenantId);
    },
  };
}

/** CloudTrail shows it in clear: opaque ids alone (B-14). */
function contextOf(tenantId: TenantId, version: number): Record<string, string> {
  return { purpose: PURPOSE, tenantId, keyVersion: String(version) };
}
