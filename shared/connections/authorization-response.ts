import {
  AuthorizationResponseError,
  OperationProcessingError,
  skipStateCheck,
  UnsupportedOperationError,
  validateAuthResponse,
} from 'oauth4webapi';
import { err, ok, type Result } from '../core/result.ts';
import { Secret } from '../core/secret.ts';
import { located, type ProviderApp, placed } from '../providers/app.ts';
import type { ProviderEntry } from '../providers/provider.ts';
import type { ConnectError } from './session.ts';
import { oauthOf } from './ways.ts';

const known = ['code', 'state', 'iss', 'error', 'error_description', 'error_uri', 'response', 'id_token', 'token'];

/** Returns whether each parameter of an authorization response stands there once at most; unknown ones do not count. */
export function isUnambiguous(query: URLSearchParams): boolean {
  return known.every((name) => query.getAll(name).length <= 1);
}

/** Returns the code of an authorization response whose state was consumed (RFC 6749 §4.1.2, RFC 9207). */
export function judgeAuthorizationResponse(
  entry: ProviderEntry,
  app: ProviderApp,
  query: URLSearchParams,
): Result<Secret, { readonly error: ConnectError; readonly cause: string }> {
  const auth = oauthOf(entry);
  const { issuer } = auth;
  const origin = new URL(located(auth.authorizeUrl, auth, app)).origin;
  const iss = query.get('iss');
  // A server that is not known to name itself may begin to, within its own origin; where it does, it must be right.
  const expected =
    issuer === undefined ? (iss !== null && URL.parse(iss)?.origin === origin ? iss : origin) : placed(issuer, app);
  try {
    const response = validateAuthResponse(
      { issuer: expected, authorization_response_iss_parameter_supported: issuer !== undefined },
      { client_id: app.clientId ?? '' },
      query,
      skipStateCheck, // the claim of the session, one conditional write, was the check
    );
    const code = response.get('code');
    return code ? ok(new Secret(code)) : err({ error: 'no_code', cause: 'neither code nor error' });
  } catch (error) {
    if (error instanceof AuthorizationResponseError) {
      if (error.error === 'access_denied') return err({ error: 'denied', cause: 'access_denied' });
      return err({ error: 'provider_error', cause: errorCode(error.error) });
    }
    if (error instanceof OperationProcessingError) return err({ error: 'issuer_mismatch', cause: 'iss' });
    if (error instanceof UnsupportedOperationError)
      return err({ error: 'provider_error', cause: 'not a code response' });
    throw error;
  }
}

/** Anybody can write this parameter: only what looks like a code reaches the log. */
function errorCode(text: string): string {
  return /^[\w.-]{1,60}$/.test(text) ? text : 'an unreadable error code';
}
