import { iso, type Moment } from '../core/clock.ts';
import { equal, sha256 } from '../core/crypto.ts';
import { TenantId } from '../core/ids.ts';

/** An API key as stored: its secret as a hash only. 256 random bits need no slow hash. */
export interface ApiKey {
  readonly keyId: string;
  readonly secretHash: string;
  readonly name?: string;
  /** Which of the owner's services holds it. */
  readonly service?: string;
  readonly createdAtMs: number;
  /** To the hour. */
  readonly lastUsedAtMs?: number;
}

/** A use is written down when the last one is so long ago: the hot path pays for one write an hour. */
export const USE_NOTED_MS = 60 * 60_000;

/** `pb_<stage>_<tenant>.<12 random>_<64 hex>`: its id names the row it is in, so that one read finds it. The tenant and
 *  the stage may hold `_`, the random parts none: they are read from the end. */
const KEY_TEXT = /^pb_([A-Za-z0-9-]+)_([A-Za-z0-9][A-Za-z0-9._~-]{0,63})\.([0-9a-z]{12})_([0-9a-f]{64})$/;
const BASE_36 = '0123456789abcdefghijklmnopqrstuvwxyz';

/** Returns a new key: its row, and the text that is shown this once. */
export function makeApiKey(
  stage: string,
  tenantId: TenantId,
  { name, service }: Pick<ApiKey, 'name' | 'service'>,
  moment: Moment,
): { readonly row: ApiKey; readonly text: string } {
  const random = [...Buffer.from(moment.token(12), 'base64url')].map((byte) => BASE_36[byte % 36]).join('');
  const secret = Buffer.from(moment.token(32), 'base64url').toString('hex');
  const keyId = `${tenantId}.${random}`;
  const said = { ...(name !== undefined && { name }), ...(service !== undefined && { service }) };
  const row = { keyId, secretHash: sha256(secret), ...said, createdAtMs: moment.nowMs };
  return { row, text: `pb_${stage}_${keyId}_${secret}` };
}

/** Returns what a key's text says of itself; nothing where it is no key of this stage. */
export function readApiKey(
  text: string,
  stage: string,
): { readonly tenantId: TenantId; readonly keyId: string; readonly secret: string } | undefined {
  const [, at, tenant, random, secret] = KEY_TEXT.exec(text) ?? [];
  const tenantId = TenantId.safeParse(tenant);
  if (at !== stage || !tenantId.success || secret === undefined) return undefined;
  return { tenantId: tenantId.data, keyId: `${tenantId.data}.${random}`, secret };
}

/** Returns whether the secret is this key's, in constant time. */
export function isSecretOf({ secretHash }: ApiKey, secret: string): boolean {
  return equal(secretHash, sha256(secret));
}

/** Returns the public shape of a key: never its secret, nor the hash of it. */
export function apiKeyView({ keyId, name, service, createdAtMs, lastUsedAtMs }: ApiKey) {
  return {
    id: keyId,
    ...(name !== undefined && { name }),
    ...(service !== undefined && { service }),
    createdAt: iso(createdAtMs),
    ...(lastUsedAtMs !== undefined && { lastUsedAt: iso(lastUsedAtMs) }),
  };
}
