import type { Provider } from '../provider.ts';

/** An OAuth app or a GitHub App, with expiring tokens switched on; where the setting is off, tokens do not expire and none
 *  is refreshed. A GitHub App has permissions instead of scopes, and ignores them. */
export const github = {
  id: 'github',
  name: 'GitHub',
  docs: 'https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps',
  auth: [
    {
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
      moreScopes: {
        public_repo: 'Read and write your public repositories and their issues',
        'read:org': 'See your organizations and teams',
        'admin:repo_hook': 'Manage the webhooks of your repositories',
        workflow: 'Change the workflows of your repositories',
        gist: 'Write your gists',
        notifications: 'Read your notifications',
        offline_access: 'Stay connected while you are away',
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
    {
      kind: 'app_jwt',
      label: 'an installation of the GitHub App',
      docs: 'https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/authenticating-as-a-github-app-installation',
      fields: [
        {
          name: 'installationId',
          label: 'Installation ID',
          help: 'The number that GitHub adds to the setup URL of the app; proven by GET /user/installations of that person.',
          pattern: '[0-9]{1,20}',
          example: '12345678',
        },
      ],
      backendOnly: true,
      jwt: { issuer: '{app.clientId}', lifeS: 540 },
      mint: {
        url: 'https://api.github.com/app/installations/{installationId}/access_tokens',
        body: 'none',
        headers: {
          accept: 'application/vnd.github+json',
          'x-github-api-version': '2022-11-28',
        },
        place: [{ in: 'header', name: 'authorization', value: 'Bearer {jwt}' }],
        answer: { accessToken: 'token', expiresAt: 'expires_at' },
      },
      // Uninstalled. A 403 may be a suspension, or a rate limit: neither is the end.
      goneStatuses: [404],
      revoke: { style: 'bearer', method: 'DELETE', url: 'https://api.github.com/installation/token' },
      // Not the installation's number: webhooks name the owner, and the two are numbered apart.
      account: { from: 'whoami', id: ['repositories.0.owner.id'], name: ['repositories.0.owner.login'] },
      whoami: { method: 'GET', path: '/installation/repositories?per_page=1' },
    },
  ],
  api: {
    baseUrl: 'https://api.github.com',
    headers: { accept: 'application/vnd.github+json', 'x-github-api-version': '2022-11-28' },
    whoami: { method: 'GET', path: '/user' },
    pagination: { next: 'link' },
    errors: {
      message: 'message',
      details: 'errors',
      rateLimitedTexts: ['secondary rate limit', 'abuse detection'],
      rateLimitedS: 60,
    },
    graphql: {
      path: '/graphql',
      errors: {
        code: ['errors.0.type', 'errors.0.extensions.code'],
        message: ['errors.0.message', 'message'],
        details: 'errors',
        failureIn200: { field: 'errors.0', unless: 'data' },
        rateLimitedCodes: ['RATE_LIMITED'],
        rateLimitedTexts: ['secondary rate limit', 'abuse detection'],
        rateLimitedS: 60,
      },
      points: {
        remaining: 'data.rateLimit.remaining',
        cost: 'data.rateLimit.cost',
        reset: 'data.rateLimit.resetAt',
      },
    },
    requestIdHeader: 'x-github-request-id',
    rateLimitHeaders: { remaining: 'x-ratelimit-remaining', reset: 'x-ratelimit-reset' },
  },
  limits: [
    { requests: 5_000, perS: 3_600 },
    { action: 'issues.create', requests: 80, perS: 60 },
    { action: 'issues.create', requests: 500, perS: 3_600 },
  ],
} as const satisfies Provider;
