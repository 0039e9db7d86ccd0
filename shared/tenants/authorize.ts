import type { TenantId } from '../core/ids.ts';
import { log } from '../core/log.ts';
import { isSecretOf, readApiKey, USE_NOTED_MS } from './api-key.ts';
import { isOperatorKey } from './operator-key.ts';
import type { TenantStore } from './store.ts';

/** Who calls; `unknown` for every failure alike: missing, malformed, foreign and revoked keys. */
export type Caller =
  | { readonly kind: 'operator' }
  | { readonly kind: 'tenant'; readonly tenantId: TenantId; readonly keyId: string }
  | { readonly kind: 'unknown' };

export interface AuthorizePorts {
  readonly stage: string;
  readonly tenants: Pick<TenantStore, 'keysOf'>;
  readonly readOperatorKey: () => Promise<string | undefined>;
}

const BEARER = /^Bearer ([\x21-\x2b\x2d-\x7e]{8,300})$/i; // no comma: two headers arrive joined by one

/** Returns who sent this Authorization header. A text that is no key of this stage never reaches the table. */
export async function authorize(
  { stage, tenants, readOperatorKey }: AuthorizePorts,
  header: string | undefined,
  nowMs: number,
): Promise<Caller> {
  const text = BEARER.exec(header ?? '')?.[1];
  if (text === undefined) return { kind: 'unknown' };
  const key = readApiKey(text, stage);
  if (key) {
    const { tenantId, keyId, secret } = key;
    const keys = tenants.keysOf(tenantId);
    const row = await keys.get(keyId);
    if (!row || !isSecretOf(row, secret)) return { kind: 'unknown' };
    const dueMs = nowMs - USE_NOTED_MS;
    if ((row.lastUsedAtMs ?? 0) < dueMs) {
      await keys.noteUse(keyId, nowMs, dueMs).catch((error) => {
        log.bug('the use of a key was not noted', error, { tenant: tenantId, key: keyId }); // it is good all the same
      });
    }
    return { kind: 'tenant', tenantId, keyId };
  }
  return (await isOperatorKey(text, readOperatorKey)) ? { kind: 'operator' } : { kind: 'unknown' };
}
