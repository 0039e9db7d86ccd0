import type { Webhooks } from '../webhooks.ts';

/** Destinations send whatever header they are given; the newer webhooks of agents are signed. Whoever has the token could
 *  name any project: an event belongs to the endpoint that it was sent to. */
export const posthogWebhooks = {
  docs: 'https://posthog.com/docs/cdp/destinations/webhook',
  signatures: [
    {
      kind: 'hmac',
      hash: 'sha256',
      header: 'x-posthog-webhook-signature',
      prefix: 'v1=',
      encoding: 'hex',
      signed: ['timestamp', { text: '.' }, 'body'],
      timestamp: { header: 'x-posthog-webhook-timestamp', toleranceS: 300 },
    },
    { kind: 'token', at: { header: 'authorization' }, prefix: 'Bearer ' },
  ],
  eventId: [{ body: 'event.uuid' }, { header: 'x-posthog-webhook-id' }],
  eventType: [{ body: 'event.event' }, { header: 'x-posthog-webhook-event' }],
  occurredAt: [{ at: 'event.timestamp', unit: 'iso' }],
  accounts: [],
  answerWithinMs: 10_000,
  unconfirmed: ['the fields of an event', 'how long it waits for an answer'],
} as const satisfies Webhooks;
