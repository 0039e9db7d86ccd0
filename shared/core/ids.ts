import * as z from 'zod';

/** Opaque ids that sort by time: 48 bits of ms, then randomness, in base 32 without look-alikes. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

/** Returns a new id, `<prefix>_<26 characters>`, that sorts after those of earlier milliseconds. */
export function newId(prefix: string, moment: { readonly nowMs: number; token(bytes?: number): string }): string {
  const random = [...Buffer.from(moment.token(16), 'base64url')].map((byte) => ALPHABET[byte % 32]).join('');
  return `${idsFrom(prefix, moment.nowMs)}${random}`;
}

/** Returns what ids of this millisecond begin with: none of them sorts before it, none of an earlier one after it. */
export function idsFrom(prefix: string, atMs: number): string {
  let time = '';
  for (let rest = atMs, i = 0; i < 10; i++, rest = Math.floor(rest / 32)) time = ALPHABET[rest % 32] + time;
  return `${prefix}_${time}`;
}

/** A tenant's id, chosen by the owner or made by the hub. No `#`: it separates the parts of keys. */
export const TenantId = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._~-]{0,63}$/, 'letters, digits and . _ ~ - only, at most 64, not starting with a sign')
  .brand<'TenantId'>();
export type TenantId = z.infer<typeof TenantId>;

export const ProviderId = z.string().regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'lower-case letters, digits and - only');

export const ConnectionName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'letters, digits and . _ - only, at most 64');

const DEFAULT_NAME = 'default';

/** A connection as a path or a body names it: `provider`, or `provider:name`. */
export const ConnectionRef = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,39}(:[A-Za-z0-9][A-Za-z0-9._-]{0,63})?$/, 'provider, or provider:name')
  .transform((ref): ConnectionId => {
    const [provider = '', name = DEFAULT_NAME] = ref.split(':');
    return { provider, name };
  });

export interface ConnectionId {
  readonly provider: string;
  readonly name: string;
}

/** Returns the connection's spelling in paths and answers. */
export function connectionRef({ provider, name }: ConnectionId): string {
  return name === DEFAULT_NAME ? provider : `${provider}:${name}`;
}
