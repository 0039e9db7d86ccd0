import type { Webhooks } from '../webhooks.ts';

const url = {
  kind: 'hmac',
  hash: 'sha1',
  header: 'x-twilio-signature',
  encoding: 'base64',
  spellings: ['sent', 'port'],
} as const;

/** Forms, or JSON whose hash stands in the URL; the secret is the account's auth token. What tells deliveries apart is taken
 *  from what is signed; the idempotency token is not. */
export const twilioWebhooks = {
  docs: 'https://www.twilio.com/docs/usage/webhooks/webhooks-security',
  signatures: [
    { ...url, when: { query: 'bodySHA256' }, signed: ['url'], bodyHash: 'bodySHA256' },
    { ...url, signed: ['url', 'form'] },
  ],
  events: [{ at: '*' }],
  eventId: [
    [{ body: 'MessageSid' }, { body: 'MessageStatus' }, { body: 'SmsStatus' }, { body: 'EventType' }],
    { body: 'id' },
  ],
  eventType: [{ body: 'type' }, { body: 'MessageStatus' }, { body: 'SmsStatus' }, { body: 'CallStatus' }],
  occurredAt: [{ at: 'time', unit: 'iso' }],
  accounts: [['AccountSid']],
  ways: ['basic', 'client_credentials'], // no app stands in between: the account itself signs
  replies: [
    { when: { body: 'MessageStatus' }, status: 204 },
    { when: { body: 'AccountSid' }, type: 'text/xml', body: '<Response></Response>' },
  ],
  answerWithinMs: 15_000,
} as const satisfies Webhooks;
