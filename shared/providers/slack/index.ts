import type { Provider } from '../provider.ts';

export const slack = {
  id: 'slack',
  name: 'Slack',
  docs: 'https://docs.slack.dev/authentication/installing-with-oauth',
  auth: [
    {
      kind: 'oauth2',
      authorizeUrl: 'https://slack.com/oauth/v2/authorize',
      tokenUrl: 'https://slack.com/api/oauth.v2.access',
      clientAuth: 'basic',
      pkce: { none: 'switching PKCE on makes a Slack app a public client, which loses its secret' },
      scopes: {
        'chat:write': 'Send messages as the app',
        'channels:read': 'See the public channels and who is in them',
        'users:read': 'See the people of the workspace',
      },
      moreScopes: {
        'chat:write.public': 'Send messages to public channels that the app is not in',
        'channels:history': 'Read messages in public channels that the app is in',
        'groups:read': 'See the private channels that the app is in',
        'im:read': 'See the direct messages that the app is in',
        'users:read.email': 'See the e-mail addresses of the people of the workspace',
        'files:read': 'Read files in channels that the app is in',
        'team:read': 'See the name and domain of the workspace',
        'app_mentions:read': 'Read messages that mention the app',
        commands: 'Add slash commands',
        'incoming-webhook': 'Post messages to one channel that you choose',
      },
      scopeSeparator: ',',
      tokenTypes: ['bot', 'user'],
      tokenErrors: 'ok-false',
      grantGone: ['invalid_refresh_token', 'token_revoked', 'account_inactive', 'invalid_code', 'code_already_used'],
      clientWrong: ['invalid_client_id', 'bad_client_secret', 'bad_redirect_uri'],
      refresh: { rotates: 'always', graceS: 0, unconfirmed: ['length of the grace for a used refresh token'] },
      // A workspace that installs again gets the token that it has, unless tokens rotate.
      revoke: { style: 'bearer', method: 'POST', url: 'https://slack.com/api/auth.revoke', ends: 'account' },
      // An installation for a whole organization has no team.
      account: { from: 'token', id: ['team.id', 'enterprise.id'], name: ['team.name', 'enterprise.name'] },
      unconfirmed: ['what auth.test calls the team of a token for a whole organization'],
    },
  ],
  api: {
    baseUrl: 'https://slack.com/api',
    // Whoever has a response_url may use it: no token goes there.
    bases: { hooks: { url: 'https://hooks.slack.com', place: [] } },
    whoami: { method: 'POST', path: '/auth.test', account: ['team_id', 'enterprise_id'] },
    pagination: { next: 'token', at: 'response_metadata.next_cursor', as: 'cursor' },
    errors: {
      code: 'error',
      details: 'response_metadata.messages',
      failureIn200: { field: 'ok', equals: false },
      unauthorizedCodes: ['invalid_auth', 'token_expired', 'token_revoked', 'not_authed', 'account_inactive'],
      rateLimitedCodes: ['ratelimited', 'rate_limited'],
    },
    requestIdHeader: 'x-slack-req-id',
  },
  limits: [
    { action: 'chat.postMessage', perInput: 'channel', requests: 1, perS: 1 },
    { action: 'conversations.list', requests: 20, perS: 60 },
    { action: 'users.info', requests: 100, perS: 60 },
    { action: 'users.list', requests: 20, perS: 60 },
    { action: 'conversations.history', requests: 50, perS: 60 },
  ],
} as const satisfies Provider;
