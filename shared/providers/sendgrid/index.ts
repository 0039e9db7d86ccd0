import type { Provider } from '../provider.ts';

export const sendgrid = {
  id: 'sendgrid',
  name: 'SendGrid',
  docs: 'https://www.twilio.com/docs/sendgrid/api-reference/how-to-use-the-sendgrid-v3-api/authentication',
  auth: [
    {
      kind: 'api_key',
      fields: [
        {
          name: 'accountName',
          label: 'Account name',
          help: 'How the account is called here: SendGrid does not name it to a key that may only send mail.',
          pattern: '[A-Za-z0-9][A-Za-z0-9._-]{0,99}',
          example: 'acme.example',
        },
        {
          name: 'region',
          label: 'Region',
          help: 'SendGrid → Settings → Account details. Keys of one region are not known in the other.',
          choices: { api: 'Global', 'api.eu': 'European Union' },
        },
        {
          name: 'apiKey',
          label: 'API key',
          help: 'SendGrid → Settings → API keys → Create API key, with the least access that does.',
          secret: true,
          pattern: 'SG\\.[A-Za-z0-9_-]{16,32}\\.[A-Za-z0-9_-]{32,64}',
          example: 'SG.0000000000000000000000.0000000000000000000000000000000000000000000',
        },
      ],
      place: [{ in: 'header', name: 'authorization', value: 'Bearer {apiKey}' }],
      account: { from: 'field', id: ['accountName'], name: ['accountName'] },
      unconfirmed: ['regional keys', 'how fast the API may be asked'],
    },
  ],
  api: {
    baseUrl: 'https://{region}.sendgrid.com/v3',
    // Every key may read its own scopes.
    whoami: { method: 'GET', path: '/scopes' },
    errors: { message: 'errors.0.message', details: 'errors' },
    rateLimitHeaders: { remaining: 'x-ratelimit-remaining', reset: 'x-ratelimit-reset', of: 'route' },
  },
  // Sending has a limit of its own, far beyond what a queue lets go.
  limits: [{ requests: 600, perS: 60, except: ['mail.send', 'mail.sendBulk'] }],
} as const satisfies Provider;
