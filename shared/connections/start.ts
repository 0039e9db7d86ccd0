import type { Moment } from '../core/clock.ts';
import { refuse } from '../core/errors.ts';
import { isOwnForm, type SentForm } from '../core/own-form.ts';
import { ok, type Result } from '../core/result.ts';
import { Secret } from '../core/secret.ts';
import { authorizeUrl, contextOf, redirectUriOf } from './authorization.ts';
import { type EnterPorts, enter, type FormAgain } from './enter.ts';
import { cookieName, formToken, hashed, isSecret, newSecret, readHandle, writeHandle } from './handle.ts';
import { nonceOf } from './id-token.ts';
import { findLink, type LinkPorts, type OpenLink } from './open-link.ts';
import { returnWith } from './return-url.ts';
import { STATE_MS, type Step, sessionPlace, stepOf } from './session.ts';
import type { SessionStore } from './session-store.ts';
import { chosenWay, oauthOf } from './ways.ts';

export interface StartPorts extends LinkPorts, EnterPorts {
  readonly sessions: Pick<SessionStore, 'get' | 'start' | 'startTry' | 'end' | 'consume' | 'keepGrant'>;
}

/** What the browser sent with the page's form. */
export interface Submission extends SentForm {
  readonly link: string;
  readonly cookie: (name: string) => string | undefined;
}

/** The browser is sent on; or its form is shown again. */
export type Started =
  | { readonly goTo: string; readonly done: Step }
  | { readonly again: FormAgain & { readonly open: OpenLink; readonly csrf: string } };

/** Returns where the browser goes: to the provider, or back to the app, with what was entered on the form or where the end
 *  user would rather not. A form that was not filled in well comes back.
 *  Errors: those of the link, and `wrong_browser` for a form that this browser's page did not send. */
export async function start(ports: StartPorts, sent: Submission, moment: Moment): Promise<Result<Started>> {
  const sessionId = readHandle(sent.link)?.sessionId ?? '';
  const cookie = sent.cookie(cookieName(sessionId));
  const found = await findLink(ports, sent.link, cookie, moment.nowMs);
  if (!found.ok) return found;
  const { session } = found.value;
  const { returnUrl: goBack } = session;
  if (!isSecret(cookie) || !isOwnForm(sent, formToken(cookie, sessionId), ports.publicUrl)) {
    return refuse('wrong_browser', 'The page was not sent by this browser, or cookies are switched off.', { goBack });
  }
  if (sent.form.get('action') === 'cancel') {
    await ports.sessions.end(sessionId, 'denied');
    return ok({ goTo: returnWith(goBack, { session: sessionId, error: 'denied' }), done: stepOf(session, 'denied') });
  }
  const browserHash = hashed('browser', cookie);
  const { entry, app } = found.value;
  const way = chosenWay(entry, app, sent.form.get('way'));
  if (!way) return refuse('not_configured', `${entry.provider.name} cannot be connected in this way.`, { goBack });
  if (way.kind === 'oauth2') return claim(ports, found.value, browserHash, moment);
  const entered = await enter(ports, found.value, { way, form: sent.form, browserHash }, moment);
  if (!entered.ok) return entered;
  if ('goTo' in entered.value) return ok({ ...entered.value, done: stepOf(session) });
  return ok({ again: { ...entered.value.again, open: found.value, csrf: formToken(cookie, sessionId) } });
}

async function claim(
  { sessions, vault, publicUrl }: StartPorts,
  { session, entry, app }: OpenLink,
  browserHash: string,
  moment: Moment,
): Promise<Result<{ goTo: string; done: Step }>> {
  const stateSecret = newSecret(moment);
  const codeVerifier = oauthOf(entry).pkce === 'S256' ? new Secret(newSecret(moment)) : undefined;
  const redirectUri = redirectUriOf(publicUrl, session.provider);
  const stateHash = hashed('state', stateSecret);
  const place = { ...sessionPlace(session), field: 'verifier' };
  const moved = await sessions.start(
    session.id,
    {
      linkHash: session.linkHash,
      attempt: {
        browserHash,
        stateHash,
        stateExpiresAtMs: moment.nowMs + STATE_MS,
        redirectUri,
        context: contextOf(session, entry, app),
        ...(codeVerifier && { verifier: await vault.seal(session.tenantId, place, codeVerifier) }),
      },
    },
    moment.nowMs,
  );
  if (!moved.done) {
    return refuse('link_used', 'Another browser has just used this link.', { goBack: session.returnUrl });
  }
  const state = writeHandle({ sessionId: session.id, secret: stateSecret });
  return ok({
    goTo: authorizeUrl(entry, app, {
      state,
      redirectUri,
      scopes: session.scopes,
      codeVerifier,
      nonce: nonceOf(stateHash),
    }),
    done: stepOf(session),
  });
}
