import type { Webhooks } from '../webhooks.ts';

/** Standard Webhooks. Each shows a contact as it is then, with the account that it belongs to. */
export const demoWebhooks = {
  docs: 'https://www.standardwebhooks.com',
  signatures: [
    {
      kind: 'hmac',
      hash: 'sha256',
      key: 'whsec',
      header: 'webhook-signature',
      list: ' ',
      prefix: 'v1,',
      encoding: 'base64',
      signed: [{ header: 'webhook-id' }, { text: '.' }, 'timestamp', { text: '.' }, 'body'],
      timestamp: { header: 'webhook-timestamp', toleranceS: 300 },
      requires: ['webhook-id'],
    },
  ],
  eventId: [{ header: 'webhook-id' }],
  eventType: [{ body: 'type' }],
  occurredAt: [{ at: 'data.updatedAt', unit: 'iso' }],
  accounts: [['account']],
  answerWithinMs: 10_000,
} as const satisfies Webhooks;
