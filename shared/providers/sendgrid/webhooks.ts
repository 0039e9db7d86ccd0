import type { Webhooks } from '../webhooks.ts';

/** The Event Webhook, many events at once; the secret is its public key. It names no account: a tenant's webhook has an
 *  endpoint of its own. */
export const sendgridWebhooks = {
  docs: 'https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features',
  signatures: [
    {
      kind: 'ecdsa',
      header: 'x-twilio-email-event-webhook-signature',
      encoding: 'base64',
      signed: ['timestamp', 'body'],
      timestamp: { header: 'x-twilio-email-event-webhook-timestamp', toleranceS: 300 },
    },
  ],
  events: [{ at: '*' }],
  eventId: [{ body: 'sg_event_id' }],
  eventType: [{ body: 'event' }],
  occurredAt: [{ at: 'timestamp', unit: 's' }],
  accounts: [],
  answerWithinMs: 10_000,
  unconfirmed: ['how long it waits for an answer', 'that each attempt is signed with a time of its own'],
} as const satisfies Webhooks;
