import type { Webhooks } from '../webhooks.ts';

const version = (equals: 'v1' | 'v2') => ({ when: { header: 'x-hubspot-signature-version', equals } }) as const;

/** The secret is the app's client secret. Many events of several accounts come in one request. */
export const hubspotWebhooks = {
  docs: 'https://developers.hubspot.com/docs/api/webhooks/validating-requests',
  signatures: [
    {
      kind: 'hmac',
      hash: 'sha256',
      header: 'x-hubspot-signature-v3',
      encoding: 'base64',
      signed: ['method', 'url', 'body', 'timestamp'],
      timestamp: { header: 'x-hubspot-request-timestamp', unit: 'ms', toleranceS: 300 },
      spellings: ['decoded', 'sent'],
    },
    {
      kind: 'hash',
      hash: 'sha256',
      ...version('v2'),
      header: 'x-hubspot-signature',
      encoding: 'hex',
      signed: ['secret', 'method', 'url', 'body'],
    },
    {
      kind: 'hash',
      hash: 'sha256',
      ...version('v1'),
      header: 'x-hubspot-signature',
      encoding: 'hex',
      signed: ['secret', 'body'],
    },
  ],
  events: [{ at: '*' }],
  eventId: [
    [
      { body: 'portalId' },
      { body: 'subscriptionId' },
      { body: 'eventId' },
      { body: 'occurredAt' },
      { body: 'objectId' },
      { body: 'propertyName' },
    ],
  ],
  volatile: ['attemptNumber'],
  retries: { body: 'attemptNumber' },
  eventType: [{ body: 'subscriptionType' }, { body: 'eventType' }],
  occurredAt: [{ at: 'occurredAt', unit: 'ms' }],
  accounts: [['portalId']],
  answerWithinMs: 5_000,
} as const satisfies Webhooks;
