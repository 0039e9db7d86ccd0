import { type Backoff, nextDelayMs } from '../core/backoff.ts';
import { iso, type Moment } from '../core/clock.ts';
import { textAt } from '../core/json.ts';
import { type ProviderApp, WrongSecret } from '../providers/app.ts';
import { type Granted, unmet } from '../providers/needs.ts';
import type { Setup, Subscription } from '../providers/setup.ts';

/** What the hub keeps alive at a provider for one connection, as the row of its endpoint has it. */
export interface SubscriptionState {
  /** As the provider's data names it. */
  readonly kind: string;
  /** Of the connection, when it was made. */
  readonly account: string;
  /** What the provider's answers gave; none: it does not exist there yet. */
  readonly values?: Readonly<Record<string, string>>;
  readonly endsAtMs?: number;
  /** When there is something to do; none where only a new authorization helps. */
  readonly dueAtMs?: number;
  /** In a row. */
  readonly failures: number;
  readonly error?: Fault & { readonly atMs: number };
  /** Of the latest event of the connection that was obeyed. */
  readonly followedAtMs: number;
}

export interface Fault {
  readonly code: string;
  readonly message: string;
}

/** Whoever has it is done with it by then. */
const LEASE_MS = 120_000;
/** The provider gave less than was asked for: this share of it is left alone at least. */
const LEAST_SHARE = 0.125;
const SPREAD = 0.1;
const backoff: Backoff = { baseMs: 60_000, capMs: 6 * 3_600_000 };
/** So many failures in a row are told to the owner. */
const TOLD_AT = 3;

/** Returns the subscriptions that the owner's app asks for, of those the provider has and the grant is enough for. */
export function wantedOf(setup: Setup | undefined, app: ProviderApp, granted: Granted): string[] {
  return Object.entries(setup?.subscriptions ?? {}).flatMap(([kind, subscription]) =>
    app.subscriptions && Object.hasOwn(app.subscriptions, kind) && !unmet(subscription, granted) ? [kind] : [],
  );
}

/** Returns the values of a subscription's options: the app's, which must fit, whole, the pattern, else the defaults.
 *  Throws `WrongSecret`. */
export function optionsOf(
  kind: string,
  { options = {} }: Subscription,
  chosen: Readonly<Record<string, string>>,
): Record<string, string> {
  const strange = Object.keys(chosen).find((name) => !Object.hasOwn(options, name));
  if (strange !== undefined) throw new WrongSecret(`The subscription ${kind} has no option ${strange}`);
  const values = Object.entries(options).map(([name, { default: usual, pattern }]) => {
    const value = chosen[name] ?? usual;
    if (value === undefined || !new RegExp(`^(?:${pattern})$`).test(value)) {
      throw new WrongSecret(`The option ${name} of the subscription ${kind} is missing, or does not fit`);
    }
    return [name, value];
  });
  return Object.fromEntries(values);
}

/** Returns the subscription while somebody is at work on it. */
export function claimed(state: SubscriptionState, nowMs: number): SubscriptionState {
  return { ...state, dueAtMs: nowMs + LEASE_MS };
}

/** Returns the subscription that is alive with what the provider answered; it is due again before its end, each at a time of
 *  its own. */
export function alive(
  state: SubscriptionState,
  { lastsS, renewBeforeS }: Subscription,
  { endsAt, ...values }: Readonly<Record<string, string>>,
  moment: Moment,
): SubscriptionState {
  const { nowMs } = moment;
  const endsAtMs = readTime(endsAt) ?? nowMs + lastsS * 1000;
  const early = renewBeforeS * 1000 * (1 + SPREAD * moment.chance());
  const dueAtMs = Math.max(endsAtMs - early, nowMs + LEAST_SHARE * Math.max(endsAtMs - nowMs, 0));
  return { ...state, values, endsAtMs, dueAtMs: Math.ceil(dueAtMs), failures: 0, error: undefined };
}

/** Returns the subscription after one more failure: tried again later, the longer the more there were. */
export function failing(state: SubscriptionState, fault: Fault, waitMs: number, moment: Moment): SubscriptionState {
  const failures = state.failures + 1;
  const dueAtMs = moment.nowMs + nextDelayMs(failures, backoff, moment, Math.max(waitMs, backoff.baseMs));
  return { ...state, failures, dueAtMs, error: { ...fault, atMs: moment.nowMs } };
}

/** Returns the subscription that waits for a new authorization. */
export function unauthorized(state: SubscriptionState, fault: Fault, nowMs: number): SubscriptionState {
  return { ...state, dueAtMs: undefined, error: { ...fault, atMs: nowMs } };
}

/** Returns the subscription after its connection was made again: whatever was wrong may be right now. */
export function reconnected(state: SubscriptionState, atMs: number): SubscriptionState {
  const sound = state.values && state.failures === 0 && state.dueAtMs !== undefined;
  return { ...state, ...(!sound && { dueAtMs: atMs, failures: 0 }), followedAtMs: atMs };
}

/** Returns whether the owner is to be told now. */
export function isTold({ failures }: SubscriptionState): boolean {
  return failures === TOLD_AT;
}

/** Returns what is kept of an answer; nothing where something is missing. */
export function kept(
  answer: Readonly<Record<string, string>> = {},
  body: unknown,
): Readonly<Record<string, string>> | undefined {
  const pairs = Object.entries(answer).map(([name, path]) => [name, textAt(body, path)] as const);
  return pairs.some(([, text]) => text === undefined) ? undefined : Object.fromEntries(pairs as [string, string][]);
}

function readTime(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ms = /^\d+$/.test(text) ? Number(text) : Date.parse(text);
  return Number.isFinite(ms) ? ms : undefined;
}

/** Returns the public shape. */
export function subscriptionView({ kind, values, endsAtMs, dueAtMs, failures, error }: SubscriptionState) {
  const healthy = values ? 'active' : 'pending';
  const status: 'needs_reauth' | 'failing' | 'active' | 'pending' =
    dueAtMs === undefined ? 'needs_reauth' : failures > 0 ? 'failing' : healthy;
  return {
    ...{ kind, status },
    ...(endsAtMs !== undefined && { endsAt: iso(endsAtMs) }),
    ...(error && { error: { code: error.code, message: error.message, at: iso(error.atMs) } }),
  };
}
