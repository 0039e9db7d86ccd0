import { standardSignature, type Webhooks } from '../webhooks.ts';

/** Standard Webhooks. Each shows a contact as it is then, with the account that it belongs to. */
export const demoWebhooks = {
  docs: 'https://www.standardwebhooks.com',
  signatures: [standardSignature('webhook')],
  eventId: [{ header: 'webhook-id' }],
  eventType: [{ body: 'type' }],
  occurredAt: [{ at: 'data.updatedAt', unit: 'iso' }],
  accounts: [['account']],
  ways: ['oauth2', 'app_jwt'],
  answerWithinMs: 10_000,
} as const satisfies Webhooks;
