import type { Moment } from '../core/clock.ts';
import { type HubErrorCode, refuse } from '../core/errors.ts';
import { ok, type Result } from '../core/result.ts';
import type { ProviderApp, ReadApp } from '../providers/app.ts';
import type { ProviderEntry } from '../providers/provider.ts';
import type { TenantStore } from '../tenants/store.ts';
import { cookieName, formToken, hashed, isSecret, newSecret, readHandle, writeCookie } from './handle.ts';
import { judgeLink, LINK_MS, type LinkState, type Session, STATE_MS } from './session.ts';
import type { SessionStore } from './session-store.ts';
import { chosenWay } from './ways.ts';

export interface LinkPorts {
  readonly sessions: Pick<SessionStore, 'get'>;
  readonly tenants: Pick<TenantStore, 'get'>;
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
  unknown: ['link_invalid', 'This link is not one of ours, or it is incomplete.'],
  expired: ['link_expired', 'For your safety a link works for 15 minutes.'],
  used: ['link_used', 'A link works once, and this one was followed to its end.'],
  wrong_browser: ['wrong_browser', 'This link was begun in another browser, or cookies are switched off.'],
} as const satisfies Record<Exclude<LinkState, 'open'>, readonly [HubErrorCode, string]>;

/** Returns the session of a link if the browser with this cookie may start it; changes nothing, since mail scanners
 *  open links too. Errors: `link_invalid`, `link_expired`, `link_used`, `wrong_browser`. */
export async function findLink(
  { sessions, tenants, readApp, find }: LinkPorts,
  link: string,
  cookie: string | undefined,
  nowMs: number,
): Promise<Result<OpenLink>> {
  const handle = readHandle(link);
  const session = handle && (await sessions.get(handle.sessionId));
  const browserHash = isSecret(cookie) ? hashed('browser', cookie) : undefined;
  const state = judgeLink(session, { secret: handle?.secret ?? '', browserHash }, nowMs);
  if (state !== 'open') return refusal(state, session);
  const entry = session && find(session.provider);
  if (!session || !entry) return refusal('unknown');
  if (!(await tenants.get(session.tenantId))) return refusal('unknown'); // erased since: its links end with it
  return ok({ session, entry, app: await readApp(session.provider) });
}

/** Returns what the asking page needs, and the cookie that makes this browser the one that may go on; a browser that
 *  has one keeps it. */
export async function openLink(
  ports: LinkPorts,
  link: string,
  readCookie: (name: string) => string | undefined,
  moment: Moment,
  kind: string | null = null,
) {
  const sessionId = readHandle(link)?.sessionId ?? '';
  const held = readCookie(cookieName(sessionId));
  const found = await findLink(ports, link, held, moment.nowMs);
  if (!found.ok) return found;
  const { entry, app } = found.value;
  const way = chosenWay(entry, app, kind);
  if (!way) {
    const { returnUrl: goBack } = found.value.session;
    return refuse('not_configured', `${entry.provider.name} cannot be connected in this way.`, { goBack });
  }
  const cookie = isSecret(held) ? held : newSecret(moment);
  return ok({
    ...found.value,
    way,
    csrf: formToken(cookie, sessionId),
    cookie: writeCookie(sessionId, cookie, (LINK_MS + STATE_MS) / 1000),
  });
}

/** A link that is not known leads nowhere, whatever session it names. */
function refusal(state: Exclude<LinkState, 'open'>, session?: Session) {
  const [code, message] = refusals[state];
  return refuse(code, message, state === 'unknown' ? {} : { goBack: session?.returnUrl });
}
