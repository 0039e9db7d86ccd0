import type { Moment } from '../core/clock.ts';
import { type HubErrorCode, refuse } from '../core/errors.ts';
import { ok, type Result } from '../core/result.ts';
import type { ProviderApp, ReadApp } from '../providers/app.ts';
import type { ProviderEntry } from '../providers/provider.ts';
import { cookieName, formToken, hashed, isSecret, newSecret, readHandle, writeCookie } from './handle.ts';
import { judgeLink, LINK_MS, type LinkState, type Session, STATE_MS } from './session.ts';
import type { SessionStore } from './session-store.ts';

export interface LinkPorts {
  readonly sessions: Pick<SessionStore, 'get'>;
  readonly readApp: ReadApp;
  readonly find: (provider: string) => ProviderEntry | undefined;
}

/** A link that this browser may start. */
export interface OpenLink {
  readonly session: Session;
  readonly entry: ProviderEntry;
  readonly app: ProviderApp;
}

const refusals = {
  unknown: ['link_invalid', 'This link is not one of ours, or it is incomplete. Go back to the app and begin again.'],
  expired: ['link_expired', 'For your safety a link works for 15 minutes. Go back to the app and begin again.'],
  used: ['link_used', 'A link works once. Go back to the app to see whether the account is connected.'],
  wrong_browser: [
    'wrong_browser',
    'This link was begun in another browser, or cookies are switched off. Use the browser you began in, or begin again in the app.',
  ],
} as const satisfies Record<Exclude<LinkState, 'open'>, readonly [HubErrorCode, string]>;

/** Returns the session of a link if the browser with this cookie may start it; changes nothing, since mail scanners
 *  open links too. Errors: `link_invalid`, `link_expired`, `link_used`, `wrong_browser`. */
export async function findLink(
  { sessions, readApp, find }: LinkPorts,
  link: string,
  cookie: string | undefined,
  nowMs: number,
): Promise<Result<OpenLink>> {
  const handle = readHandle(link);
  const session = handle && (await sessions.get(handle.sessionId));
  const browserHash = isSecret(cookie) ? hashed('browser', cookie) : undefined;
  const state = judgeLink(session, { secret: handle?.secret ?? '', browserHash }, nowMs);
  if (state !== 'open') return refusal(state);
  const entry = session && find(session.provider);
  if (!session || !entry) return refusal('unknown');
  return ok({ session, entry, app: await readApp(session.provider) });
}

/** Returns what the asking page needs, and the cookie that makes this browser the one that may go on; a browser that
 *  has one keeps it. */
export async function openLink(
  ports: LinkPorts,
  link: string,
  readCookie: (name: string) => string | undefined,
  moment: Moment,
) {
  const sessionId = readHandle(link)?.sessionId ?? '';
  const held = readCookie(cookieName(sessionId));
  const found = await findLink(ports, link, held, moment.nowMs);
  if (!found.ok) return found;
  const cookie = isSecret(held) ? held : newSecret(moment);
  return ok({
    ...found.value,
    csrf: formToken(cookie, sessionId),
    cookie: writeCookie(sessionId, cookie, (LINK_MS + STATE_MS) / 1000),
  });
}

function refusal(state: Exclude<LinkState, 'open'>) {
  const [code, message] = refusals[state];
  return refuse(code, message);
}
