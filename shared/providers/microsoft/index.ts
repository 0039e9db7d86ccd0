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
      idTokenIssuers: ['https://login.microsoftonline.com/{tid}/v2.0'],
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
        'ChannelMessage.Send': 'Teams: send messages to channels as you',
        'Contacts.Read': 'Outlook: read your contacts',
        'User.Read.All': 'Directory: read the profiles of everybody in your organization',
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
    {
      kind: 'client_credentials',
      label: 'the app itself, for a whole organization',
      docs: 'https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-client-creds-grant-flow',
      // Once an administrator has agreed, the owner's app opens the directory of whoever names its id.
      backendOnly: true,
      fields: [
        {
          name: 'directoryId',
          label: 'Directory ID',
          help: 'Microsoft Entra admin center → Overview → Tenant ID. An administrator must have agreed to the app first.',
          pattern: '[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}',
          example: '11111111-2222-3333-4444-555555555555',
        },
      ],
      mint: {
        url: 'https://login.microsoftonline.com/{directoryId}/oauth2/v2.0/token',
        parameters: {
          grant_type: 'client_credentials',
          client_id: '{app.clientId}',
          client_secret: '{app.clientSecret}',
          scope: 'https://graph.microsoft.com/.default',
        },
      },
      // The app is not, or no longer, in this directory.
      grantGone: ['unauthorized_client'],
      account: { from: 'whoami', id: ['value.0.id'], name: ['value.0.displayName'] },
      whoami: { method: 'GET', path: '/organization?$select=id,displayName' },
      unconfirmed: ['whether the directory can be read without the permission Organization.Read.All'],
    },
  ],
  api: {
    baseUrl: 'https://graph.microsoft.com/v1.0',
    whoami: { method: 'GET', path: '/me' },
    pagination: { next: 'url', field: '@odata.nextLink' },
    errors: {
      code: 'error.code',
      message: 'error.message',
      details: 'error.details',
      unauthorizedCodes: ['InvalidAuthenticationToken'],
      rateLimitedCodes: ['TooManyRequests', 'ApplicationThrottled', 'activityLimitReached'],
    },
    requestIdHeader: 'request-id',
  },
  limits: [{ requests: 10_000, perS: 600 }],
  concurrent: 4, // of a mailbox
} as const satisfies Provider;
