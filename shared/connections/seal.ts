import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';
import { decodeStrictly, equal, lengthPrefixed } from '../core/crypto.ts';
import type { TenantId } from '../core/ids.ts';

// A record: magic and format (4) | algorithm (1) | key version (4) | key id (16) | salt (32) | commitment (32) | iv (12) |
// ciphertext | tag (16), in base64url. Record key and commitment are two HKDF outputs of (data key, salt): no two records
// share a key, and no record opens under a second one (B-06).

const FORMAT = 'PBV1';
const AES_256_GCM = 1;
const ALGORITHM_AT = 4;
const VERSION_AT = 5;
const KEY_ID_AT = 9;
const SALT_AT = 25;
const COMMITMENT_AT = 57;
const IV_AT = 89;
const CIPHERTEXT_AT = 101;
const TAG_BYTES = 16;

/** Where a secret belongs: it opens nowhere else (B-01), nor at another generation of the same place (B-16). */
export interface Place {
  readonly provider: string;
  readonly name: string;
  readonly field: string;
  readonly generation: number;
}

/** Which data key a record was sealed with. */
export interface KeyRef {
  readonly version: number;
  /** 16 random bytes as base64url: tells an erased tenant's key from its successor's of the same version. */
  readonly keyId: string;
}

/** How KMS names a wrapped data key that it did not wrap so: other bytes, another key, tenant or place. Asking again does
 *  not help. */
export const notWrappedSo: ReadonlySet<string> = new Set(['InvalidCiphertextException', 'IncorrectKeyException']);

export interface Noise {
  /** 32 bytes. */
  readonly salt: Buffer;
  /** 12 bytes. */
  readonly iv: Buffer;
}

/** Returns the record of a plaintext, sealed with a data key for one tenant and place (NIST SP 800-38D). */
export function sealRecord(
  dataKey: Buffer,
  { version, keyId }: KeyRef,
  aad: Buffer,
  plaintext: string,
  { salt, iv }: Noise,
): string {
  const head = Buffer.alloc(KEY_ID_AT);
  head.write(FORMAT, 'latin1');
  head.writeUInt8(AES_256_GCM, ALGORITHM_AT);
  head.writeUInt32BE(version, VERSION_AT);
  const { recordKey, commitment } = derive(dataKey, salt);
  const cipher = createCipheriv('aes-256-gcm', recordKey, iv, { authTagLength: TAG_BYTES });
  cipher.setAAD(aad);
  const ciphertext = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final()]);
  const parts = [head, Buffer.from(keyId, 'base64url'), salt, commitment, iv, ciphertext, cipher.getAuthTag()];
  recordKey.fill(0);
  return Buffer.concat(parts).toString('base64url');
}

/** Returns which data key a record wants; nothing where it is not a record of this format (B-07: no other reading). */
export function keyOf(sealed: string): KeyRef | undefined {
  const record = decodeStrictly(sealed, 'base64url');
  if (!record || record.length < CIPHERTEXT_AT + TAG_BYTES) return undefined;
  if (record.toString('latin1', 0, ALGORITHM_AT) !== FORMAT || record[ALGORITHM_AT] !== AES_256_GCM) return undefined;
  return { version: record.readUInt32BE(VERSION_AT), keyId: record.toString('base64url', KEY_ID_AT, SALT_AT) };
}

/** Returns the plaintext of a record that `keyOf` has read, once all of it is verified; nothing for whatever is wrong. */
export function openRecord(dataKey: Buffer, aad: Buffer, sealed: string): string | undefined {
  const record = Buffer.from(sealed, 'base64url');
  const { recordKey, commitment } = derive(dataKey, record.subarray(SALT_AT, COMMITMENT_AT));
  try {
    if (!equal(commitment, record.subarray(COMMITMENT_AT, IV_AT))) return undefined;
    const tagAt = record.length - TAG_BYTES;
    const iv = record.subarray(IV_AT, CIPHERTEXT_AT);
    const decipher = createDecipheriv('aes-256-gcm', recordKey, iv, { authTagLength: TAG_BYTES });
    decipher.setAAD(aad);
    decipher.setAuthTag(record.subarray(tagAt));
    const plaintext = decipher.update(record.subarray(CIPHERTEXT_AT, tagAt)); // unverified until final() has passed (B-05)
    return Buffer.concat([plaintext, decipher.final()]).toString('utf8');
  } catch {
    return undefined; // the tag does not fit: one answer for every kind of damage (B-03)
  } finally {
    recordKey.fill(0);
  }
}

/** Returns what a record is bound to, as bytes that no other tenant and place give (B-02). */
export function bindingOf(tenantId: TenantId, { provider, name, field, generation }: Place): Buffer {
  return lengthPrefixed([FORMAT, tenantId, provider, name, field, generation]);
}

function derive(dataKey: Buffer, salt: Buffer): { recordKey: Buffer; commitment: Buffer } {
  const output = (purpose: string) => Buffer.from(hkdfSync('sha256', dataKey, salt, `patchbay ${purpose}`, 32));
  return { recordKey: output('record key'), commitment: output('key commitment') };
}
