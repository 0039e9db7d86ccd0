import { createPrivateKey, createPublicKey, sign as signEd25519 } from 'node:crypto';
import type { Vault } from '../connections/vault.ts';
import type { Moment } from '../core/clock.ts';
import { hmac } from '../core/crypto.ts';
import { OWNER } from '../core/keys.ts';
import type { Result } from '../core/result.ts';
import { Secret } from '../core/secret.ts';

// Both kinds of signature that Standard Webhooks has, over the same key material: `v1`, HMAC-SHA256 under the secret that
// the owner was shown, and `v1a`, Ed25519, which is checked with a public key. Signing is done here, not in KMS: it signs
// at most 4,096 bytes.

/** One generation of a subscription's signing keys, as its row has it. */
export interface KeyPair {
  readonly generation: number;
  /** `whpk_…`, for `v1a`. */
  readonly publicKey: string;
  /** Both secrets, sealed. */
  readonly sealed: string;
  /** Signs until then, ms since the epoch; absent: it is the newest. */
  readonly untilMs?: number;
}

interface Secrets {
  /** `whsec_…` */
  readonly shared: string;
  /** 32 bytes, base64. */
  readonly seed: string;
}

/** RFC 8410: what stands before the 32 bytes of an Ed25519 private key in PKCS #8, and its public key in SPKI. */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');
const SPKI_BYTES = 12;

const placeOf = (subscriptionId: string, generation: number) => ({
  provider: 'subscriptions',
  name: subscriptionId,
  field: 'signing-keys',
  generation,
});

/** Returns new keys, sealed for this subscription; and the shared secret, to be shown once. */
export async function makeKeys(
  subscriptionId: string,
  generation: number,
  { vault, moment }: { readonly vault: Pick<Vault, 'seal'>; readonly moment: Moment },
): Promise<{ readonly keys: KeyPair; readonly secret: string }> {
  const random = () => Buffer.from(moment.token(32), 'base64url').toString('base64');
  const secrets: Secrets = { shared: `whsec_${random()}`, seed: random() };
  const spki = createPublicKey(privateKeyOf(secrets)).export({ format: 'der', type: 'spki' });
  const publicKey = `whpk_${spki.subarray(SPKI_BYTES).toString('base64')}`;
  const sealed = await vault.seal(OWNER, placeOf(subscriptionId, generation), new Secret(JSON.stringify(secrets)));
  return { keys: { generation, publicKey, sealed }, secret: secrets.shared };
}

/** Returns the secrets of these keys, for `signatures`. Errors: those of the vault. */
export async function openKeys(
  subscriptionId: string,
  keys: readonly KeyPair[],
  vault: Pick<Vault, 'open'>,
): Promise<Result<readonly Secret[]>> {
  const opened: Secret[] = [];
  for (const { generation, sealed } of keys) {
    const secret = await vault.open(OWNER, placeOf(subscriptionId, generation), sealed);
    if (!secret.ok) return secret;
    opened.push(secret.value);
  }
  return { ok: true, value: opened };
}

/** Returns the header `webhook-signature`: both signatures of each key over id, time and the exact body (Standard
 *  Webhooks, "Signature scheme"). */
export function signatures(keys: readonly Secret[], id: string, timestampS: number, body: string): string {
  const signed = `${id}.${timestampS}.${body}`;
  return keys
    .flatMap((key) => {
      const secrets: Secrets = JSON.parse(key.reveal());
      const shared = Buffer.from(secrets.shared.slice('whsec_'.length), 'base64');
      const v1 = hmac('sha256', shared, [signed]).toString('base64');
      const v1a = signEd25519(null, Buffer.from(signed), privateKeyOf(secrets)).toString('base64');
      return [`v1,${v1}`, `v1a,${v1a}`];
    })
    .join(' ');
}

function privateKeyOf({ seed }: Secrets) {
  const der = Buffer.concat([PKCS8, Buffer.from(seed, 'base64')]);
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
}
