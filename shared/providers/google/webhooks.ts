import type { Webhooks } from '../webhooks.ts';

/** Channels of Calendar and Drive bring a token and nothing but headers; Gmail speaks through Pub/Sub, which signs for the
 *  service account that the settings name, with the address it pushes to as its audience. */
export const googleWebhooks = {
  docs: 'https://developers.google.com/workspace/calendar/api/guides/push',
  signatures: [
    {
      kind: 'jwt',
      at: { header: 'authorization' },
      prefix: 'Bearer ',
      keys: 'https://www.googleapis.com/oauth2/v3/certs',
      issuers: ['https://accounts.google.com', 'accounts.google.com'],
      audience: 'url',
      sender: { claims: ['email'], verified: 'email_verified' },
    },
    {
      kind: 'token',
      at: { header: 'x-goog-channel-token' },
      requires: ['x-goog-channel-id', 'x-goog-message-number', 'x-goog-resource-state'],
    },
  ],
  settings: 'senders',
  inHeaders: {
    channelId: 'x-goog-channel-id',
    messageNumber: 'x-goog-message-number',
    resourceId: 'x-goog-resource-id',
    resourceState: 'x-goog-resource-state',
  },
  embedded: [{ at: 'message.data', encoding: 'base64' }],
  eventId: [[{ body: 'channelId' }, { body: 'messageNumber' }], { body: 'message.messageId' }],
  volatile: ['deliveryAttempt'], // there, where the subscription has a dead-letter topic
  eventType: [{ body: 'resourceState' }, { body: 'message.data.historyId', as: 'gmail.history' }],
  occurredAt: [{ at: 'message.publishTime', unit: 'iso' }],
  accounts: [['message.data.emailAddress']],
  replies: [{ when: { header: 'x-goog-resource-state', equals: 'sync' }, handshake: 'verified' }],
  answerWithinMs: 10_000,
  unconfirmed: ['how long it waits for an answer'],
} as const satisfies Webhooks;
