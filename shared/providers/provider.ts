import type * as z from 'zod';
import type { JsonPath, OAuth2, Template, Way, WayKind, Whoami } from './auth.ts';

export type { Field } from './auth.ts';

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

/** How a provider's webhooks are verified, told apart and routed. Each header named here must come exactly once. */
export interface Webhooks {
  readonly docs: string;
  readonly signature: HmacSignature;
  /** The first that is present is the id that a repeated delivery has too; where none is, the body's hash is. */
  readonly eventId: readonly Place[];
  /** The first of these that is present. */
  readonly eventType: readonly TypePlace[];
  /** Joined to the type by a dot where present (GitHub: `issues` and `opened`). */
  readonly eventAction?: Place;
  readonly occurredAt?: { readonly at: JsonPath; readonly unit: 'iso' | 's' | 'ms' };
  /** Whose account it is. The first group that says anything decides: its paths are tried in order against the
   *  accounts that tenants have connected, and a weaker group is not asked. All must be ids of one name space. */
  readonly accounts: readonly (readonly JsonPath[])[];
  /** The same, for event types that name their account elsewhere. */
  readonly accountsOf?: Readonly<Record<string, Webhooks['accounts']>>;
  /** Answered after verification, instead of being an event. */
  readonly handshakes?: readonly Handshake[];
  /** Forms that are acknowledged unverified and never processed, by one field (old probes). */
  readonly ignored?: readonly { readonly field: JsonPath; readonly equals: string }[];
  /** A form field that holds the JSON document, where the body is a form. */
  readonly jsonInForm?: string;
  /** The provider gives up after this; ours must be far below. */
  readonly answerWithinMs: number;
  /** Event types that end the connection. */
  readonly lifecycle?: Readonly<Record<string, Ending>>;
}

export type Place = { readonly header: string } | { readonly body: JsonPath };

/** `as`: what the mere presence of the place means. Default: its text. */
export type TypePlace = Place & { readonly as?: string };

export interface Ending {
  readonly reason: 'uninstalled' | 'tokens_revoked';
  /** Only where this is present (Slack: a person's token may be revoked while the app's stays). */
  readonly when?: JsonPath;
}

export interface HmacSignature {
  readonly kind: 'hmac';
  readonly hash: 'sha256' | 'sha1' | 'sha512';
  readonly header: string;
  /** What stands before the signature in the header. */
  readonly prefix?: string;
  readonly encoding: 'hex' | 'base64';
  /** What is signed, in order: literal text, the timestamp header's text, the raw body. */
  readonly signed: readonly ('body' | 'timestamp' | { readonly text: string })[];
  /** Where the signed time stands; without one, the event id alone defends against replay. */
  readonly timestamp?: { readonly header: string; readonly toleranceS: number };
}

/** `echo`: a JSON field of the verified body is the answer, as text. */
export interface Handshake {
  readonly when: { readonly field: JsonPath; readonly equals: string };
  readonly echo: JsonPath;
}

/** What a call, an action or a sync sends; relative to the provider's base URL. */
export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly form?: Readonly<Record<string, string>>;
}

export interface Action {
  readonly title: string;
  readonly docs: string;
  readonly scopes?: readonly string[];
  /** A write that may have reached the provider is never silently sent again. */
  readonly effect: 'read' | 'write';
  readonly input: z.ZodType;
  readonly output: z.ZodType;
  /** Pure: from the checked input to the request. */
  readonly request: (input: never) => ApiRequest;
  /** One pair, which also answers in mock mode. */
  readonly example: { readonly input: unknown; readonly output: unknown };
}

export type Actions = Readonly<Record<string, Action>>;

/** Returns the action as declared; ties `request` to the input's schema. */
export function action<Input extends z.ZodType>(
  declared: Omit<Action, 'input' | 'request'> & {
    readonly input: Input;
    readonly request: (input: z.output<Input>) => ApiRequest;
  },
): Action {
  return declared as Action;
}

/** One kind of object that is polled: from a checkpoint to requests, from pages to records. */
export interface Sync {
  readonly model: string;
  readonly docs: string;
  /** Seconds between two runs, unless the tenant sets others. */
  readonly everyS: number;
  /** Pure: the next page's request. `since` is the checkpoint of the last complete run (none: everything). */
  readonly request: (at: { readonly since?: string; readonly page?: string }) => ApiRequest;
  /** Pure: what one page holds. `next` asks for another page; `checkpoint` is where the following run begins. */
  readonly page: (answer: {
    readonly body: unknown;
    readonly headers: Readonly<Record<string, string>>;
    readonly since?: string;
    readonly page?: string;
  }) => SyncPage;
  /** Checkpoints are times (ISO 8601): a run vouches for none later than this many seconds before it began, so that what
   *  changes while it reads, or shows late, is read again by the next. Default: a checkpoint is taken as it is. */
  readonly overlapS?: number;
  /** How a vanished object is noticed: the provider says so, a complete run did not see it, or not at all. */
  readonly deletions: 'tombstones' | 'full-scan' | 'none';
  /** The action whose limit its requests count under. Default: the limits of every request alone. */
  readonly limitedAs?: string;
  /** Webhook types that make it due at once; `issues.*` is every action of `issues`. */
  readonly nudgedBy?: readonly string[];
}

export interface SyncPage {
  readonly records: readonly {
    readonly id: string;
    readonly updatedAt?: string;
    readonly deleted?: boolean;
    readonly data: unknown;
  }[];
  readonly next?: string;
  /** The furthest point this page vouches for. The run's checkpoint is the greatest of its pages': they sort as text. */
  readonly checkpoint?: string;
}

export type Syncs = Readonly<Record<string, Sync>>;

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
