import type { Webhooks } from '../webhooks.ts';

/** Events of the own account, of connected accounts (Connect), and thin ones, which hold no object. An event of the own
 *  account names none: it belongs to the endpoint that it was sent to. */
export const stripeWebhooks = {
  docs: 'https://docs.stripe.com/webhooks',
  signatures: [
    {
      kind: 'hmac',
      hash: 'sha256',
      header: 'stripe-signature',
      list: ',',
      prefix: 'v1=',
      encoding: 'hex',
      signed: ['timestamp', { text: '.' }, 'body'],
      timestamp: { header: 'stripe-signature', prefix: 't=', toleranceS: 300 },
    },
  ],
  eventId: [{ body: 'id' }],
  volatile: ['pending_webhooks'],
  eventType: [{ body: 'type' }],
  occurredAt: [
    { at: 'created', unit: 's' },
    { at: 'created', unit: 'iso' },
  ],
  accounts: [['account'], ['context']],
  answerWithinMs: 10_000,
  lifecycle: { 'account.application.deauthorized': { reason: 'uninstalled' } },
  unconfirmed: ['how long it waits for an answer'],
} as const satisfies Webhooks;
