import type { Moment } from '../core/clock.ts';
import { hmac, sha256 } from '../core/crypto.ts';

// What a browser or the owner's backend shows to prove that it holds a session's link, state, ticket or cookie. Each is
// 256 random bits; the hub keeps hashes, tagged by purpose, so that none can stand in another's place.

export type Purpose = 'link' | 'state' | 'nonce' | 'ticket' | 'browser';

/** A session's id and a secret, as links and states spell them: `cs_….<secret>`. */
export interface Handle {
  readonly sessionId: string;
  readonly secret: string;
}

const HANDLE = /^(?<sessionId>cs_[0-9a-z]{26})\.(?<secret>[A-Za-z0-9_-]{43})$/;
const SECRET = /^[A-Za-z0-9_-]{43}$/;

/** Returns 256 random bits as base64url, 43 characters. */
export function newSecret(moment: Moment): string {
  return moment.token(32);
}

/** Returns what is stored in a secret's stead. */
export function hashed(purpose: Purpose, secret: string): string {
  return sha256(`patchbay/${purpose}/v1:${secret}`);
}

/** Returns the handle's spelling in a URL. */
export function writeHandle({ sessionId, secret }: Handle): string {
  return `${sessionId}.${secret}`;
}

/** Returns the handle of a link or a state; nothing unless it is one, exactly. */
export function readHandle(text: string | undefined): Handle | undefined {
  const { sessionId, secret } = HANDLE.exec(text ?? '')?.groups ?? {};
  return sessionId && secret ? { sessionId, secret } : undefined;
}

/** Returns whether a cookie's value is one that the hub can have set. */
export function isSecret(text: string | undefined): text is string {
  return text !== undefined && SECRET.test(text);
}

/** One cookie per session, so that two tabs do not meet. `__Host-`: this host alone, https, all paths. */
export function cookieName(sessionId: string): string {
  return `__Host-pb_${sessionId}`;
}

/** Returns the `Set-Cookie` line. Lax: the provider's redirect back must carry it. */
export function writeCookie(sessionId: string, value: string, maxAgeS: number): string {
  return `${cookieName(sessionId)}=${value}; Path=/; Max-Age=${maxAgeS}; HttpOnly; Secure; SameSite=Lax`;
}

/** Returns the hidden field of the page's form: only who holds the cookie can know it, and it says nothing of it. */
export function formToken(cookie: string, sessionId: string): string {
  return hmac('sha256', cookie, ['patchbay/form/v1', sessionId]).toString('base64url');
}
