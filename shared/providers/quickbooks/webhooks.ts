import type { Webhooks } from '../webhooks.ts';

/** CloudEvents, or the older shape; either may bring several companies in one request. */
export const quickbooksWebhooks = {
  docs: 'https://developer.intuit.com/app/developer/qbo/docs/develop/webhooks',
  signatures: [{ kind: 'hmac', hash: 'sha256', header: 'intuit-signature', encoding: 'base64', signed: ['body'] }],
  events: [{ at: '*' }, { at: 'eventNotifications.*.dataChangeEvent.entities.*', inherit: ['realmId'] }],
  eventId: [
    [{ body: 'realmId' }, { body: 'name' }, { body: 'id' }, { body: 'operation' }, { body: 'lastUpdated' }],
    { body: 'id' },
  ],
  eventType: [{ body: 'type' }, { body: 'name' }],
  eventAction: { body: 'operation' },
  occurredAt: [
    { at: 'time', unit: 'iso' },
    { at: 'lastUpdated', unit: 'iso' },
  ],
  accounts: [['intuitaccountid'], ['realmId']],
  answerWithinMs: 3_000,
  unconfirmed: ['whether the older shape is still sent after July 2026'],
} as const satisfies Webhooks;
