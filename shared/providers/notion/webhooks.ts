import type { Webhooks } from '../webhooks.ts';

/** The signing secret comes with the first request, which is signed with it: the operator reads it among the unrouted
 *  events, gives it back to Notion, and puts it into the provider's secret. */
export const notionWebhooks = {
  docs: 'https://developers.notion.com/reference/webhooks',
  signatures: [
    {
      kind: 'hmac',
      hash: 'sha256',
      header: 'x-notion-signature',
      prefix: 'sha256=',
      encoding: 'hex',
      signed: ['body'],
    },
  ],
  eventId: [{ body: 'id' }],
  volatile: ['attempt_number'],
  eventType: [{ body: 'type' }, { body: 'verification_token', as: 'verification_token' }],
  occurredAt: [{ at: 'timestamp', unit: 'iso' }],
  accounts: [['workspace_id']],
  replies: [{ when: { body: 'verification_token' }, handshake: 'captured' }],
  answerWithinMs: 10_000,
  unconfirmed: ['how long it waits for an answer'],
} as const satisfies Webhooks;
