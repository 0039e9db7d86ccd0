import type { Moment } from '../core/clock.ts';
import type { Signature, Webhooks } from '../providers/webhooks.ts';
import { type EndpointRow, joined } from './endpoint.ts';
import type { EndpointVault } from './endpoint-vault.ts';
import { publicKey } from './signed.ts';

/** Returns a new secret in the form that the sender signs with: 256 bits. */
export function makeSecret({ signatures }: Webhooks, moment: Moment): string {
  const bytes = moment.token();
  return signatures.some(isWhsec) ? `whsec_${Buffer.from(bytes, 'base64url').toString('base64')}` : bytes;
}

/** Returns the endpoint's successor with this as its newest secret; see `joined`. */
export async function withSecret(
  vault: EndpointVault,
  row: EndpointRow,
  { secret, overlapMs }: { readonly secret: string; readonly overlapMs: number },
  moment: Moment,
): Promise<EndpointRow> {
  const before = row.sealed ? await vault.open(row, row.sealed) : [];
  const all = joined(secret, row, before, overlapMs, moment);
  const next = { ...row, generation: row.generation + 1, version: row.version + 1, updatedAtMs: moment.nowMs };
  const plain = all.map((one) => one.secret);
  return { ...next, secrets: all.map(({ note }) => note), sealed: await vault.seal(next, plain, moment) };
}

/** Returns what is wrong with a secret that somebody else made; nothing where one of the sender's signatures can be made
 *  with it. */
export function faultOf({ signatures }: Webhooks, secret: string): string | undefined {
  if (signatures.some((signature) => fits(signature, secret))) return undefined;
  const [first] = signatures;
  if (first?.kind === 'ed25519') return 'the public key, 64 hexadecimal digits';
  if (first?.kind === 'ecdsa') return 'the public key, base64 of its SPKI';
  return first && isWhsec(first) ? 'whsec_ and base64 behind it, as the sender shows it' : 'not used by this sender';
}

function fits(signature: Signature, secret: string): boolean {
  switch (signature.kind) {
    case 'ed25519':
    case 'ecdsa':
      return publicKey(signature.kind, secret) !== undefined;
    case 'hmac':
      return !isWhsec(signature) || /^(whsec_)?[A-Za-z0-9+/]{22,200}={0,2}$/.test(secret);
    case 'hash':
    case 'token':
      return true;
    default:
      return false; // a platform vouches
  }
}

function isWhsec(signature: Signature): boolean {
  return 'key' in signature && signature.key === 'whsec';
}
