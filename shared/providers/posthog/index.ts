import type { Provider } from '../provider.ts';

/** The private API of PostHog Cloud. A client id is the URL of a document about the owner's app; there is no secret. One
 *  host signs in for both regions, but each region has an API of its own: an owner's app is for one of them. */
export const posthog = {
  id: 'posthog',
  name: 'PostHog',
  docs: 'https://posthog.com/docs/api/oauth',
  auth: [
    {
      kind: 'oauth2',
      authorizeUrl: 'https://oauth.posthog.com/oauth/authorize/',
      tokenUrl: 'https://oauth.posthog.com/oauth/token/',
      variables: { region: { default: 'us', pattern: 'us|eu' } },
      clientAuth: 'none',
      pkce: 'S256',
      scopes: { openid: 'Know who you are', 'user:read': 'Read your profile', 'query:read': 'Query your data' },
      alwaysScopes: ['user:read'],
      moreScopes: {
        'person:read': 'Read persons',
        'feature_flag:read': 'Read feature flags',
        'feature_flag:write': 'Write feature flags',
      },
      scopeSeparator: ' ',
      tokenErrors: 'status',
      refresh: { rotates: 'always', graceS: 120, idleS: 2_592_000 },
      revoke: { style: 'rfc7009', url: 'https://oauth.posthog.com/oauth/revoke/' },
      account: { from: 'whoami', id: ['team.id'], name: ['team.name', 'organization.name'] },
      unconfirmed: [
        'the revocation URL',
        'which project a token is for, where the person has several',
        'who issues its identity tokens: none is looked at',
      ],
    },
    {
      kind: 'api_key',
      label: 'a personal API key',
      docs: 'https://posthog.com/docs/api/personal-api-keys',
      fields: [
        {
          name: 'region',
          label: 'Region',
          help: 'The beginning of the address of your PostHog: us.posthog.com or eu.posthog.com.',
          choices: { us: 'United States', eu: 'European Union' },
        },
        {
          name: 'projectId',
          label: 'Project ID',
          help: 'PostHog → Settings → Project → General.',
          pattern: '[0-9]{1,12}',
          example: '12345',
        },
        {
          name: 'projectToken',
          label: 'Project token',
          help: 'PostHog → Settings → Project → General. Needed to send events; it is no secret, and can read nothing.',
          pattern: 'phc_[A-Za-z0-9]{10,200}',
          example: 'phc_0000000000000000000000000000000000000000000',
          optional: true,
        },
        {
          name: 'apiKey',
          label: 'Personal API key',
          help: 'PostHog → Settings → User → Personal API keys. It must be allowed to read the project.',
          secret: true,
          pattern: 'phx_[A-Za-z0-9]{10,200}',
          example: 'phx_0000000000000000000000000000000000000000000',
        },
      ],
      place: [{ in: 'header', name: 'authorization', value: 'Bearer {apiKey}' }],
      whoami: { method: 'GET', path: '/api/projects/{projectId}/' },
      account: { from: 'field', id: ['projectId'], name: [] },
    },
  ],
  api: {
    baseUrl: 'https://{region}.posthog.com',
    bases: { ingestion: { url: 'https://{region}.i.posthog.com', place: [] } },
    whoami: { method: 'GET', path: '/api/users/@me/' },
    pagination: { next: 'url', field: 'next' },
    errors: {
      code: 'code',
      message: 'detail',
      details: 'attr',
      unauthorizedCodes: ['invalid_api_key', 'invalid_personal_api_key'],
    },
  },
  // Of the private API; ingestion has none.
  limits: [{ requests: 240, perS: 60, except: ['events.batch', 'events.capture', 'persons.identify'] }],
} as const satisfies Provider;
