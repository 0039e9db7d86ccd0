import type { Webhooks } from '../webhooks.ts';

const clientState = { kind: 'token', at: { body: 'value.*.clientState' } } as const;

/** Notifications of Graph bring the secret of their subscription; those with data also tokens for the owner's app. They name
 *  no account: a subscription has an endpoint of its own. */
export const microsoftWebhooks = {
  docs: 'https://learn.microsoft.com/en-us/graph/change-notifications-delivery-webhooks',
  signatures: [
    {
      kind: 'jwt',
      when: { body: 'validationTokens.0' },
      at: { body: 'validationTokens.*' },
      keys: 'https://login.microsoftonline.com/common/discovery/v2.0/keys',
      issuers: ['https://login.microsoftonline.com/{tid}/v2.0', 'https://sts.windows.net/{tid}/'],
      audience: 'clientId',
      sender: { claims: ['azp', 'appid'], is: '0bf30f3b-4a52-48df-9a82-234910c4a086' },
      besides: clientState,
    },
    clientState,
  ],
  events: [{ at: 'value.*' }],
  eventId: [{ body: 'id' }],
  // Lifecycle events, and changes of files: a second one must not be taken for the first, sooner the reverse.
  signals: { unless: ['resourceData', '@odata.etag'], apartS: 10 },
  eventType: [{ body: 'lifecycleEvent' }, { body: 'changeType' }],
  accounts: [],
  renewedOn: ['reauthorizationRequired', 'subscriptionRemoved'],
  withheld: ['clientState'],
  replies: [
    { when: { query: 'validationToken' }, handshake: 'unsigned', echo: { query: 'validationToken' } },
    { status: 202 },
  ],
  answerWithinMs: 3_000,
  unconfirmed: ['whether every notification has an id'],
} as const satisfies Webhooks;
