import type { Moment } from '../core/clock.ts';
import { equal, hmac } from '../core/crypto.ts';

// The operator's session is a cookie that says when it ends, under a MAC whose key is the operator key: nothing is stored,
// nothing of the key is in it, and another key ends every session. Each text is tagged by its purpose, so that none
// can stand in another's place.

/** From the sign-in on, whatever is done meanwhile. */
export const SESSION_MS = 8 * 60 * 60_000;
/** While the form waits for the key. */
const SIGN_IN_MS = 60 * 60_000;

/** `__Host-`: this host alone, https (or this computer), all paths. Strict: no other site's link or form takes it along. */
export const SESSION_COOKIE = '__Host-pb_console';
export const SIGN_IN_COOKIE = '__Host-pb_sign_in';

const SESSION = /^(?<endsAtMs>[1-9]\d{12,15})\.(?<nonce>[A-Za-z0-9_-]{22})\.(?<mac>[A-Za-z0-9_-]{43})$/;
const SIGN_IN = /^[A-Za-z0-9_-]{43}$/;

/** Returns the value of a new session's cookie. */
export function newSession(operatorKey: string, moment: Pick<Moment, 'nowMs' | 'token'>): string {
  const about = `${moment.nowMs + SESSION_MS}.${moment.token(16)}`;
  return `${about}.${macOf(operatorKey, about)}`;
}

/** Returns whether the cookie is of a session that this key began and that has not ended. */
export function isSession(operatorKey: string | undefined, cookie: string | undefined, nowMs: number): boolean {
  const { endsAtMs, nonce, mac } = SESSION.exec(cookie ?? '')?.groups ?? {};
  if (!operatorKey || mac === undefined || !equal(mac, macOf(operatorKey, `${endsAtMs}.${nonce}`))) return false;
  return Number(endsAtMs) > nowMs && Number(endsAtMs) <= nowMs + SESSION_MS;
}

/** Returns the hidden field of a signed-in page's forms: only who holds the cookie can know it, and it says nothing of it. */
export function formToken(session: string): string {
  return hmac('sha256', session, ['patchbay/console-form/v1']).toString('base64url');
}

/** Returns the value of the cookie that ties the sign-in form to its browser: the one it has, or a new one. */
export function signInCookie(held: string | undefined, moment: Pick<Moment, 'token'>): string {
  return held !== undefined && SIGN_IN.test(held) ? held : moment.token(32);
}

export function signInToken(cookie: string): string {
  return hmac('sha256', cookie, ['patchbay/console-sign-in/v1']).toString('base64url');
}

/** Returns the `Set-Cookie` line. */
export function writeSession(value: string): string {
  return setCookie(SESSION_COOKIE, value, SESSION_MS);
}

export function writeSignIn(value: string): string {
  return setCookie(SIGN_IN_COOKIE, value, SIGN_IN_MS);
}

/** Returns the lines that have the browser forget it was ever signed in. */
export function forget(): string[] {
  return [SESSION_COOKIE, SIGN_IN_COOKIE].map((name) => setCookie(name, '', 0));
}

function setCookie(name: string, value: string, lifeMs: number): string {
  return `${name}=${value}; Path=/; Max-Age=${lifeMs / 1000}; HttpOnly; Secure; SameSite=Strict`;
}

function macOf(operatorKey: string, about: string): string {
  return hmac('sha256', operatorKey, ['patchbay/console-session/v1:', about]).toString('base64url');
}
