import type { Queue } from '../core/bus.ts';
import { type Moment, within } from '../core/clock.ts';
import { refuse } from '../core/errors.ts';
import { log } from '../core/log.ts';
import { measure } from '../core/metrics.ts';
import type { Objects } from '../core/objects.ts';
import { ok, type Result } from '../core/result.ts';
import { type ReadApp, WrongSecret } from '../providers/app.ts';
import type { Webhooks } from '../providers/webhooks.ts';
import { openAllowance } from './allowance.ts';
import type { Delivery } from './contract.ts';
import { isProbe, readDocument, readHandshake } from './document.ts';
import { readAccounts, readType } from './split.ts';
import { headersRead, type Incoming, readClaim, verify } from './verify.ts';

export interface ReceivePorts {
  readonly findWebhooks: (provider: string) => Webhooks | undefined;
  readonly readApp: ReadApp;
  readonly queue: Pick<Queue, 'send'>;
  readonly objects: Pick<Objects, 'put'>;
}

export interface Arrival extends Incoming {
  readonly provider: string;
  readonly requestId: string;
}

/** What Lambda takes in binary: HTTP API's 10 MB do not fit through its base64. */
const MAX_BYTES = 4_500_000;
/** A message may have 1 MiB; the body grows by a third as base64. */
const MAX_INLINE_BYTES = 670_000;
/** Larger ones are not read here to learn whose they are: the queue is fair by provider then. */
const MAX_READ_BYTES = 256_000;
const MAX_DEFERRED_BYTES = 256_000;
const DEFERRED_PER_MINUTE = 300;
const MAX_CHALLENGE_LENGTH = 500;
/** The tightest provider gives up after 3 s; a later answer is a repeated delivery at best. */
const DURABLE_WITHIN_MS = 2_300;

/** Returns what takes in webhooks: text to answer with 200, once the request is durable or needs no keeping.
 *  Errors: `not_found`, `payload_too_large`, `unsupported_media_type`, `unauthenticated`, `unavailable`. */
export function openReceiver(ports: ReceivePorts) {
  const mayDefer = openAllowance(DEFERRED_PER_MINUTE);
  const saidNotConfigured = new Set<string>();

  async function receive(arrival: Arrival, moment: Moment): Promise<Result<string>> {
    const webhooks = ports.findWebhooks(arrival.provider);
    if (!webhooks) return refuse('not_found', 'There is nothing at this address.');
    const { provider } = arrival;
    if (arrival.bytes.length > MAX_BYTES) {
      return refuse('payload_too_large', `The body may have at most ${MAX_BYTES} bytes.`);
    }
    if (!/^(identity)?$/i.test(arrival.headers['content-encoding'] ?? '')) {
      return refuse('unsupported_media_type', 'Send the body without a content encoding.');
    }
    if (isProbe(webhooks, arrival)) return ok('');

    const secrets = await readSecrets(provider);
    if (secrets === 'unreadable') return defer(webhooks, arrival, moment);
    const verified = verify(webhooks, arrival, secrets, moment.nowMs);
    if (!verified.ok) {
      measure('WebhookRefused', { provider, outcome: verified.error.cause ?? 'unverified' });
      return verified;
    }

    const document = arrival.bytes.length <= MAX_READ_BYTES ? readDocument(webhooks, arrival) : undefined;
    const handshake = readHandshake(webhooks, document);
    if (handshake) return answerHandshake(handshake.text);
    const outcome = verified.value === 0 ? 'accepted' : 'accepted by an older secret';
    return keep(webhooks, arrival, { deferred: false, document, outcome }, moment);
  }

  async function readSecrets(provider: string): Promise<readonly string[] | 'unreadable'> {
    try {
      const { webhookSecrets = [] } = await ports.readApp(provider);
      if (webhookSecrets.length === 0) sayOnce(provider, 'not_configured');
      return webhookSecrets;
    } catch (error) {
      if (!(error instanceof WrongSecret)) return 'unreadable';
      sayOnce(provider, error.message);
      return []; // nobody can be believed until the owner mends it (D-01)
    }
  }

  function sayOnce(provider: string, cause: string): void {
    if (saidNotConfigured.has(provider)) return;
    saidNotConfigured.add(provider);
    log.warn('webhooks are refused: no usable secret', { provider, code: 'not_configured', cause });
  }

  /** The secret cannot be read: what looks right is kept unverified, within bounds, and judged by `process`. */
  async function defer(webhooks: Webhooks, arrival: Arrival, moment: Moment): Promise<Result<string>> {
    const claim = readClaim(webhooks, arrival, moment.nowMs);
    if (!claim.ok) return claim;
    if (arrival.bytes.length > MAX_DEFERRED_BYTES || !mayDefer(moment.nowMs)) return unavailable('deferral is used up');
    return keep(webhooks, arrival, { deferred: true, document: undefined, outcome: 'deferred' }, moment);
  }

  async function keep(
    webhooks: Webhooks,
    arrival: Arrival,
    { deferred, document, outcome }: { deferred: boolean; document: unknown; outcome: string },
    moment: Moment,
  ): Promise<Result<string>> {
    const { provider, requestId, bytes } = arrival;
    const object = bytes.length > MAX_INLINE_BYTES ? `intake/${requestId}` : undefined;
    const delivery: Delivery = {
      provider,
      receivedAt: new Date(moment.nowMs).toISOString(),
      requestId,
      headers: pick(arrival.headers, [...headersRead(webhooks), 'content-type']),
      body: object ? { object } : { base64: bytes.toString('base64') },
      deferred,
    };
    const account = readAccounts(webhooks, readType(webhooks, arrival, document), document)[0];
    const durable = async () => {
      if (object) await ports.objects.put(object, bytes);
      await ports.queue.send({ body: JSON.stringify(delivery), group: groupOf(provider, account) });
    };
    try {
      await within(durable(), DURABLE_WITHIN_MS);
    } catch (error) {
      return unavailable(error instanceof Error ? error.name : 'unknown');
    }
    measure('WebhookAccepted', { provider, outcome });
    return ok('');
  }

  return receive;
}

function answerHandshake(challenge: string | undefined): Result<string> {
  if (challenge !== undefined && challenge.length <= MAX_CHALLENGE_LENGTH) return ok(challenge);
  return refuse('invalid_request', `The challenge must be text of at most ${MAX_CHALLENGE_LENGTH} characters.`);
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
