import type { Provider } from '../provider.ts';

/** The provider that comes with the hub: a real OAuth server and a small API, on this computer alone.
 *  `.invalid` never resolves (RFC 2606): the local stage's `origins` say where it listens. */
export const demo = {
  id: 'demo',
  name: 'Demo',
  docs: 'https://datatracker.ietf.org/doc/html/rfc6749',
  stages: ['local'],
  auth: {
    kind: 'oauth2',
    authorizeUrl: 'https://login.demo.invalid/auth',
    tokenUrl: 'https://login.demo.invalid/token',
    issuer: 'https://login.demo.invalid',
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
    account: { from: 'whoami', id: ['id'], name: ['name'] },
  },
  api: {
    baseUrl: 'https://api.demo.invalid',
    whoami: { method: 'GET', path: '/me' },
    errors: { code: 'error.code', message: 'error.message' },
    requestIdHeader: 'x-request-id',
    idempotencyHeader: 'idempotency-key',
    rateLimitHeaders: { remaining: 'x-ratelimit-remaining', reset: 'x-ratelimit-reset' },
  },
  limits: [{ requests: 600, perS: 60, burst: 50 }],
} as const satisfies Provider;
