import { verify as verifySignature } from 'node:crypto';
import { refuse } from '../core/errors.ts';
import type { Send } from '../core/fetch.ts';
import { textAt } from '../core/json.ts';
import { ok, type Result } from '../core/result.ts';
import { placed } from '../providers/app.ts';
import { configure } from '../providers/settings.ts';
import type { Jwt, Reply, Sns, Webhooks } from '../providers/webhooks.ts';
import { replyTo } from './answer.ts';
import type { Delivery } from './contract.ts';
import { readDocument } from './document.ts';
import type { PlatformKeys } from './platform-keys.ts';
import { readTrust, type Trust, type TrustPorts } from './trust.ts';
import { type Incoming, isVouched, readClaim, unverified, verify } from './verify.ts';
import { isAt, readVouchers, type Voucher } from './voucher.ts';

export interface BelievePorts extends TrustPorts {
  readonly keys: PlatformKeys;
  readonly send: Send;
}

/** A delivery whose sender is genuine. */
export interface Believed {
  /** As the settings complete them. */
  readonly webhooks: Webhooks;
  /** Whose address it was sent to; none: the event says whose it is. */
  readonly owner?: Delivery['owner'];
  /** Only the address was to be proven. */
  readonly handshake: boolean;
}

const VISIT_TIMEOUT_MS = 5_000;

/** Returns how to read a delivery, once it is verified where that was put off. The time that was signed is compared with
 *  the time of arrival: the message may have waited for hours.
 *  Errors: `unauthenticated`, `unavailable` (a secret or a key cannot be read at present). */
export async function believe(
  webhooks: Webhooks,
  delivery: Delivery,
  request: Incoming,
  ports: BelievePorts,
): Promise<Result<Believed>> {
  const { deferred, settings, owner } = delivery;
  if (!deferred) return ok({ webhooks: configure(webhooks, settings) ?? webhooks, owner, handshake: false });
  try {
    const trust = await readTrust(webhooks, delivery, ports);
    if (!trust.ok) return trust;
    const verified = await verifyLate(trust.value, delivery, request, ports);
    if (!verified.ok) return verified;
    const reply = replyTo(trust.value.webhooks, request, readDocument(trust.value.webhooks, request));
    if (reply?.visit) await visit(reply.visit, delivery, request, ports);
    const { webhooks: configured, endpoint } = trust.value;
    return ok({ webhooks: configured, owner: endpoint, handshake: reply?.handshake !== undefined });
  } catch (error) {
    const cause = error instanceof Error ? error.name : 'unknown';
    return refuse('unavailable', 'The request cannot be verified at present.', { cause });
  }
}

async function verifyLate(
  trust: Trust,
  { provider, receivedAt }: Delivery,
  request: Incoming,
  ports: BelievePorts,
): Promise<Result<unknown>> {
  const atMs = Date.parse(receivedAt);
  const claim = readClaim(trust.webhooks, request, atMs);
  if (!claim.ok) return claim;
  const { signature } = claim.value;
  if (!isVouched(signature)) return verify(trust.webhooks, request, trust.secrets, atMs);
  const vouchers = readVouchers(signature, trust, request, atMs);
  if (!vouchers) return unverified('nobody who is meant');
  const app = await ports.readApp(provider);
  const holding = await Promise.all(
    vouchers.map((voucher) => holds(voucher, signature, ports.keys, (url) => placed(url, app))),
  );
  return holding.every(Boolean) ? ok(true) : unverified('the platform did not sign it');
}

async function holds(
  voucher: Voucher,
  signature: Jwt | Sns,
  keys: PlatformKeys,
  place: (url: string) => string,
): Promise<boolean> {
  const key =
    voucher.kind === 'sns'
      ? await keys.certificateKey(place(voucher.certificate))
      : await keys.keyOf('keys' in signature ? place(signature.keys) : '', voucher.keyId);
  const hash = voucher.kind === 'sns' ? voucher.hash : 'sha256';
  return key?.asymmetricKeyType === 'rsa' && verifySignature(hash, Buffer.from(voucher.signed), key, voucher.mac);
}

/** Throws where nothing answers: the delivery comes again. */
async function visit(
  { at, hosts }: NonNullable<Reply['visit']>,
  { provider }: Delivery,
  { bytes }: Incoming,
  { readApp, send }: BelievePorts,
): Promise<void> {
  const url = textAt(JSON.parse(bytes.toString('utf8')), at) ?? '';
  if (!isAt(url, hosts)) throw new Error('the address to be visited is not one of the platform');
  const answer = await send({
    method: 'GET',
    url: placed(url, await readApp(provider)),
    headers: {},
    timeoutMs: VISIT_TIMEOUT_MS,
  });
  if (!answer.ok || answer.value.status >= 300) throw new Error('the address to be visited does not answer');
}
