/** Each refusal the hub can utter: its HTTP status, and what a queue does with the message that met it. */
export const outcomes = {
  invalid_request: { status: 400, fate: 'settle', title: 'The request is not valid' },
  unauthenticated: { status: 401, fate: 'settle', title: 'The caller is not known' },
  forbidden: { status: 403, fate: 'settle', title: 'The caller may not do this' },
  not_found: { status: 404, fate: 'settle', title: 'There is nothing here' },
  conflict: { status: 409, fate: 'settle', title: 'This does not fit the present state' },
  idempotency_mismatch: { status: 409, fate: 'settle', title: 'The idempotency key was used for another request' },
  needs_reauth: { status: 409, fate: 'settle', title: 'The connection must be authorized again' },
  account_mismatch: { status: 409, fate: 'settle', title: 'Another account was connected' },
  not_configured: { status: 409, fate: 'settle', title: 'The provider is not set up in this hub' },
  payload_too_large: { status: 413, fate: 'settle', title: 'The body is too large' },
  unsupported_media_type: { status: 415, fate: 'settle', title: 'The content type is not supported' },
  rate_limited: { status: 429, fate: 'retry', title: 'Too many requests' },
  provider_error: { status: 502, fate: 'settle', title: 'The provider refused' },
  outcome_unknown: { status: 502, fate: 'settle', title: 'The provider may or may not have done it' },
  provider_unavailable: { status: 503, fate: 'retry', title: 'The provider cannot be reached at present' },
  unavailable: { status: 503, fate: 'retry', title: 'The hub cannot do this at present' },
  link_invalid: { status: 404, fate: 'settle', title: 'This link is not valid' },
  link_expired: { status: 410, fate: 'settle', title: 'This link has expired' },
  link_used: { status: 409, fate: 'settle', title: 'This link has been used' },
  link_exhausted: { status: 429, fate: 'settle', title: 'This link was tried too often' },
  wrong_browser: { status: 403, fate: 'settle', title: 'This link was opened in another browser' },
  invalid_state: { status: 400, fate: 'settle', title: 'This sign-in attempt is not known' },
  denied: { status: 403, fate: 'settle', title: 'Access was not granted' },
  exchange_failed: { status: 502, fate: 'settle', title: 'The provider did not complete the connection' },
} as const satisfies Record<string, { status: number; fate: 'settle' | 'retry'; title: string }>;

export type HubErrorCode = keyof typeof outcomes;

export interface HubError {
  readonly code: HubErrorCode;
  /** Said to the caller: what was wrong, what to do. Never a token, a body, or another tenant's id. */
  readonly message: string;
  /** When a retry makes sense, in ms from now. */
  readonly retryAfterMs?: number;
  /** Where a page's reader may go back to: a return URL that was registered, to the letter. */
  readonly goBack?: string;
  /** For the log only; a short reason, never a provider's body. */
  readonly cause?: string;
}

/** Returns a refusal, ready to be returned from a use case. */
export function refuse(
  code: HubErrorCode,
  message: string,
  more: Pick<HubError, 'retryAfterMs' | 'goBack' | 'cause'> = {},
): { readonly ok: false; readonly error: HubError } {
  return { ok: false, error: { code, message, ...more } };
}
