import { refuse } from '../core/errors.ts';
import { ok, type Result } from '../core/result.ts';
import type { Reply, Webhooks } from '../providers/webhooks.ts';
import { holds, isForm, readDocument, textIn } from './document.ts';
import { type Incoming, verify } from './verify.ts';

/** What the sender is told. */
export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

export const nothing: Answer = { status: 200, type: 'text/plain', body: '' };

const MAX_ECHO_LENGTH = 500;
/** Forms that come unsigned, and secrets that are brought, are small. */
const MAX_UNVERIFIED_BYTES = 4_096;

/** Returns how a request is answered that is believed, or about to be: nothing where it is like any other. */
export function replyTo(webhooks: Webhooks, request: Incoming, document: unknown): Reply | undefined {
  return find(webhooks, request, () => document, ['verified', undefined]);
}

/** Returns the handshake that is answered to anybody, if this is one (D-14). */
export function unsignedHandshake(webhooks: Webhooks, request: Incoming): Reply | undefined {
  const readable = request.bytes.length <= MAX_UNVERIFIED_BYTES && isForm(request.headers);
  return find(webhooks, request, () => (readable ? readDocument(webhooks, request) : undefined), ['unsigned']);
}

/** Returns whether the request brings the secret that it is signed with, for the operator to see. */
export function bringsSecret(webhooks: Webhooks, request: Incoming, nowMs: number): boolean {
  if (request.bytes.length > MAX_UNVERIFIED_BYTES) return false;
  const document = () => readDocument(webhooks, request);
  const reply = find(webhooks, request, document, ['captured']);
  const secret = reply?.when && textIn(reply.when, request, document());
  return secret !== undefined && verify(webhooks, request, [secret], nowMs).ok;
}

/** The document is read only where a reply might ask for it. */
function find(
  { replies = [] }: Webhooks,
  request: Incoming,
  readIt: () => unknown,
  handshakes: readonly Reply['handshake'][],
): Reply | undefined {
  const candidates = replies.filter(({ handshake }) => handshakes.includes(handshake));
  const document = candidates.length > 0 ? readIt() : undefined;
  return candidates.find(({ when }) => when === undefined || holds(when, request, document));
}

/** Returns the words of an answer. Errors: `invalid_request`, where what is to be echoed is no text, or long. */
export function wordsOf(reply: Reply | undefined, request: Incoming, document: unknown): Result<Answer> {
  if (!reply) return ok(nothing);
  const { status = 200, type = 'text/plain', body = '', echo } = reply;
  if (!echo) return ok({ status, type, body });
  const text = textIn(echo, request, document);
  if (text !== undefined && text.length <= MAX_ECHO_LENGTH) return ok({ status, type, body: text });
  return refuse('invalid_request', `The challenge must be text of at most ${MAX_ECHO_LENGTH} characters.`);
}
