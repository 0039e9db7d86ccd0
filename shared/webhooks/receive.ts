import type { Queue } from '../core/bus.ts';
import { iso, type Moment, within } from '../core/clock.ts';
import { refuse } from '../core/errors.ts';
import { log } from '../core/log.ts';
import { measure } from '../core/metrics.ts';
import type { Objects } from '../core/objects.ts';
import type { Result } from '../core/result.ts';
import { WrongSecret } from '../providers/app.ts';
import type { Webhooks } from '../providers/webhooks.ts';
import { openAllowance } from './allowance.ts';
import { type Answer, bringsSecret, replyTo, unsignedHandshake, wordsOf } from './answer.ts';
import type { Captured } from './captured.ts';
import type { Delivery } from './contract.ts';
import { readDocument } from './document.ts';
import { readAccount } from './split.ts';
import { readTrust, type Trust, type TrustPorts } from './trust.ts';
import { eventHeaders, headersRead, type Incoming, isVouched, readClaim, unverified, verify } from './verify.ts';
import { readVouchers } from './voucher.ts';

export interface ReceivePorts extends TrustPorts {
  readonly findWebhooks: (provider: string) => Webhooks | undefined;
  readonly queue: Pick<Queue, 'send'>;
  readonly objects: Pick<Objects, 'put'>;
  readonly captured: Pick<Captured, 'seal'>;
}

export interface Arrival extends Incoming {
  readonly provider: string;
  /** Of a tenant's own address. */
  readonly endpoint?: string;
  readonly requestId: string;
}

/** What Lambda takes in binary: HTTP API's 10 MB do not fit through its base64. */
const MAX_BYTES = 4_500_000;
/** A message may have 1 MiB; the body grows by a third as base64. */
const MAX_INLINE_BYTES = 670_000;
/** Larger ones are not read here to learn whose they are, unless the answer depends on it: the queue is fair by provider
 *  then. */
const MAX_READ_BYTES = 256_000;
const MAX_DEFERRED_BYTES = 256_000;
const DEFERRED_PER_MINUTE = 300;
/** Their senders are known by then, if not proven. */
const VOUCHED_PER_MINUTE = 6_000;
const CAPTURED_PER_MINUTE = 5;
/** The tightest provider gives up after 3 s; a later answer is a repeated delivery at best. */
const DURABLE_WITHIN_MS = 2_300;

interface Kept {
  /** As the settings complete them. */
  readonly webhooks: Webhooks;
  readonly arrival: Arrival;
  readonly trust?: Trust;
  readonly deferred: boolean;
  /** It brings the secret that it is signed with. */
  readonly captured?: true;
  readonly outcome: string;
}

/** Returns what takes in webhooks: what to answer once the request is durable or needs no keeping.
 *  Errors: `not_found`, `payload_too_large`, `unsupported_media_type`, `unauthenticated`, `invalid_request`, `unavailable`. */
