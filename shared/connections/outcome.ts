import { type HubError, refuse } from '../core/errors.ts';
import type { Connection } from './connection.ts';
import type { Grant } from './grant.ts';

/** `held`: another's turn, or the row has moved: read it again. */
export type RefreshOutcome =
  | { readonly kind: 'refreshed'; readonly connection: Connection; readonly grant: Grant }
  | { readonly kind: 'held' }
  | { readonly kind: 'failed'; readonly error: HubError };

/** Returns the refusal of a connection whose grant is gone. */
export function reauthorize(reason: string | undefined) {
  return refuse('needs_reauth', `The connection must be authorized again (${reason ?? 'its grant is gone'}).`);
}

/** Returns the refusal of a token that cannot be had now. */
export function unavailable(waitMs: number, cause: string) {
  const retryAfterMs = Math.max(1_000, waitMs);
  return refuse('provider_unavailable', 'No valid token can be had from the provider at present.', {
    retryAfterMs,
    cause,
  });
}

/** Returns a refusal as what a refresh came to. */
export function failed({ error }: { readonly error: HubError }): RefreshOutcome {
  return { kind: 'failed', error };
}
