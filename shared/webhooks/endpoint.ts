import { iso, type Moment } from '../core/clock.ts';
import { type ConnectionId, connectionRef, type TenantId } from '../core/ids.ts';
import type { WebhookSettings } from '../providers/settings.ts';
import type { Setup } from '../providers/setup.ts';
import { type SubscriptionState, subscriptionView } from './subscription.ts';

/** A tenant's own address at the hub for one sender, as its row has it. */
export interface EndpointRow {
  /** 256 bits in base64url: who knows it knows the address, and can do nothing with that alone (D-13). */
  readonly id: string;
  readonly tenantId: TenantId;
  readonly provider: string;
  /** The connection that its events are of; none: the one whose account an event names. */
  readonly name?: string;
  /** How its sender signs, where the sender's data leaves that open. */
  readonly settings?: WebhookSettings;
  /** What is known of its secrets, the newest first; as many as are sealed. */
  readonly secrets: readonly SecretNote[];
  /** None where the sender has not issued one yet: nobody is believed. */
  readonly sealed?: Sealed;
  /** Rises whenever the secrets are sealed anew: an older record does not open in their place. */
  readonly generation: number;
  /** What the hub made it for; none: the tenant did. */
  readonly subscription?: SubscriptionState;
  /** What its events name, where they go to the address of the owner's app. */
  readonly accountKey?: string;
  readonly version: number;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

/** One that the hub made for a subscription. */
export type SubscribedRow = EndpointRow & { readonly subscription: SubscriptionState };

export interface SecretNote {
  readonly id: string;
  readonly createdAtMs: number;
  /** Replaced, and believed until then. */
  readonly untilMs?: number;
}

/** Secrets sealed under a data key of their own, which lies beside them, wrapped by KMS. */
export interface Sealed {
  readonly wrapped: string;
  readonly record: string;
}

/** At most so many are live at a time; each is tried for every request. */
const MAX_SECRETS = 5;

/** Returns a new endpoint without secrets. */
export function born(
  about: Pick<EndpointRow, 'tenantId' | 'provider' | 'name' | 'settings' | 'subscription' | 'accountKey'>,
  moment: Moment,
): EndpointRow {
  const { nowMs } = moment;
  return {
    ...about,
    id: moment.token(),
    ...{ secrets: [], generation: 0, version: 1, createdAtMs: nowMs, updatedAtMs: nowMs },
  };
}

/** Returns the secrets beside their notes once this one is the newest: those before it are believed for `overlapMs` more at
 *  most. */
export function joined(
  secret: string,
  { secrets: notes }: EndpointRow,
  before: readonly string[],
  overlapMs: number,
  moment: Moment,
): readonly { readonly note: SecretNote; readonly secret: string }[] {
  const { nowMs } = moment;
  const untilMs = nowMs + overlapMs;
  const older = notes.flatMap((note, index) => {
    const one = before[index];
    const limited = { ...note, untilMs: Math.min(note.untilMs ?? untilMs, untilMs) };
    return one !== undefined && limited.untilMs > nowMs ? [{ note: limited, secret: one }] : [];
  });
  return [{ note: { id: moment.token(9), createdAtMs: nowMs }, secret }, ...older].slice(0, MAX_SECRETS);
}

/** Returns the endpoint's successor with its subscription in this state. */
export function withSubscription(
  row: Omit<EndpointRow, 'subscription'>,
  subscription: SubscriptionState,
  nowMs: number,
): SubscribedRow {
  return { ...row, subscription, version: row.version + 1, updatedAtMs: nowMs };
}

/** Returns the connection that the endpoint's events are of, where it names one. */
export function connectionOf({ provider, name }: EndpointRow): ConnectionId | undefined {
  return name === undefined ? undefined : { provider, name };
}

/** Returns the address to give to the sender. */
export function addressOf({ provider, id }: Pick<EndpointRow, 'provider' | 'id'>, publicUrl: string): string {
  return `${publicUrl.replace(/\/+$/, '')}/webhooks/${provider}/${id}`;
}

/** Returns what to do at the sender of the endpoint. */
export function instructionsFor({ provider, id }: EndpointRow, { steps }: Setup, publicUrl: string): string[] {
  const url = addressOf({ provider, id }, publicUrl);
  return steps.map((step) => step.replaceAll('{url}', url));
}

/** Returns the public shape, without a secret. */
export function toView(row: EndpointRow, publicUrl: string, nowMs: number) {
  const { id, provider, settings, secrets, subscription, createdAtMs, updatedAtMs } = row;
  const connection = connectionOf(row);
  const live = secrets.filter(({ untilMs = Number.POSITIVE_INFINITY }) => untilMs > nowMs);
  return {
    ...{ id, provider, url: addressOf(row, publicUrl) },
    ...(connection && { connection: connectionRef(connection) }),
    ...(settings && { settings }),
    ...(subscription && { subscription: subscriptionView(subscription) }),
    secrets: live.map((note) => ({
      id: note.id,
      createdAt: iso(note.createdAtMs),
      ...(note.untilMs !== undefined && { until: iso(note.untilMs) }),
    })),
    ...{ createdAt: iso(createdAtMs), updatedAt: iso(updatedAtMs) },
  };
}
