import { createPrivateKey, sign } from 'node:crypto';
import type { OutboundRequest } from '../core/fetch.ts';
import { Secret } from '../core/secret.ts';
import { type ProviderApp, placed } from '../providers/app.ts';
import type { Minted } from '../providers/auth.ts';
import { authorise } from './authorise.ts';
import { appValues, fill, fillUrl, namesIn, type Values } from './template.ts';
import { TOKEN_MAX_BYTES, TOKEN_TIMEOUT_MS, withBody } from './token-request.ts';

/** How far the provider's clock may be behind ours. */
const BACK_S = 60;

/** Returns the request for a token with what is kept: the way's fields, and what it names of the owner's app
 *  (RFC 6749 §4.3.2, §4.4.2; GitHub, "Generating an installation access token"). */
export async function mintRequest(
  way: Minted,
  app: ProviderApp,
  fields: Values,
  nowMs: number,
): Promise<OutboundRequest> {
  const { mint } = way;
  const named = { ...appValues(app), ...fields };
  const values = way.jwt ? { ...named, jwt: signedJwt(way.jwt, named, app, nowMs) } : named;
  const parameters = Object.fromEntries(
    Object.entries(mint.parameters ?? {}).map(([name, template]) => [name, fill(template, values)]),
  );
  const request = {
    method: 'POST',
    url: placed(fillUrl(mint.url, values), app),
    headers: { accept: 'application/json', ...mint.headers },
    timeoutMs: TOKEN_TIMEOUT_MS,
    maxBytes: TOKEN_MAX_BYTES,
  };
  return authorise(withBody(request, mint.body ?? 'form', parameters), mint.place ?? [], values, nowMs);
}

/** Returns a JWT as the way words it, signed (RFC 7519 §3.1, RS256; RFC 7523 §3). Throws where there is no key to sign with. */
function signedJwt(
  { issuer, lifeS, claims = {}, key }: NonNullable<Minted['jwt']>,
  values: Values,
  { privateKey }: ProviderApp,
  nowMs: number,
): Secret {
  const pem = key === undefined ? privateKey : fill(key, values);
  if (pem === undefined) throw new Error('the app has no private key');
  const nowS = Math.floor(nowMs / 1000);
  const known = Object.entries(claims).filter(([, template]) => namesIn(template).every((name) => values[name]));
  const said = {
    iss: fill(issuer, values),
    ...Object.fromEntries(known.map(([name, template]) => [name, fill(template, values)])),
    ...{ iat: nowS - BACK_S, exp: nowS + lifeS },
  };
  const text = [{ alg: 'RS256', typ: 'JWT' }, said]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  return new Secret(`${text}.${sign('sha256', Buffer.from(text), createPrivateKey(pem)).toString('base64url')}`);
}
