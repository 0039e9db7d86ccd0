import { equal } from '../core/crypto.ts';
import { at, textAt } from '../core/json.ts';
import { type ProviderApp, placed } from '../providers/app.ts';
import type { OAuth2 } from '../providers/auth.ts';
import { hashed } from './handle.ts';
import { claimsOf } from './token-answer.ts';

/** How far the provider's clock may be from ours. */
const SKEW_MS = 60_000;

/** Returns what the identity token of a sign-in must repeat: it is bound to the state, and needs no place of its own. */
export function nonceOf(stateHash: string): string {
  return hashed('nonce', stateHash);
}

/** Returns which claim of an identity token is not as it must be for this sign-in; nothing where all are, or none came. It came
 *  from the token endpoint itself over TLS, which stands for its signature (OpenID Connect Core §3.1.3.7); it is not kept. */
export function idTokenFault(
  { idTokenIssuers }: Pick<OAuth2, 'idTokenIssuers'>,
  app: ProviderApp,
  idToken: unknown,
  { stateHash, nowMs }: { readonly stateHash: string; readonly nowMs: number },
): string | undefined {
  if (!idTokenIssuers || idToken === undefined) return undefined;
  const claims = claimsOf(idToken);
  const named = (template: string) => template.replace(/\{(\w+)\}/g, (_, name: string) => textAt(claims, name) ?? '');
  const { clientId = '' } = app;
  const audience = [at(claims, 'aud')].flat();
  const [exp, iat] = [at(claims, 'exp'), at(claims, 'iat')];
  const must = {
    iss: idTokenIssuers.some((issuer) => placed(named(issuer), app) === at(claims, 'iss')),
    aud: audience.includes(clientId),
    azp: audience.length === 1 || at(claims, 'azp') === clientId,
    exp: typeof exp === 'number' && nowMs < exp * 1000 + SKEW_MS,
    iat: typeof iat === 'number' && iat * 1000 < nowMs + SKEW_MS,
    nonce: equal(String(at(claims, 'nonce')), nonceOf(stateHash)),
  };
  return Object.entries(must).find(([, holds]) => !holds)?.[0];
}
