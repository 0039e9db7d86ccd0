import type { Provider } from '../provider.ts';

/** The Workflow API, for integrations that are published in Zapier's directory; and without any, the catch hook that a
 *  person sets up in a Zap. */
export const zapier = {
  id: 'zapier',
  name: 'Zapier',
  docs: 'https://docs.zapier.com/powered-by-zapier/authentication/methods/user-access-token',
  auth: [
    {
      kind: 'oauth2',
      authorizeUrl: 'https://api.zapier.com/v2/authorize',
      tokenUrl: 'https://zapier.com/oauth/token/',
      clientAuth: 'basic',
      pkce: { none: 'Zapier switches PKCE off for partner apps' },
      scopes: { profile: 'Read your name and e-mail address', zap: 'See your Zaps' },
      alwaysScopes: ['profile'],
      moreScopes: {
        'zap:write': 'Create and change your Zaps',
        'zap:runs': 'See the runs of your Zaps',
        'action:run': 'Run actions for you',
        authentication: 'See the accounts you linked',
        'authentication:write': 'Link accounts for you',
      },
      scopeSeparator: ' ',
      tokenErrors: 'status',
      refresh: { rotates: 'sometimes', graceS: 0, unconfirmed: ['whether a refresh replaces the refresh token'] },
      revoke: { style: 'none', reason: 'Zapier documents no revocation; the person removes the app in its settings' },
      account: { from: 'whoami', id: ['id', '0.id'], name: ['email', '0.email'] },
      unconfirmed: ['which authorize host is the right one', 'whether the profile comes alone or in a list'],
    },
    {
      kind: 'api_key',
      label: 'a catch hook',
      docs: 'https://help.zapier.com/hc/en-us/articles/8496288690317',
      fields: [
        {
          name: 'accountNumber',
          label: 'First part of the hook',
          help: 'The number after hooks.zapier.com/hooks/catch/ in the address that “Webhooks by Zapier → Catch Hook” shows.',
          pattern: '[0-9]{1,20}',
          example: '123456',
        },
        {
          name: 'hookId',
          label: 'Second part of the hook',
          help: 'What stands after that number. Who has it can start the Zap.',
          secret: true,
          pattern: '[A-Za-z0-9]{4,40}',
          example: 'abc123x',
        },
      ],
      place: [{ in: 'path', value: '{hookId}' }],
      untested: 'every request to a catch hook starts its Zap',
      account: { from: 'field', id: ['accountNumber'], name: [] },
    },
  ],
  api: {
    baseUrl: 'https://api.zapier.com',
    bases: { hooks: { url: 'https://hooks.zapier.com/hooks/catch/{accountNumber}' } },
    whoami: { method: 'GET', path: '/v1/profiles/me' },
    errors: { code: 'errors.0.code', message: 'errors.0.detail', details: 'errors' },
  },
  limits: [
    { requests: 60, perS: 60, except: ['hooks.send'] },
    { of: 'app', requests: 150, perS: 60, except: ['hooks.send'] },
    { action: 'hooks.send', requests: 30, perS: 1 },
    { action: 'hooks.send', requests: 10_000, perS: 300 },
  ],
} as const satisfies Provider;
