import type { LiveCredential } from '../connections/credential.ts';
import type { TenantConnections } from '../connections/store.ts';
import type { Moment } from '../core/clock.ts';
import { outcomes, refuse } from '../core/errors.ts';
import type { ConnectionId, TenantId } from '../core/ids.ts';
import { log } from '../core/log.ts';
import { ok, type Result } from '../core/result.ts';
import type { AttemptPorts } from './attempt.ts';
import { type Call, type Claim, GRACE_MS, hasEnded, type SealedCall } from './call.ts';
import type { CallBody } from './contract.ts';
import { type Draft, draft, same } from './draft.ts';
import { type Budget, drive } from './drive.ts';
import { announce, type CallPorts, CLAIM_MARGIN_MS, LONGEST_HIDE_MS, messageOf, saveSealed } from './run.ts';

export interface SubmitPorts extends CallPorts {
  readonly credentials: AttemptPorts['credentials'];
  readonly quota: { take(tenantId: TenantId, count: number, moment: Moment): Promise<Result<unknown>> };
  readonly connections: { forTenant(tenantId: TenantId): Pick<TenantConnections, 'get'> };
}

export interface Submission extends Draft {
  readonly body: CallBody;
}

/** Of the request's time, what is kept for the row, the event and the answer. */
const CLOSING_MS = 3_000;
/** A request waits no longer than this for a provider, however much time the function has. */
const LONGEST_MS = 25_000;

/** Returns the call once it is kept: ended, if it was asked for at once and the time was enough, else under way.
 *  A repeated idempotency key gives the first call back. Errors: `invalid_request`, `payload_too_large`,
 *  `idempotency_mismatch`, `rate_limited` (the owner's quota), `unavailable`, and those of a connection that cannot be used: `not_found`, `needs_reauth`, `not_configured`. */
export async function submit(
  submission: Submission,
  remainingMs: number,
  ports: SubmitPorts,
  moment: Moment,
): Promise<Result<Call>> {
  const startMs = moment.nowMs;
  const drafted = draft(submission, ports.stage, moment);
  if (!drafted.ok) return drafted;
  const calls = ports.calls.forTenant(submission.tenantId);

  const counted = await ports.quota.take(submission.tenantId, 1, moment);
  const credential = counted.ok ? await credentialFor(submission, startMs + remainingMs, ports) : counted;
  if (!credential.ok) {
    const earlier = submission.idempotencyKey === undefined ? undefined : await calls.get(drafted.value.id);
    return earlier ? repeated(earlier, drafted.value, ports, moment) : credential;
  }
  if (!credential.value) {
    const sealed = await ports.contents.seal(drafted.value);
    if (!sealed.ok) return sealed;
    const kept = await calls.putOnce(sealed.value);
    return kept.first ? ok(await queued(drafted.value, ports)) : repeated(kept.call, drafted.value, ports, moment);
  }

  const endsAtMs = startMs + remainingMs;
  const untilMs = endsAtMs + CLAIM_MARGIN_MS;
  const claim: Claim = { token: moment.token(16), untilMs };
  const call: Call = { ...drafted.value, status: 'running', claim, dueAtMs: untilMs };
  const sealed = await ports.contents.seal(call);
  if (!sealed.ok) return sealed;
  const kept = await calls.putOnce(sealed.value);
  if (!kept.first) return repeated(kept.call, call, ports, moment);
  const deadlineMs = Math.min(endsAtMs - CLOSING_MS, startMs + LONGEST_MS);
  return ok(await attemptNow(call, claim, { deadlineMs, endsAtMs, credential: credential.value }, ports, moment));
}

/** From here on the call is kept: whatever happens, it is not a refusal. */
async function attemptNow(call: Call, claim: Claim, budget: Budget, ports: SubmitPorts, moment: Moment): Promise<Call> {
  const calls = ports.calls.forTenant(call.tenantId);
  let driven: Call;
  try {
    driven = await drive(call, ports, budget, moment);
  } catch (error) {
    log.bug('a call was not tried', error, { call: call.id, provider: call.connection.provider });
    await calls.release(call, claim, moment.nowMs, moment.nowMs + GRACE_MS);
    return queued({ ...call, status: 'waiting', notBeforeMs: undefined }, ports);
  }
  const waitMs = (driven.notBeforeMs ?? 0) - moment.nowMs;
  const parked = waitMs > LONGEST_HIDE_MS;
  const next = parked ? { ...driven, dueAtMs: driven.notBeforeMs } : driven;
  if (!(await saveSealed(next, claim, ports))) {
    const standing = await calls.get(call.id);
    const opened = standing && (await ports.contents.open(standing));
    return opened?.ok ? opened.value : next;
  }
  if (!hasEnded(next)) return parked ? next : queued(next, ports, waitMs);
  await tell(next, ports, moment);
  return next;
}

/** Returns the call that was asked for before. Whoever asks again may have heard nothing of its end, for its worker died
 *  before he could tell: then nor has anybody else. */
async function repeated(kept: SealedCall, wanted: Call, ports: SubmitPorts, moment: Moment): Promise<Result<Call>> {
  const call = await same(kept, wanted, ports.contents);
  if (call.ok && hasEnded(call.value)) await tell(call.value, ports, moment);
  return call;
}

async function tell(call: Call, { bus }: SubmitPorts, moment: Moment): Promise<void> {
  try {
    await announce(call, bus, moment);
  } catch (error) {
    log.bug('the end of a call was not published', error, { call: call.id }); // its caller hears of it here
  }
}

/** A message that SQS did not take is made up for by the tick: the row says when. */
async function queued(call: Call, { queue }: CallPorts, delayMs = 0): Promise<Call> {
  try {
    await queue.send(messageOf(call, delayMs));
  } catch (error) {
    log.bug('a call was not queued', error, { call: call.id, provider: call.connection.provider });
  }
  return call;
}

/** Returns the credential for a call that is to be made at once; nothing for one that is to be queued. */
async function credentialFor(
  { tenantId, connection, body }: Submission,
  endsAtMs: number,
  { credentials, connections }: SubmitPorts,
): Promise<Result<LiveCredential | undefined>> {
  if (body.mode === 'sync') {
    const live = await credentials.live(tenantId, connection, { endsAtMs });
    return !live.ok && outcomes[live.error.code].fate === 'retry' ? ok(undefined) : live;
  }
  const usable = await checkUsable(tenantId, connection, connections);
  return usable.ok ? ok(undefined) : usable;
}

/** Returns whether calls of the connection can be kept for later. Errors: `needs_reauth`, `not_found`. */
export async function checkUsable(
  tenantId: TenantId,
  connection: ConnectionId,
  connections: SubmitPorts['connections'],
): Promise<Result<'active'>> {
  const row = await connections.forTenant(tenantId).get(connection);
  if (row?.status === 'active') return ok('active');
  return row?.status === 'needs_reauth'
    ? refuse('needs_reauth', 'The connection must be authorized again before it can be called.')
    : refuse('not_found', 'There is no such connection.');
}
