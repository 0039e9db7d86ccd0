import type { Provider } from '../provider.ts';

const version = { 'notion-version': '2026-03-11' } as const;

/** There are no scopes: the connection's capabilities are set at Notion, and the end user picks the pages. */
export const notion = {
  id: 'notion',
  name: 'Notion',
  docs: 'https://developers.notion.com/guides/get-started/authorization',
  auth: [
    {
      kind: 'oauth2',
      authorizeUrl: 'https://api.notion.com/v1/oauth/authorize',
      tokenUrl: 'https://api.notion.com/v1/oauth/token',
      clientAuth: 'basic',
      tokenBody: 'json',
      tokenHeaders: version,
      pkce: { none: 'Notion documents no PKCE for its REST API' },
      scopes: {},
      scopeSeparator: ' ',
      authorizeParams: { owner: 'user' },
      tokenErrors: 'status',
      refresh: { rotates: 'always', graceS: 0, unconfirmed: ['how long access and refresh tokens live'] },
      revoke: {
        style: 'request',
        method: 'POST',
        url: 'https://api.notion.com/v1/oauth/revoke',
        body: 'json',
        parameters: { token: '{accessToken}' },
        headers: version,
        clientAuth: 'basic',
        ends: 'account',
      },
      account: { from: 'token', id: ['workspace_id'], name: ['workspace_name'] },
      unconfirmed: ['whether PKCE is accepted', 'whether a revocation ends a later grant of the workspace'],
    },
    {
      kind: 'api_key',
      label: 'the token of an internal connection',
      fields: [
        {
          name: 'apiKey',
          label: 'Token',
          help: 'Notion → Settings → Connections → Develop or manage connections. Share the pages with it.',
          secret: true,
          pattern: '(ntn|secret)_[A-Za-z0-9]{10,200}',
          example: 'ntn_0123456789abcdef',
        },
      ],
      place: [{ in: 'header', name: 'authorization', value: 'Bearer {apiKey}' }],
      account: { from: 'whoami', id: ['bot.workspace_id'], name: ['bot.workspace_name'] },
    },
  ],
  api: {
    baseUrl: 'https://api.notion.com/v1',
    headers: version,
    whoami: { method: 'GET', path: '/users/me', account: ['bot.workspace_id'] },
    pagination: { next: 'token', at: 'next_cursor', as: 'start_cursor' },
    errors: {
      code: 'code',
      message: 'message',
      details: 'additional_data',
      unauthorizedCodes: ['unauthorized'],
      rateLimitedCodes: ['rate_limited', 'service_overload'],
      rateLimitedStatuses: [529],
      againCodes: ['conflict_error'],
    },
  },
  limits: [{ requests: 180, perS: 60 }],
} as const satisfies Provider;
