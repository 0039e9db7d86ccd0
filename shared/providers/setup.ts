import type { JsonPath, Template } from './auth.ts';
import type { Needs } from './needs.ts';

// The words of a provider's `setup.ts`: how it comes to send webhooks. Apart from `webhooks.ts`, since the intake reads
// none of it.

export interface Setup {
  /** What to do at the provider, one step each; `{url}` is the address to give to it. */
  readonly steps: readonly string[];
  /** Whose the secret is that it signs with: `chosen` here, to be entered there; `issued` there, to be entered here; or none,
   *  where a platform vouches for the senders that the endpoint's settings name. */
  readonly secret: 'chosen' | 'issued' | 'none';
  /** What the hub itself sets up for a connection and keeps alive, by name; where the owner's app asks for it. */
  readonly subscriptions?: Readonly<Record<string, Subscription>>;
}

/** A subscription, channel or watch that the provider ends after a while. Its notifications go to an endpoint of its own. */
export interface Subscription extends Needs {
  readonly docs: string;
  readonly scopes: readonly string[];
  /** Where its notifications go. Default: to an endpoint of its own; `app`: to the address of the owner's app, naming the
   *  account by its name (Gmail: the e-mail address) where that is not its id. */
  readonly to?: 'app';
  /** What the owner's app may say of it, or, without a default, must; values for its requests. */
  readonly options?: Readonly<Record<string, { readonly default?: string; readonly pattern: string }>>;
  /** Asked for, s; the provider may give less. */
  readonly lastsS: number;
  /** s before its end. */
  readonly renewBeforeS: number;
  /** What its answer holds is for `create`. */
  readonly prepare?: SubscriptionRequest;
  readonly create: SubscriptionRequest;
  /** None: another is made before the end, and this one removed. */
  readonly renew?: SubscriptionRequest;
  readonly remove: SubscriptionRequest & { readonly method: 'POST' | 'DELETE' };
}

/** Its texts are templates: `{url}` and `{secret}` of the endpoint, `{unique}`, `{endsAt}` and `{endsAtMs}`, the options, and
 *  what `answer` kept of earlier answers. */
export interface SubscriptionRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Which of `api.bases` it goes to. Default: the base URL. */
  readonly base?: string;
  readonly path: Template;
  readonly query?: Readonly<Record<string, Template>>;
  readonly json?: Readonly<Record<string, Template>>;
  /** What is kept of the answer, by name. `endsAt`: ms since the epoch, or ISO 8601. */
  readonly answer?: Readonly<Record<string, JsonPath>>;
}
