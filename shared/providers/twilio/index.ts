import type { Provider } from '../provider.ts';

const account = {
  name: 'accountSid',
  label: 'Account SID',
  help: 'Twilio Console → Account dashboard → Account info.',
  pattern: 'AC[0-9a-f]{32}',
  example: 'AC00000000000000000000000000000000',
} as const;

const place = { from: 'field', id: ['accountSid'], name: [] } as const;

export const twilio = {
  id: 'twilio',
  name: 'Twilio',
  docs: 'https://www.twilio.com/docs/usage/requests-to-twilio',
  auth: [
    {
      kind: 'basic',
      label: 'an API key',
      docs: 'https://www.twilio.com/docs/iam/api-keys',
      fields: [
        account,
        {
          name: 'keySid',
          label: 'API key SID',
          help: 'Twilio Console → Account → API keys & tokens. The Account SID again, where its auth token is used.',
          pattern: '(SK|AC)[0-9a-f]{32}',
          example: 'SK00000000000000000000000000000000',
        },
        {
          name: 'secret',
          label: 'Secret',
          help: 'Shown once, when the API key is made; or the auth token of the account.',
          secret: true,
          pattern: '[A-Za-z0-9]{32}',
          example: '00000000000000000000000000000000',
        },
      ],
      place: [{ in: 'basic', user: '{keySid}', password: '{secret}' }],
      account: place,
    },
    {
      kind: 'client_credentials',
      label: 'an OAuth app of your own',
      docs: 'https://www.twilio.com/docs/iam/oauth-apps',
      fields: [
        account,
        {
          name: 'clientId',
          label: 'Client ID',
          help: 'Twilio Console → Account → OAuth apps.',
          pattern: '[A-Za-z0-9_-]{8,100}',
          example: 'OQ00000000000000000000000000000000',
        },
        {
          name: 'clientSecret',
          label: 'Client secret',
          help: 'Shown once, when the OAuth app is made.',
          secret: true,
        },
      ],
      mint: {
        url: 'https://oauth.twilio.com/v2/token',
        parameters: {
          grant_type: 'client_credentials',
          client_id: '{clientId}',
          client_secret: '{clientSecret}',
        },
      },
      account: place,
      unconfirmed: ['how long the token lives'],
    },
  ],
  api: {
    baseUrl: 'https://api.twilio.com/2010-04-01/Accounts/{account}',
    whoami: { method: 'GET', path: 'https://api.twilio.com/2010-04-01/Accounts/{accountSid}.json' },
    pagination: { next: 'url', field: 'next_page_uri' },
    errors: {
      code: 'code',
      message: 'message',
      details: 'more_info',
      rateLimitedCodes: ['20429'],
      texts: {
        21211: 'This is no number that a message can be sent to.',
        21608: 'A trial account sends to verified numbers alone.',
        21610: 'The recipient has opted out of messages from this number.',
        63016: 'Outside of the 24 hours after a customer wrote, WhatsApp takes approved templates alone.',
      },
    },
  },
  // Each sender has a pace of its own, and Twilio queues; the API limits how many requests are open at once.
  limits: [],
} as const satisfies Provider;
