import {
  DecryptCommand,
  GenerateDataKeyCommand,
  type GenerateDataKeyCommandOutput,
  KMSClient,
} from '@aws-sdk/client-kms';
import { clientSettings, type Table } from '../core/aws.ts';
import { iso, type Moment } from '../core/clock.ts';
import { TenantId } from '../core/ids.ts';
import { dataKeyKey, ERASED, OWNER } from '../core/keys.ts';
import { log } from '../core/log.ts';
import { type KeyRef, notWrappedSo } from './seal.ts';

/** A data key as `tenant-keys` holds it: wrapped by KMS. Deleting it is the erasure of all it sealed (B-12). */
export interface WrappedKey extends KeyRef {
  readonly wrapped: string;
  /** The KMS key that wrapped it: any other is refused before KMS is asked (B-09). */
  readonly wrappedBy: string;
  /** ISO 8601 UTC. */
  readonly createdAt: string;
}

export type DataKeyStore = ReturnType<typeof dataKeyStore>;

const PURPOSE = 'patchbay-vault';
/** Longer than any invocation, cached key or connect session lives: whatever was under way at an erasure is over by then. */
const ERASED_FOR_MS = 60 * 60_000;

let kms: KMSClient | undefined;

/** Returns the tenants' data keys: one row for each version, the newest one seals. */
export function dataKeyStore({ keyId, table, moment }: { keyId: string; table: Table; moment: Moment }) {
  kms ??= new KMSClient(clientSettings);
  const client = kms;

  async function read(tenantId: TenantId, version: number): Promise<WrappedKey | undefined> {
    return (await table.get({ pk: tenantId, sk: dataKeyKey(version) })) as WrappedKey | undefined;
  }

  /** Returns the key that seals at present, if there is one. Throws for a tenant that is being erased: no key comes into
   *  being, and nothing is sealed, behind an erasure. */
  async function newest(tenantId: TenantId): Promise<WrappedKey | undefined> {
    const where = { where: 'pk = :tenant', values: { ':tenant': tenantId } };
    const { items } = await table.query({ ...where, descending: true, limit: 2 });
    const [last, before] = items;
    if (last?.sk !== ERASED) return last as WrappedKey | undefined;
    if (moment.nowMs < Number(last.erasedAtMs) + ERASED_FOR_MS)
      throw new Error('the data keys of this tenant are erased');
    return before as WrappedKey | undefined;
  }

  function generate(tenantId: TenantId, version: number): Promise<GenerateDataKeyCommandOutput> {
    const EncryptionContext = contextOf(tenantId, version);
    return client.send(new GenerateDataKeyCommand({ KeyId: keyId, KeySpec: 'AES_256', EncryptionContext }));
  }

  return {
    read,
    newest,

    /** Returns the tenant's key of a version, made now unless another was faster; in plaintext where it is ours. Where KMS
     *  cannot make one now, `until` then goes on. */
    async make(
      tenantId: TenantId,
      version: number,
      until?: WrappedKey,
    ): Promise<{ row: WrappedKey; plaintext?: Uint8Array }> {
      const made = await generate(tenantId, version).catch((error: unknown) => {
        if (!until) throw error;
        log.bug('no new data key was made; the one before goes on', error, { tenant: tenantId });
      });
      if (!made && until) return { row: until };
      if (!made?.CiphertextBlob || !made.Plaintext) throw new Error('KMS made no data key');
      const row: WrappedKey = {
        version,
        keyId: moment.token(16),
        wrapped: Buffer.from(made.CiphertextBlob).toString('base64'),
        wrappedBy: keyId,
        createdAt: iso(moment.nowMs),
      };
      const key = { pk: tenantId, sk: dataKeyKey(version) };
      const written = await table.put({ ...key, ...row }, { condition: 'attribute_not_exists(pk)' });
      const standing = await newest(tenantId); // an erasure may have begun before this key was there to be erased
      if (written.done) return { row, plaintext: made.Plaintext };
      made.Plaintext.fill(0);
      if (!standing) throw new Error('the data key vanished while it was made');
      return { row: standing };
    },

    /** Returns a key in plaintext; nothing where KMS has none for it, or did not wrap it. Throws when KMS cannot be asked. */
    async unwrap(tenantId: TenantId, { version, wrapped }: WrappedKey): Promise<Uint8Array | undefined> {
      const CiphertextBlob = Buffer.from(wrapped, 'base64');
      const EncryptionContext = contextOf(tenantId, version);
      try {
        return (await client.send(new DecryptCommand({ KeyId: keyId, CiphertextBlob, EncryptionContext }))).Plaintext;
      } catch (error) {
        if (error instanceof Error && notWrappedSo.has(error.name)) return undefined;
        throw error;
      }
    },

    /** Deletes the tenant's keys whose successor was there before `beforeMs`; returns how many. */
    async retire(tenantId: TenantId, beforeMs: number): Promise<number> {
      const { items } = await table.query({ where: 'pk = :tenant', values: { ':tenant': tenantId } });
      const keys = items.filter(({ sk }) => sk !== ERASED);
      const over = keys.filter((_, index) => Date.parse(String(keys[index + 1]?.createdAt)) <= beforeMs);
      for (const { pk, sk } of over) await table.remove({ pk, sk });
      return over.length;
    },

    /** Returns a page of the tenants that have data keys; one may come twice. What is the owner's own is no tenant's. */
    async tenants(cursor?: string): Promise<{ readonly tenants: readonly TenantId[]; readonly cursor?: string }> {
      const page = await table.scan({ limit: 100, cursor });
      const rows = page.items.filter(({ pk, sk }) => sk !== ERASED && pk !== OWNER);
      const tenants = [...new Set(rows.map(({ pk }) => TenantId.parse(pk)))];
      return { tenants, ...(page.cursor && { cursor: page.cursor }) };
    },
  };
}

/** CloudTrail shows it in clear: opaque ids alone (B-14). */
function contextOf(tenantId: TenantId, version: number): Record<string, string> {
  return { purpose: PURPOSE, tenantId, keyVersion: String(version) };
}
