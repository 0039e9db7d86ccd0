import type { Provider } from '../provider.ts';

/** Other user agents are turned away before they reach the API. */
const userAgent = { 'user-agent': 'DiscordBot (https://patchbay.invalid, 1)' } as const;

/** What a person agrees to reads that person's data; messages are read and written by a bot alone. */
export const discord = {
  id: 'discord',
  name: 'Discord',
  docs: 'https://docs.discord.com/developers/topics/oauth2',
  auth: [
    {
      kind: 'oauth2',
      authorizeUrl: 'https://discord.com/oauth2/authorize',
      tokenUrl: 'https://discord.com/api/oauth2/token',
      clientAuth: 'basic',
      tokenHeaders: userAgent,
      pkce: 'S256',
      scopes: { identify: 'Know who you are', guilds: 'See which servers you are in' },
      alwaysScopes: ['identify'],
      moreScopes: {
        email: 'Read your e-mail address',
        connections: 'See the accounts you linked',
        'guilds.members.read': 'See your nickname and roles on your servers',
        'role_connections.write': 'Update your linked roles',
      },
      scopeSeparator: ' ',
      authorizeParams: { prompt: 'consent' },
      tokenErrors: 'status',
      refresh: { rotates: 'always', graceS: 0, unconfirmed: ['how long a refresh token lives'] },
      revoke: { style: 'rfc7009', url: 'https://discord.com/api/oauth2/token/revoke', ends: 'account' },
      account: { from: 'whoami', id: ['id'], name: ['global_name', 'username'] },
      unconfirmed: ['the exact bodies of refused token requests'],
    },
    {
      kind: 'api_key',
      label: 'a bot',
      fields: [
        {
          name: 'botToken',
          label: 'Bot token',
          help: 'Discord Developer Portal → your application → Bot → Reset token. Invite the bot to your server first.',
          secret: true,
          pattern: '[A-Za-z0-9_-]{20,40}\\.[A-Za-z0-9_-]{4,10}\\.[A-Za-z0-9_-]{20,80}',
          example: 'MDAwMDAwMDAwMDAwMDAwMDAw.AAAAAA.aaaaaaaaaaaaaaaaaaaaaaaaaaa',
        },
      ],
      place: [{ in: 'header', name: 'authorization', value: 'Bot {botToken}' }],
      account: { from: 'whoami', id: ['id'], name: ['username'] },
    },
  ],
  api: {
    baseUrl: 'https://discord.com/api/v10',
    // The interaction's own token stands in the path.
    bases: { interactions: { url: 'https://discord.com/api/v10', place: [] } },
    headers: userAgent,
    whoami: { method: 'GET', path: '/users/@me' },
    errors: { code: 'code', message: 'message', details: 'errors' },
    rateLimitHeaders: {
      remaining: 'x-ratelimit-remaining',
      reset: 'x-ratelimit-reset-after',
      resetIn: 'seconds',
      of: 'route',
    },
  },
  // Of a bot, which is each connection's own; interactions do not count.
  limits: [{ requests: 50, perS: 1, except: ['interactions.reply', 'interactions.followUp'] }],
} as const satisfies Provider;
