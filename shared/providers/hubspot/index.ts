import type { Provider } from '../provider.ts';

export const hubspot = {
  id: 'hubspot',
  name: 'HubSpot',
  docs: 'https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/oauth/working-with-oauth',
  auth: [
    {
      kind: 'oauth2',
      authorizeUrl: 'https://app.hubspot.com/oauth/authorize',
      tokenUrl: 'https://api.hubapi.com/oauth/2026-09/token',
      clientAuth: 'body',
      pkce: { none: 'HubSpot documents PKCE for its MCP apps alone' },
      scopes: {
        oauth: 'Know which HubSpot account it is',
        'crm.objects.contacts.read': 'Read contacts',
        'crm.objects.contacts.write': 'Write contacts',
      },
      alwaysScopes: ['oauth'],
      moreScopes: {
        'crm.objects.companies.read': 'Read companies',
        'crm.objects.companies.write': 'Write companies',
        'crm.objects.deals.read': 'Read deals',
        'crm.objects.deals.write': 'Write deals',
        'crm.schemas.contacts.read': 'Read which properties contacts have',
        tickets: 'Read and write tickets',
      },
      scopeSeparator: ' ',
      tokenErrors: 'status',
      refresh: {
        rotates: 'sometimes',
        graceS: 0,
        unconfirmed: ['whether an unused refresh token lapses', 'whether a replaced refresh token ends'],
      },
      revoke: { style: 'rfc7009', url: 'https://api.hubapi.com/oauth/2026-09/token/revoke', ends: 'account' },
      account: { from: 'token', id: ['hub_id'], name: [] },
      unconfirmed: ['PKCE outside MCP apps', 'whether a revocation ends a later grant of the portal'],
    },
    {
      kind: 'api_key',
      label: 'the token of a private app',
      docs: 'https://developers.hubspot.com/docs/apps/legacy-apps/private-apps/overview',
      fields: [
        {
          name: 'apiKey',
          label: 'Access token',
          help: 'HubSpot → Settings → Integrations → Private apps → your app → Auth.',
          secret: true,
          pattern: 'pat-[a-z0-9]{2,10}-[A-Za-z0-9-]{10,200}',
          example: 'pat-na1-00000000-0000-0000-0000-000000000000',
        },
      ],
      place: [{ in: 'header', name: 'authorization', value: 'Bearer {apiKey}' }],
      account: { from: 'whoami', id: ['portalId'], name: [] },
    },
  ],
  api: {
    baseUrl: 'https://api.hubapi.com',
    whoami: { method: 'GET', path: '/account-info/v3/details', account: ['portalId'] },
    pagination: { next: 'token', at: 'paging.next.after', as: 'after' },
    errors: {
      code: ['category', 'errorType'],
      message: 'message',
      details: 'errors',
      rateLimitedCodes: ['RATE_LIMITS', 'RATE_LIMIT'],
      rateLimitedStatuses: [423, 477], // locked by another request; an account on its way to another data centre
      rateLimitedS: 10,
    },
    requestIdHeader: 'x-hubspot-correlation-id',
    rateLimitHeaders: {
      remaining: 'x-hubspot-ratelimit-remaining',
      reset: 'x-hubspot-ratelimit-interval-milliseconds',
      resetIn: 'milliseconds',
    },
  },
  // A search counts apart, whatever it looks for.
  limits: [
    { requests: 100, perS: 10, except: ['contacts.search'] },
    { action: 'contacts.search', requests: 5, perS: 1 },
  ],
} as const satisfies Provider;