export function openReceiver(ports: ReceivePorts) {
  const mayDefer = openAllowance(DEFERRED_PER_MINUTE);
  const mayVouch = openAllowance(VOUCHED_PER_MINUTE);
  const mayCapture = openAllowance(CAPTURED_PER_MINUTE);
  const saidNotConfigured = new Set<string>();

  async function receive(arrival: Arrival, moment: Moment): Promise<Result<Answer>> {
    const webhooks = ports.findWebhooks(arrival.provider);
    if (!webhooks) return refuse('not_found', 'There is nothing at this address.');
    if (arrival.bytes.length > MAX_BYTES) {
      return refuse('payload_too_large', `The body may have at most ${MAX_BYTES} bytes.`);
    }
    if (!/^(identity)?$/i.test(arrival.headers['content-encoding'] ?? '')) {
      return refuse('unsupported_media_type', 'Send the body without a content encoding.');
    }
    const handshake = unsignedHandshake(webhooks, arrival);
    if (handshake) return wordsOf(handshake, arrival, undefined);
    if (arrival.method === 'GET') return refuse('not_found', 'There is nothing at this address.');

    const trust = await trustIn(webhooks, arrival);
    if (trust !== 'unreadable' && !trust.ok) return refused(arrival, trust);
    const known = trust === 'unreadable' ? undefined : trust.value;
    const completed = known?.webhooks ?? webhooks;
    if (bringsSecret(completed, arrival, moment.nowMs)) return capture(completed, arrival, moment);
    return known ? judge(arrival, known, moment) : defer(webhooks, arrival, moment);
  }

  async function capture(webhooks: Webhooks, arrival: Arrival, moment: Moment): Promise<Result<Answer>> {
    if (!mayCapture(moment.nowMs)) return unavailable('capturing is used up');
    return keep({ webhooks, arrival, deferred: false, captured: true, outcome: 'captured' }, moment);
  }

  async function judge(arrival: Arrival, trust: Trust, moment: Moment): Promise<Result<Answer>> {
    const { webhooks, secrets } = trust;
    if (webhooks.signatures.some(isVouched)) {
      const claim = readClaim(webhooks, arrival, moment.nowMs);
      if (claim.ok && isVouched(claim.value.signature)) {
        const vouchers = readVouchers(claim.value.signature, trust, arrival, moment.nowMs);
        if (!vouchers) return refused(arrival, unverified('nobody who is meant'));
        if (arrival.bytes.length > MAX_INLINE_BYTES || !mayVouch(moment.nowMs)) return unavailable('too many at once');
        return keep({ webhooks, arrival, trust, deferred: true, outcome: 'accepted' }, moment);
      }
    }
    const verified = verify(webhooks, arrival, secrets, moment.nowMs);
    if (!verified.ok) return refused(arrival, verified);
    const outcome = verified.value === 0 ? 'accepted' : 'accepted by an older secret';
    return keep({ webhooks, arrival, trust, deferred: false, outcome }, moment);
  }

  async function trustIn(webhooks: Webhooks, arrival: Arrival): Promise<Result<Trust> | 'unreadable'> {
    try {
      const trust = await readTrust(webhooks, arrival, ports);
      const empty = trust.ok && trust.value.secrets.length + trust.value.senders.length === 0;
      if (empty || (!trust.ok && !arrival.endpoint)) sayOnce(arrival.provider, 'not_configured');
      return trust;
    } catch (error) {
      if (!(error instanceof WrongSecret)) return 'unreadable';
      sayOnce(arrival.provider, error.message);
      return unverified('the secret is wrong'); // nobody can be believed until the owner mends it (D-01)
    }
  }

  function sayOnce(provider: string, cause: string): void {
    if (saidNotConfigured.has(provider)) return;
    saidNotConfigured.add(provider);
    log.warn('webhooks are refused: no usable secret', { provider, code: 'not_configured', cause });
  }

  /** Whom to believe cannot be read: what looks right is kept unverified, within bounds, and judged by `process`. Where the
   *  settings say how it looks, they cannot be read either. */
  async function defer(webhooks: Webhooks, arrival: Arrival, moment: Moment): Promise<Result<Answer>> {
    const claim = webhooks.settings === 'signature' ? undefined : readClaim(webhooks, arrival, moment.nowMs);
    if (claim && !claim.ok) return claim;
    if (arrival.bytes.length > MAX_DEFERRED_BYTES || !mayDefer(moment.nowMs)) return unavailable('deferral is used up');
    return keep({ webhooks, arrival, deferred: true, outcome: 'deferred' }, moment);
  }

  async function keep(kept: Kept, moment: Moment): Promise<Result<Answer>> {
    const { webhooks, arrival, trust, deferred, outcome } = kept;
    const { provider, bytes } = arrival;
    const read = bytes.length <= MAX_READ_BYTES || (!deferred && webhooks.replies !== undefined);
    const document = read ? readDocument(webhooks, arrival) : undefined;
    const reply = replyTo(webhooks, arrival, document);
    if (reply?.handshake && !deferred) return wordsOf(reply, arrival, document);

    const durable = async () => {
      const delivery = toDelivery(kept, await bodyOf(kept, moment), moment.nowMs);
      const account = trust?.endpoint?.tenantId ?? (deferred ? undefined : readAccount(webhooks, arrival, document));
      await ports.queue.send({ body: JSON.stringify(delivery), group: groupOf(provider, account) });
    };
    try {
      await within(durable(), DURABLE_WITHIN_MS);
    } catch (error) {
      return unavailable(error instanceof Error ? error.name : 'unknown');
    }
    measure('WebhookAccepted', { provider, outcome });
    return wordsOf(reply?.handshake ? undefined : reply, arrival, document);
  }

  async function bodyOf({ arrival, captured }: Kept, moment: Moment): Promise<Delivery['body']> {
    const { requestId, bytes } = arrival;
    if (captured) return { sealed: await ports.captured.seal(arrival, bytes, moment) };
    if (bytes.length <= MAX_INLINE_BYTES) return { base64: bytes.toString('base64') };
    const object = `intake/${requestId}`;
    await ports.objects.put(object, bytes);
    return { object };
  }

  return receive;
}

function toDelivery({ webhooks, arrival, trust, deferred }: Kept, body: Delivery['body'], nowMs: number): Delivery {
  const { provider, endpoint, requestId, headers, url } = arrival;
  const { settings } = webhooks;
  const all = deferred && settings === 'signature' ? Object.keys(headers) : undefined;
  const read = deferred ? headersRead(webhooks) : eventHeaders(webhooks);
  return {
    provider,
    ...(endpoint !== undefined && { endpoint }),
    ...(trust?.endpoint && { owner: trust.endpoint }),
    ...(trust?.settings && { settings: trust.settings }),
    receivedAt: iso(nowMs),
    requestId,
    headers: pick(headers, all ?? [...read, 'content-type']),
    body,
    deferred,
    ...(deferred && url !== undefined && { url }),
  };
}

function refused({ provider }: Arrival, refusal: Extract<Result<never>, { ok: false }>): Result<never> {
  measure('WebhookRefused', { provider, outcome: refusal.error.cause ?? 'unverified' });
  return refusal;
}

function unavailable(cause: string): Result<never> {
  log.warn('a webhook was not taken in', { code: 'unavailable', cause });
  return refuse('unavailable', 'The webhook was not taken in; send it again.', { retryAfterMs: 5_000, cause });
}

/** SQS allows 128 characters of ASCII punctuation and letters in a group's name. */
function groupOf(provider: string, account: string | undefined): string {
  return account !== undefined && /^[\x21-\x7e]{1,64}$/.test(account) ? `${provider}/${account}` : provider;
}

function pick(headers: Incoming['headers'], names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.flatMap((name) => (headers[name] === undefined ? [] : [[name, headers[name]]])));
}
