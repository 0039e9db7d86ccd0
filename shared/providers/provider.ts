import type { Actions } from './actions.ts';
import type { JsonPath, OAuth2, Template, Way, WayKind, Whoami } from './auth.ts';
import type { Syncs } from './syncs.ts';
import type { Webhooks } from './webhooks.ts';

// The vocabulary: everything a provider may be, as data. A quirk is a word here, useful to others; never a branch on an id.

export interface Provider {
  readonly id: string;
  readonly name: string;
  /** The provider's page on authorization. */
  readonly docs: string;
  /** Offered in these stages alone. Default: all. */
  readonly stages?: readonly string[];
  /** How an account is connected, the preferred way first, each kind at most once. */
  readonly auth: readonly [Way, ...Way[]];
  readonly api: Api;
  readonly limits: readonly Limit[];
}

export interface Api {
  /** May hold `{account}` (the connected account's id), variables, and fields that `choices` or a pattern close (E-01). */
  readonly baseUrl: Template;
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>>;
  /** A cheap request that tells whose token it is. */
  readonly whoami?: Whoami;
  readonly errors: ErrorShape;
  /** Response header that carries the provider's request id. */
  readonly requestIdHeader?: string;
  /** Request header under which a repeated write is done once. None: a write that may have arrived is not repeated. */
  readonly idempotencyHeader?: string;
  /** When the limit is used up: header with the remaining count, header with the time it is renewed (epoch seconds). */
  readonly rateLimitHeaders?: { readonly remaining: string; readonly reset: string };
}

export interface ErrorShape {
  readonly code?: JsonPath;
  readonly message?: JsonPath;
  /** What the provider says further, per field (GitHub: `errors`). */
  readonly details?: JsonPath;
  /** A 2xx answer is a failure when this field has this value (Slack: `ok` is false). */
  readonly failureIn200?: { readonly field: JsonPath; readonly equals: string | number | boolean };
  /** Codes that mean the same as a 401: the token is not accepted (any more). */
  readonly unauthorizedCodes?: readonly string[];
  /** Codes that mean the same as a 429. */
  readonly rateLimitedCodes?: readonly string[];
}

/** A limit the provider sets; admission stays inside each that applies. */
export interface Limit {
  readonly requests: number;
  readonly perS: number;
  /** Calls that may go at once before the pace counts. Default: `requests`. */
  readonly burst?: number;
  /** Only for this action. Default: every request of the connection. */
  readonly action?: string;
  /** One limit for each value of this input field (Slack: one message a second per channel). */
  readonly perInput?: JsonPath;
}

/** All that a provider's folder holds, as the catalogue hands it out. */
export interface ProviderEntry {
  readonly provider: Provider;
  readonly webhooks?: Webhooks;
  readonly actions: Actions;
  readonly syncs: Syncs;
}

/** Returns the provider's way of this kind, or nothing. */
export function wayOf(provider: Provider, kind: 'oauth2'): OAuth2 | undefined;
export function wayOf(provider: Provider, kind: WayKind): Way | undefined;
export function wayOf({ auth }: Provider, kind: WayKind): Way | undefined {
  return auth.find((way) => way.kind === kind);
}
