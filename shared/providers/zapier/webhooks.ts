import type { Webhooks } from '../webhooks.ts';

/** A Zap that posts to the hub, with the secret as a bearer token and the fields that its maker chose: `type`, and
 *  `event_id`, without which equal bodies are one event. It belongs to the endpoint that it was sent to. */
export const zapierWebhooks = {
  docs: 'https://help.zapier.com/hc/en-us/articles/8496326446989',
  signatures: [{ kind: 'token', at: { header: 'authorization' }, prefix: 'Bearer ' }],
  eventId: [{ body: 'event_id' }],
  eventType: [{ body: 'type' }, { body: 'event' }],
  accounts: [],
  answerWithinMs: 10_000,
  unconfirmed: ['how long it waits for an answer'],
} as const satisfies Webhooks;
