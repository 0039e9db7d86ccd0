import type { Webhooks } from '../webhooks.ts';

/** Standard Webhooks under Svix's names. It names no account: a tenant's webhook has an endpoint of its own. */
export const resendWebhooks = {
  docs: 'https://resend.com/docs/webhooks/verify-webhooks-requests',
  signatures: [
    {
      kind: 'hmac',
      hash: 'sha256',
      key: 'whsec',
      header: 'svix-signature',
      list: ' ',
      prefix: 'v1,',
      encoding: 'base64',
      signed: [{ header: 'svix-id' }, { text: '.' }, 'timestamp', { text: '.' }, 'body'],
      timestamp: { header: 'svix-timestamp', toleranceS: 300 },
      requires: ['svix-id'],
    },
  ],
  eventId: [{ header: 'svix-id' }],
  eventType: [{ body: 'type' }],
  occurredAt: [{ at: 'created_at', unit: 'iso' }],
  accounts: [],
  answerWithinMs: 15_000,
} as const satisfies Webhooks;
