import { standardSignature, type Webhooks } from './webhooks.ts';

// Senders that are no providers here: there is nothing to connect and nothing to call.

/** Standard Webhooks, version 1.0.0, whoever sends them. */
export const standardWebhooks = {
  docs: 'https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md',
  endpointsOnly: true,
  signatures: [standardSignature('webhook')],
  eventId: [{ header: 'webhook-id' }],
  eventType: [{ body: 'type' }],
  occurredAt: [{ at: 'timestamp', unit: 'iso' }],
  accounts: [],
  answerWithinMs: 15_000,
} as const satisfies Webhooks;

/** Whatever signs with an HMAC, in the form that the settings describe. */
export const hmacWebhooks = {
  docs: 'https://datatracker.ietf.org/doc/html/rfc2104',
  endpointsOnly: true,
  signatures: [],
  settings: 'signature',
  eventId: [],
  eventType: [{ body: 'type' }, { body: 'event' }],
  accounts: [],
  answerWithinMs: 10_000,
} as const satisfies Webhooks;
