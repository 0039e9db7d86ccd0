import type { Provider } from '../provider.ts';

const who = { from: 'whoami', id: ['id'], name: ['name'] } as const;
const password = { name: 'password', label: 'Password', help: 'Made up: made-up-password.', secret: true } as const;

/** The provider that comes with the hub: a real OAuth server and a small API, on this computer alone.
 *  `.invalid` never resolves (RFC 2606): the local stage's `origins` say where it listens. */
export const demo = {
  id: 'demo',
  name: 'Demo',
  docs: 'https://datatracker.ietf.org/doc/html/rfc6749',
  stages: ['local'],
  auth: [
    {
      kind: 'oauth2',
      authorizeUrl: 'https://login.demo.invalid/auth',
      tokenUrl: 'https://login.demo.invalid/token',
      issuer: 'https://login.demo.invalid',
      idTokenIssuers: ['https://login.demo.invalid'],
      clientAuth: 'basic',
      pkce: 'S256',
      scopes: {
        openid: 'Know who you are',
        offline_access: 'Stay connected while you are away',
        contacts: 'Read and write your contacts',
      },
      scopeSeparator: ' ',
      authorizeParams: { prompt: 'consent' },
      tokenErrors: 'status',
      refresh: { rotates: 'always', graceS: 0 },
      revoke: { style: 'rfc7009', url: 'https://login.demo.invalid/token/revocation' },
      account: who,
    },
    {
      kind: 'api_key',
      fields: [
        {
          name: 'apiKey',
          label: 'API key',
          help: 'Made up: demo-key-ada or demo-key-grace.',
          secret: true,
          pattern: '[a-z0-9-]{8,64}',
          example: 'demo-key-ada',
        },
      ],
      place: [{ in: 'header', name: 'x-api-key', value: '{apiKey}' }],
      account: who,
    },
    {
      kind: 'basic',
      label: 'an e-mail address and password',
      fields: [
        { name: 'email', label: 'E-mail address', help: 'Made up: ada@analytical.example or grace@compilers.example.' },
        password,
      ],
      place: [{ in: 'basic', user: '{email}', password: '{password}' }],
      account: who,
    },
    {
      kind: 'password',
      fields: [
        { name: 'username', label: 'User name', help: 'Made up: ada@analytical.example or grace@compilers.example.' },
        password,
      ],
      mint: {
        url: 'https://api.demo.invalid/tokens',
        parameters: { grant_type: 'password', username: '{username}', password: '{password}' },
      },
      account: who,
    },
    {
      kind: 'client_credentials',
      fields: [
        {
          name: 'clientId',
          label: 'Client id',
          help: 'Made up: client-ada or client-grace.',
          pattern: '[a-z-]{4,40}',
          example: 'client-ada',
        },
        { name: 'clientSecret', label: 'Client secret', help: 'Made up: made-up-client-secret.', secret: true },
      ],
      mint: {
        url: 'https://api.demo.invalid/tokens',
        parameters: { grant_type: 'client_credentials' },
        place: [{ in: 'basic', user: '{clientId}', password: '{clientSecret}' }],
      },
      account: who,
    },
    {
      kind: 'app_jwt',
      backendOnly: true,
      jwt: { issuer: '{app.clientId}', lifeS: 540 },
      fields: [
        {
          name: 'installationId',
          label: 'Installation',
          help: 'Made up: 1001 or 1002.',
          pattern: '[0-9]{1,12}',
          example: '1001',
        },
      ],
      mint: {
        url: 'https://api.demo.invalid/installations/{installationId}/tokens',
        body: 'none',
        place: [{ in: 'header', name: 'authorization', value: 'Bearer {jwt}' }],
        answer: { accessToken: 'token', expiresAt: 'expires_at' },
      },
      goneStatuses: [404],
      account: who,
    },
  ],
  api: {
    baseUrl: 'https://api.demo.invalid',
    whoami: { method: 'GET', path: '/me' },
    pagination: { next: 'link' },
    errors: { code: 'error.code', message: 'error.message' },
    graphql: {
      path: '/graphql',
      errors: {
        code: ['errors.0.extensions.code', 'error.code'],
        message: ['errors.0.message', 'error.message'],
        details: 'errors',
        failureIn200: { field: 'errors.0', unless: 'data' },
      },
    },
    requestIdHeader: 'x-request-id',
    idempotency: { header: 'idempotency-key', keptS: 86_400 },
    rateLimitHeaders: { remaining: 'x-ratelimit-remaining', reset: 'x-ratelimit-reset' },
  },
  limits: [
    { requests: 600, perS: 60, burst: 50 },
    { action: 'contacts.search', requests: 2, perS: 1 },
  ],
} as const satisfies Provider;
