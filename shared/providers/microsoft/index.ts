import type { Provider } from '../provider.ts';

/** `directory` says who may sign in: anybody (`common`), work and school accounts, personal ones, or the one directory
 *  whose id an app of a single tenant has. */
export const microsoft = {
  id: 'microsoft',
  name: 'Microsoft 365',
  docs: 'https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-auth-code-flow',
  auth: [
    {
      kind: 'oauth2',
      authorizeUrl: 'https://login.microsoftonline.com/{directory}/oauth2/v2.0/authorize',
      tokenUrl: 'https://login.microsoftonline.com/{directory}/oauth2/v2.0/token',
      variables: {
        directory: {
          default: 'common',
          pattern: 'common|organizations|consumers|[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}',
        },
      },
      clientAuth: 'body',
      pkce: 'S256',
      scopes: {
        openid: 'Know who you are',
        profile: 'Read your name',
        offline_access: 'Stay connected while you are away',
        'User.Read': 'Read your profile',
      },
      alwaysScopes: ['offline_access', 'User.Read'],
      moreScopes: {
        'Mail.Read': 'Outlook: read your mail',
        'Mail.Send': 'Outlook: send mail as you',
        'Calendars.Read': 'Calendar: read your events',
        'Calendars.ReadWrite': 'Calendar: read and write your events',
        'Contacts.Read': 'Outlook: read your contacts',
        'Files.Read.All': 'OneDrive and SharePoint: read every file that you can read',
        'Files.ReadWrite': 'OneDrive: read and write your files',
      },
      scopeSeparator: ' ',
      authorizeParams: { response_mode: 'query', prompt: 'select_account' },
      tokenErrors: 'status',
      grantGone: ['interaction_required', 'consent_required', 'login_required'],
      // Each refresh brings a new refresh token, and the old one lives on: a lost answer loses nothing.
      refresh: { rotates: 'never', graceS: 0, idleS: 7_776_000 },
      revoke: {
        style: 'none',
        reason: 'Microsoft ends all sessions of a person or none; the person removes the app at myapps.microsoft.com',
      },
      account: { from: 'whoami', id: ['id'], name: ['userPrincipalName', 'displayName'] },
      unconfirmed: ['how fast Graph may be asked'],
    },
  ],
  api: {
    baseUrl: 'https://graph.microsoft.com/v1.0',
    whoami: { method: 'GET', path: '/me' },
    errors: {
      code: 'error.code',
      message: 'error.message',
      details: 'error.details',
      unauthorizedCodes: ['InvalidAuthenticationToken'],
      rateLimitedCodes: ['TooManyRequests', 'ApplicationThrottled'],
    },
    requestIdHeader: 'request-id',
  },
  limits: [{ requests: 10_000, perS: 600, burst: 50 }],
} as const satisfies Provider;
