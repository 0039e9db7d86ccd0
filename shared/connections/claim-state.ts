import type { Moment } from '../core/clock.ts';
import { type HubErrorCode, refuse } from '../core/errors.ts';
import { ok, type Result } from '../core/result.ts';
import type { ProviderApp } from '../providers/app.ts';
import type { ProviderEntry } from '../providers/provider.ts';
import { contextOf, redirectUriOf } from './authorization.ts';
import { isUnambiguous } from './authorization-response.ts';
import { cookieName, hashed, isSecret, readHandle } from './handle.ts';
import { type CallbackRefusal, judgeCallback, type Session } from './session.ts';
import type { SessionStore } from './session-store.ts';

export interface CallbackRequest {
  readonly provider: string;
  readonly query: URLSearchParams;
  readonly cookie: (name: string) => string | undefined;
}

export interface ClaimPorts {
  readonly sessions: Pick<SessionStore, 'get' | 'consume'>;
  readonly publicUrl: string;
}

const refusals = {
  unknown: ['invalid_state', 'We do not know this sign-in attempt, or it is incomplete.'],
  changed: ['invalid_state', 'This answer does not fit what was asked for.'],
  expired: ['link_expired', 'The sign-in took longer than 10 minutes.'],
  used: ['link_used', 'This sign-in was completed already.'],
  wrong_browser: ['wrong_browser', 'This sign-in was begun in another browser, or cookies are switched off.'],
} as const satisfies Record<CallbackRefusal, readonly [HubErrorCode, string]>;

/** Returns the session whose state this request brings, consumed together with the cookie by one conditional write; who
 *  does not pass it changes nothing and learns nothing. Errors: `invalid_state`, `wrong_browser`, `link_expired`,
 *  `link_used`. */
export async function claimState(
  { sessions, publicUrl }: ClaimPorts,
  entry: ProviderEntry,
  app: ProviderApp,
  { provider, query, cookie }: CallbackRequest,
  moment: Moment,
): Promise<Result<Session>> {
  const handle = isUnambiguous(query) ? readHandle(query.get('state') ?? undefined) : undefined;
  if (!handle) return refusal('unknown');
  const session = await sessions.get(handle.sessionId);
  const held = cookie(cookieName(handle.sessionId));
  const browserHash = isSecret(held) ? hashed('browser', held) : undefined;
  const stateHash = hashed('state', handle.secret);
  // The tenant and name of the row are part of the context, so it is read first; the write alone decides.
  if (!session || browserHash === undefined) {
    return refusal(judgeCallback(session, { stateHash, browserHash }, moment.nowMs), session);
  }
  const moved = await sessions.consume(
    session.id,
    {
      ...{ provider, stateHash, browserHash, claimId: moment.token(16) },
      redirectUri: redirectUriOf(publicUrl, provider),
      context: contextOf(session, entry, app),
    },
    moment.nowMs,
  );
  if (moved.done) return ok(moved.session);
  return refusal(judgeCallback(moved.session, { stateHash, browserHash }, moment.nowMs), session);
}

/** Without its state a session leads nowhere. */
function refusal(why: CallbackRefusal, session?: Session) {
  const [code, message] = refusals[why];
  return refuse(code, message, why === 'unknown' ? {} : { goBack: session?.returnUrl });
}
