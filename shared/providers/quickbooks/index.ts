import type { Provider } from '../provider.ts';

/** Sandbox companies have an API host of their own, and keys of their own: an owner's app for them says so in its
 *  `variables`. All else is the same. */
export const quickbooks = {
  id: 'quickbooks',
  name: 'QuickBooks Online',
  docs: 'https://developer.intuit.com/app/developer/qbo/docs/develop/authentication-and-authorization/oauth-2.0',
  auth: [
    {
      kind: 'oauth2',
      authorizeUrl: 'https://appcenter.intuit.com/connect/oauth2',
      tokenUrl: 'https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer',
      variables: {
        apiHost: { default: 'quickbooks.api.intuit.com', pattern: '(sandbox-)?quickbooks\\.api\\.intuit\\.com' },
      },
      clientAuth: 'basic',
      pkce: { none: 'Intuit documents no PKCE' },
      scopes: { 'com.intuit.quickbooks.accounting': 'Read and write your bookkeeping' },
      moreScopes: {
        'com.intuit.quickbooks.payment': 'Take payments for you',
        openid: 'Know who you are',
        profile: 'Read your name',
        email: 'Read your e-mail address',
      },
      scopeSeparator: ' ',
      tokenErrors: 'status',
      refresh: {
        rotates: 'sometimes',
        graceS: 0,
        idleS: 8_640_000,
        absoluteS: 157_680_000,
        unconfirmed: ['how long a replaced refresh token is still good'],
      },
      revoke: {
        style: 'request',
        method: 'POST',
        url: 'https://developer.api.intuit.com/v2/oauth2/tokens/revoke',
        body: 'json',
        parameters: { token: '{refreshToken}' },
        clientAuth: 'basic',
        ends: 'account',
      },
      // The browser brings it: the request of `whoami` proves that the token is for this company.
      account: { from: 'callback', id: ['realmId'], name: ['CompanyInfo.CompanyName'] },
      unconfirmed: ['whether PKCE is accepted', 'whether a revocation ends a later grant of the company'],
    },
  ],
  api: {
    baseUrl: 'https://{apiHost}/v3/company/{account}',
    whoami: { method: 'GET', path: '/companyinfo/{account}' },
    errors: {
      // Some refusals of a token spell their fields in lower case.
      code: ['Fault.Error.0.code', 'fault.error.0.code'],
      message: ['Fault.Error.0.Detail', 'Fault.Error.0.Message', 'fault.error.0.message'],
      details: 'Fault.Error',
      failureIn200: { field: 'Fault' },
      unauthorizedCodes: ['3200'],
      rateLimitedCodes: ['3001'],
      rateLimitedS: 60,
      conflictCodes: ['5010'],
      texts: {
        610: 'There is no such object, or it was made inactive.',
        5010: 'The object was changed meanwhile: read it again, then repeat the change.',
        6140: 'Another transaction has this document number.',
        6190: 'The subscription of this company has ended.',
        6210: 'The books of this period are closed.',
        6240: 'Another object has this name.',
      },
    },
    idempotency: { query: 'requestid', keptS: 86_400 },
    requestIdHeader: 'intuit_tid',
  },
  limits: [
    { requests: 500, perS: 60 },
    { requests: 10, perS: 1 },
  ],
} as const satisfies Provider;
