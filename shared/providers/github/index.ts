import type { Provider } from '../provider.ts';

/** An OAuth app with expiring tokens switched on; where the setting is off, tokens do not expire and none is refreshed. */
export const github = {
  id: 'github',
  name: 'GitHub',
  docs: 'https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps',
  auth: {
    kind: 'oauth2',
    authorizeUrl: 'https://github.com/login/oauth/authorize',
    tokenUrl: 'https://github.com/login/oauth/access_token',
    clientAuth: 'body',
    pkce: 'S256',
    scopes: {
      'read:user': 'Read your profile',
      'user:email': 'Read your e-mail addresses',
      repo: 'Read and write your repositories and their issues',
    },
    scopeSeparator: ' ',
    grantedSeparator: ',',
    tokenErrors: 'in-200',
    grantGone: ['bad_refresh_token', 'bad_verification_code'],
    clientWrong: ['incorrect_client_credentials', 'redirect_uri_mismatch'],
    refresh: {
      rotates: 'always',
      graceS: 0,
      idleS: 15_897_600,
      unconfirmed: ['idle lifetime for OAuth apps'],
    },
    // Not `/grant`, which ends the connections of every tenant that the same person connected.
    revoke: { style: 'app-delete', url: 'https://api.github.com/applications/{client_id}/token' },
    account: { from: 'whoami', id: ['id'], name: ['login'] },
  },
  api: {
    baseUrl: 'https://api.github.com',
    // Requests without a user agent are refused.
    headers: { accept: 'application/vnd.github+json', 'x-github-api-version': '2022-11-28', 'user-agent': 'patchbay' },
    whoami: { method: 'GET', path: '/user' },
    errors: { message: 'message', details: 'errors' },
    requestIdHeader: 'x-github-request-id',
    rateLimitHeaders: { remaining: 'x-ratelimit-remaining', reset: 'x-ratelimit-reset' },
  },
  limits: [
    { requests: 5_000, perS: 3_600, burst: 100 },
    { action: 'issues.create', requests: 80, perS: 60, burst: 10 },
  ],
} as const satisfies Provider;
