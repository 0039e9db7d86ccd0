import type { Moment } from '../core/clock.ts';
import { sha256 } from '../core/crypto.ts';
import { refuse } from '../core/errors.ts';
import { type ConnectionId, newId, type TenantId } from '../core/ids.ts';
import { canonicalJson } from '../core/json.ts';
import { connectionKey } from '../core/keys.ts';
import { ok, type Result } from '../core/result.ts';
import { readAsked } from './asked.ts';
import { type Asked, type Call, LIFETIME_MS, QUEUE_PATIENCE_MS, type SealedCall } from './call.ts';
import type { CallContents } from './contents.ts';
import type { Wanted } from './contract.ts';
import { operationOf } from './observe.ts';

export const LONGEST_LIFE_MS = 30 * 24 * 60 * 60_000;

/** One call, as somebody wants it made. */
export interface Draft {
  readonly tenantId: TenantId;
  readonly connection: ConnectionId;
  readonly body: Wanted;
  readonly idempotencyKey?: string;
  readonly requestId?: string;
}

/** Returns the call as it will be kept; nothing of it is yet. Errors: `invalid_request`, `payload_too_large`. */
export function draft(
  { tenantId, connection, body, idempotencyKey, requestId }: Draft,
  stage: string,
  moment: Moment,
): Result<Call> {
  if (idempotencyKey !== undefined && !/^[\x21-\x7e]{1,200}$/.test(idempotencyKey)) {
    return refuse('invalid_request', 'Idempotency-Key: 1 to 200 printable ASCII characters, no spaces');
  }
  const asked = readAsked(body, connection.provider, stage);
  if (!asked.ok) return asked;
  const createdAtMs = moment.nowMs;
  const expiresAtMs = body.expiresAt ? Date.parse(body.expiresAt) : createdAtMs + LIFETIME_MS;
  if (expiresAtMs <= createdAtMs || expiresAtMs > createdAtMs + LONGEST_LIFE_MS) {
    return refuse('invalid_request', 'body.expiresAt: in the future, and within 30 days');
  }
  return ok({
    tenantId,
    id: idempotencyKey === undefined ? newId('call', moment) : keyedId(tenantId, connection, idempotencyKey),
    connection,
    ...(body.action !== undefined && { action: body.action }),
    endpoint: endpointOf(asked.value),
    requestId,
    asked: asked.value,
    lane: body.lane,
    status: 'queued',
    attempts: [],
    tries: 0,
    dueAtMs: createdAtMs + QUEUE_PATIENCE_MS,
    createdAtMs,
    expiresAtMs,
  });
}

/** Returns what is called, to be counted and shown: a path's ids are nobody else's business. */
function endpointOf(asked: Asked): string {
  if (asked.action !== undefined) return asked.action;
  return asked.graphql ? 'graphql' : `${asked.request.method} ${operationOf(asked)}`;
}

function keyedId(tenantId: TenantId, connection: ConnectionId, idempotencyKey: string): string {
  const hash = sha256(canonicalJson([tenantId, connectionKey(connection), idempotencyKey]));
  return `call_${Buffer.from(hash, 'base64url').toString('hex').slice(0, 40)}`;
}

/** Returns the call that was first under an idempotency key. Errors: `idempotency_mismatch`, and those of opening it. */
export async function same(
  earlier: SealedCall,
  drafted: Call,
  contents: Pick<CallContents, 'open'>,
): Promise<Result<Call>> {
  const opened = await contents.open(earlier);
  if (!opened.ok || canonicalJson(opened.value.asked) === canonicalJson(drafted.asked)) return opened;
  return refuse(
    'idempotency_mismatch',
    'This Idempotency-Key was used for another request; use a new one for this one.',
  );
}
