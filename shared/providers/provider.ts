import type { Actions } from './actions.ts';
import type { JsonPath, OAuth2, Placement, Template, Way, WayKind, Whoami } from './auth.ts';
import type { Setup } from './setup.ts';
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
  /** Requests of a connection that may be under way at once. Default: as many as its limits let go. */
  readonly concurrent?: number;
}

export interface Api {
  /** May hold `{account}` (the connected account's id), variables, and fields that `choices` or a pattern close (E-01). */
  readonly baseUrl: Template;
  /** Its other addresses, by the names that requests have for them. */
  readonly bases?: Readonly<Record<string, Base>>;
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>>;
  /** A cheap request that tells whose token it is. */
  readonly whoami?: Whoami;
  readonly errors: ErrorShape;
  /** How lists go on. */
  readonly pagination?: Pagination;
  /** Where it takes GraphQL, and how an answer there says what is wrong. */
  readonly graphql?: { readonly path: string; readonly errors: ErrorShape; readonly points?: Points };
  /** Response header that carries the provider's request id. */
  readonly requestIdHeader?: string;
  /** Where the key stands under which a repeated write is done once: a header, or a parameter of the query. None: a write
   *  that may have arrived is not repeated. */
  readonly idempotency?: Idempotency;
  readonly rateLimitHeaders?: RateLimitHeaders;
}

export type Idempotency = ({ readonly header: string } | { readonly query: string }) & {
  /** For so long after its first use the provider knows a key, in seconds; where it does not say, a day. */
  readonly keptS: number;
};

/** Where an answer says how the next page is asked for. */
export type Pagination =
  /** In `Link: <…>; rel="next"` (RFC 8288). */
  | { readonly next: 'link' }
  /** An address in a field of the body: its query is what counts. */
  | { readonly next: 'url'; readonly field: string }
  /** A token in the body, which the next request bears under a name. */
  | { readonly next: 'token'; readonly at: JsonPath; readonly as: string }
  /** The last item's id, while the answer says that there are more. */
  | {
      readonly next: 'last';
      readonly items: JsonPath;
      readonly id: JsonPath;
      readonly as: string;
      readonly more: JsonPath;
    };

/** Response headers that tell of a limit: how much is left, and when it is renewed. */
export interface RateLimitHeaders {
  readonly remaining: string;
  readonly reset: string;
  /** Default: seconds since the epoch. */
  readonly resetIn?: 'seconds' | 'milliseconds';
  /** They speak of one route alone, so that an answer with nothing left holds back no other. Default: of the connection. */
  readonly of?: 'route';
}

/** Where an answer tells, if the query asks for it, what is left of a limit of points, what this query cost, and when the
 *  limit is renewed (ISO 8601). Where what is left does not pay for another like it, the connection pauses until then. */
export interface Points {
  readonly remaining: JsonPath;
  readonly cost: JsonPath;
  readonly reset: JsonPath;
}

/** An address of the provider beside its base URL. */
export interface Base {
  /** As the base URL; where it differs by more than a part, one for each choice of a field. */
  readonly url: Template | { readonly by: string; readonly of: Readonly<Record<string, Template>> };
  /** How the credential goes onto a request to it, without secrets that the way does not place. Default: as the way says;
   *  an empty list: none goes. */
  readonly place?: readonly Placement[];
}

/** How an answer says what is wrong. */
export interface ErrorShape {
  /** Of several the first that is there, here and for the message. */
  readonly code?: JsonPath | readonly JsonPath[];
  readonly message?: JsonPath | readonly JsonPath[];
  /** What the provider says further, per field (GitHub: `errors`). */
  readonly details?: JsonPath;
  /** Errors are flat XML: a path is the name of an element (S3). */
  readonly xml?: true;
  /** A 2xx answer is a failure when this field has this value (Slack: `ok` is false), or is there (QuickBooks: `Fault`). */
  readonly failureIn200?: {
    readonly field: JsonPath;
    readonly equals?: string | number | boolean;
    /** Not where this is there too: part of what was asked for has come (GraphQL: `data` beside `errors`). */
    readonly unless?: JsonPath;
  };
  /** Codes that mean the same as a 401: the token is not accepted (any more). */
  readonly unauthorizedCodes?: readonly string[];
  /** Codes that mean the same as a 429; statuses, and texts within the message, of answers without such a code. */
  readonly rateLimitedCodes?: readonly string[];
  readonly rateLimitedStatuses?: readonly number[];
  readonly rateLimitedTexts?: readonly string[];
  /** How long a connection pauses after a 429 that names no time, in seconds. Default: each call by its own backoff. */
  readonly rateLimitedS?: number;
  /** Codes of a request that was not done because of another: it may succeed shortly (Resend: two under one key). */
  readonly againCodes?: readonly string[];
  /** Codes that mean the same as a 409 of a change that names a version: another one came between (`Versioned`). */
  readonly conflictCodes?: readonly string[];
  /** Codes that no repetition helps, whatever their status says: the month's quota, a key for sending alone. */
  readonly finalCodes?: readonly string[];
  /** Response header that says itself whether a repetition helps: `true` or `false` (Stripe). */
  readonly retryHeader?: string;
  /** Code → what is said of it in place of the provider's own message. */
  readonly texts?: Readonly<Record<string, string>>;
}

/** A limit the provider sets; admission stays inside each that applies. */
export interface Limit {
  readonly requests: number;
  readonly perS: number;
  /** Calls that may go at once before the pace counts; they are taken off it, since a window holds no more than
   *  `requests`. Default: a fiftieth. */
  readonly burst?: number;
  /** Of the owner's app: all tenants' connections together. It costs each call one request more. Default: of each connection. */
  readonly of?: 'app';
  /** Only for this action, or for syncs that say they are limited as it. Default: every request. */
  readonly action?: string;
  /** Not for these actions. */
  readonly except?: readonly string[];
  /** One limit for each value of this input field (Slack: one message a second per channel). */
  readonly perInput?: JsonPath;
}

/** A provider that a stage offers. */
export interface ProviderEntry {
  readonly provider: Provider;
}

/** All that a provider's folder holds, as the catalogue has it. */
export interface CatalogueEntry extends ProviderEntry {
  readonly webhooks?: Webhooks;
  readonly setup?: Setup;
  readonly actions: Actions;
  readonly syncs: Syncs;
}

/** Returns the provider's way of this kind, or nothing. */
export function wayOf(provider: Provider, kind: 'oauth2'): OAuth2 | undefined;
export function wayOf(provider: Provider, kind: WayKind): Way | undefined;
export function wayOf({ auth }: Provider, kind: WayKind): Way | undefined {
  return auth.find((way) => way.kind === kind);
}
