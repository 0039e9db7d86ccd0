import { findWebhooks } from '../../shared/providers/senders.ts';
import type { Webhooks } from '../../shared/providers/webhooks.ts';
import { sign } from '../support/samples.ts';

/** One delivery, as the sender makes it, however often. */
export interface Told {
  readonly provider: string;
  readonly id: string;
  readonly account: string;
  /** A tenant's own address; none: that of the owner's app. */
  readonly endpoint?: string;
  /** Beside the signature. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Each event in it, as JSON, as the hub keeps it. */
  readonly contents: readonly string[];
  /** It ends the connection. */
  readonly ends: boolean;
}

export const PUBLIC_URL = 'https://hub.example.com';
/** 256 bits: who does not know it does not know the address. */
export const ENDPOINT = 'e'.repeat(43);

/** A provider's, in its own form; a made-up one. */
export function secretOf(provider: string): string {
  const text = `the-secret-of-${provider}-in-this-world`;
  return provider === 'standard-webhooks' ? `whsec_${Buffer.from(text).toString('base64')}` : text;
}

interface Shape {
  readonly headers?: Readonly<Record<string, string>>;
  /** Several: what is sent is a list. */
  readonly events: readonly object[];
}

/** How senders tell of an event of one account; `n` makes it one of its own, whatever its id. */
const shapes: Readonly<Record<string, (id: string, account: string, n: number, text: string) => Shape>> = {
  github: (id, account, n, text) => ({
    headers: { 'x-github-event': 'issues', 'x-github-delivery': id },
    events: [{ action: 'edited', repository: { owner: { id: account } }, n, text }],
  }),
  slack: (id, account, n, text) => ({
    events: [{ type: 'event_callback', team_id: account, event_id: id, event: { type: 'message', n, text } }],
  }),
  stripe: (id, account, n, text) => ({
    events: [{ id, type: 'customer.updated', account, created: n, data: { object: customer(n, text) } }],
  }),
  hubspot: (id, account, n, text) => ({
    events: ['first', 'second'].map((objectId) => {
      const about = { eventId: id, subscriptionId: 7, objectId, occurredAt: 1_700_000_000_000 };
      return { ...about, portalId: account, subscriptionType: 'contact.creation', n, text };
    }),
  }),
  'standard-webhooks': (id, account, n, text) => ({
    headers: { 'webhook-id': id },
    events: [{ type: 'thing.happened', account, n, text }],
  }),
};
export const senders = Object.keys(shapes);
/** It ends at this address alone. */
export const ofEndpoint = 'standard-webhooks';

function customer(n: number, text: string) {
  return { id: `cus_${n}`, object: 'customer', name: 'Ada', email: 'ada@example.com', created: n, description: text };
}

export function tell(provider: string, id: string, account: string, n: number, text = ''): Told {
  const { headers = {}, events } = shapes[provider]?.(id, account, n, text) ?? { events: [] };
  const contents = events.map((event) => JSON.stringify(event));
  const body = provider === 'hubspot' ? `[${contents}]` : (contents[0] ?? '');
  const endpoint = provider === ofEndpoint ? { endpoint: ENDPOINT } : {};
  return { provider, id, account, ...endpoint, headers, body, contents, ends: false };
}

/** The end of a connection. */
export function tellEnd(id: string, account: string): Told {
  const event = { type: 'event_callback', team_id: account, event_id: id, event: { type: 'app_uninstalled' } };
  const body = JSON.stringify(event);
  return { provider: 'slack', id, account, headers: {}, body, contents: [body], ends: true };
}

export function pathOf({ provider, endpoint }: Told): string {
  return endpoint === undefined ? `/webhooks/${provider}` : `/webhooks/${provider}/${endpoint}`;
}

/** Returns the headers of one attempt: the time that is signed is the attempt's. */
export function signedHeaders(told: Told, nowMs: number, publicUrl = PUBLIC_URL, secret = secretOf(told.provider)) {
  const webhooks = findWebhooks(told.provider) as Webhooks;
  const [first] = webhooks.signatures;
  const isMs = first !== undefined && 'timestamp' in first && first.timestamp?.unit === 'ms';
  const timestamp = String(isMs ? nowMs : Math.floor(nowMs / 1000));
  const headers = { 'content-type': 'application/json', ...told.headers };
  return { ...headers, ...sign(webhooks, secret, told.body, { timestamp, url: publicUrl + pathOf(told), headers }) };
}
