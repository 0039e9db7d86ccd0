import type { Values } from '../connections/template.ts';
import { sha256 } from '../core/crypto.ts';

/** What a request takes of its connection and its call, and what of that there is not. */
export interface Blanks {
  readonly read: (name: string) => string;
  readonly missing: ReadonlySet<string>;
}

/** Returns the values that fill a request's blanks, no secret among them. Where no connection is at hand yet, any text
 *  does: what is wrong with a request is so under each. */
export function openBlanks(values: Values | undefined, idempotencyKey = ''): Blanks {
  const known: Values = { ...values, 'call.uuid': uuidOf(idempotencyKey) };
  const missing = new Set<string>();
  return {
    missing,
    read(name) {
      const value = Object.hasOwn(known, name) ? known[name] : values ? undefined : 'any';
      if (typeof value === 'string') return value;
      missing.add(name);
      return '';
    },
  };
}

/** Returns a UUID that is the same for the same key (RFC 9562 §5.8). */
function uuidOf(key: string): string {
  const hex = Buffer.from(sha256(`patchbay/call/v1:${key}`), 'base64url').toString('hex');
  const parts = [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ];
  return parts.join('-');
}
