import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/** Returns SHA-256 of the input as base64url. */
export function sha256(input: string | Uint8Array): string {
  return createHash('sha256').update(input).digest('base64url');
}

/** Returns the HMAC of the parts, fed in order; refuses an empty key, which Node would accept (D-01). */
export function hmac(
  hash: 'sha256' | 'sha1' | 'sha512',
  key: string | Uint8Array,
  parts: readonly (string | Uint8Array)[],
) {
  if (key.length === 0) throw new Error('an HMAC key must not be empty');
  const mac = createHmac(hash, key);
  for (const part of parts) mac.update(part);
  return mac.digest();
}

/** Returns whether two strings or byte strings are equal, in time that depends on the length alone (D-03). */
export function equal(a: string | Uint8Array, b: string | Uint8Array): boolean {
  const left = Buffer.from(a as Uint8Array);
  const right = Buffer.from(b as Uint8Array);
  return left.length === right.length && timingSafeEqual(left, right);
}

/** Returns the bytes, or nothing unless `text` is the one canonical spelling of them (D-04: Node skips junk). */
export function decodeStrictly(text: string, encoding: 'hex' | 'base64' | 'base64url'): Buffer | undefined {
  const bytes = Buffer.from(text, encoding);
  return bytes.toString(encoding) === text ? bytes : undefined;
}

/** Returns the parts as one byte string that no other list of parts gives: each behind its length (B-02). */
export function lengthPrefixed(parts: readonly (string | number)[]): Buffer {
  return Buffer.concat(
    parts.flatMap((part) => {
      const bytes = Buffer.from(String(part), 'utf8');
      const length = Buffer.alloc(4);
      length.writeUInt32BE(bytes.length);
      return [length, bytes];
    }),
  );
}
