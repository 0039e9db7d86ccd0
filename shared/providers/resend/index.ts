import type { Provider } from '../provider.ts';

export const resend = {
  id: 'resend',
  name: 'Resend',
  docs: 'https://resend.com/docs/guides/building-a-resend-oauth-client',
  auth: [
    {
      kind: 'oauth2',
      authorizeUrl: 'https://api.resend.com/oauth/authorize',
      tokenUrl: 'https://api.resend.com/oauth/token',
      clientAuth: 'none',
      pkce: 'S256',
      scopes: { 'emails:send': 'Send e-mail' },
      moreScopes: { full_access: 'Read and write all of the account' },
      scopeSeparator: ' ',
      tokenErrors: 'status',
      refresh: { rotates: 'always', graceS: 0, idleS: 5_184_000 },
      revoke: { style: 'rfc7009', url: 'https://api.resend.com/oauth/revoke' },
      // Resend shares neither name nor address: the claims of the access token are all there is.
      account: { from: 'claims', id: ['team_id', 'sub'], name: [] },
      unconfirmed: ['whether clients may have a secret', 'which claim of the access token names the team'],
    },
    {
      kind: 'api_key',
      docs: 'https://resend.com/docs/dashboard/api-keys/introduction',
      fields: [
        {
          name: 'accountName',
          label: 'Account name',
          help: 'How the account is called here, for example its sending domain: Resend does not name it to a key.',
          pattern: '[A-Za-z0-9][A-Za-z0-9._-]{0,99}',
          example: 'acme.example',
        },
        {
          name: 'apiKey',
          label: 'API key',
          help: 'Resend → API keys → Create API key, with full access: a key that may only send cannot be tested.',
          secret: true,
          pattern: 're_[A-Za-z0-9_]{10,200}',
          example: 're_00000000_000000000000000000000000',
        },
      ],
      place: [{ in: 'header', name: 'authorization', value: 'Bearer {apiKey}' }],
      whoami: { method: 'GET', path: '/domains?limit=1' },
      account: { from: 'field', id: ['accountName'], name: ['accountName'] },
      unconfirmed: ['how fast the API may be asked: 2, 5 or 10 a second, by the age of the page'],
    },
  ],
  api: {
    baseUrl: 'https://api.resend.com',
    pagination: { next: 'last', items: 'data', id: 'id', as: 'after', more: 'has_more' },
    errors: {
      code: 'name',
      message: 'message',
      rateLimitedCodes: ['rate_limit_exceeded'],
      againCodes: ['concurrent_idempotent_requests'],
      finalCodes: ['daily_quota_exceeded', 'monthly_quota_exceeded', 'restricted_api_key'],
      texts: {
        daily_quota_exceeded: 'The quota of the day is used up.',
        monthly_quota_exceeded: 'The quota of the month is used up.',
        restricted_api_key: 'This API key may send e-mail, and do nothing else.',
      },
    },
    idempotency: { header: 'idempotency-key', keptS: 86_400 },
    rateLimitHeaders: { remaining: 'ratelimit-remaining', reset: 'ratelimit-reset', resetIn: 'seconds' },
  },
  limits: [{ requests: 5, perS: 1 }],
} as const satisfies Provider;
