import { standardSignature, type Webhooks } from '../webhooks.ts';

/** Standard Webhooks under Svix's names. It names no account: a tenant's webhook has an endpoint of its own. */
export const resendWebhooks = {
  docs: 'https://resend.com/docs/webhooks/verify-webhooks-requests',
  signatures: [standardSignature('svix')],
  eventId: [{ header: 'svix-id' }],
  eventType: [{ body: 'type' }],
  occurredAt: [{ at: 'created_at', unit: 'iso' }],
  accounts: [],
  answerWithinMs: 15_000,
} as const satisfies Webhooks;
