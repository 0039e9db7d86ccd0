import type { Provider } from '../provider.ts';

/** Calendar and Drive are below the base URL. The scopes of a product are asked for by the session that needs them:
 *  Google reviews an app for each, and shows each to the end user. */
export const google = {
  id: 'google',
  name: 'Google',
  docs: 'https://developers.google.com/identity/protocols/oauth2/web-server',
  auth: [
    {
      kind: 'oauth2',
      authorizeUrl: 'https://accounts.google.com/o/oauth2/v2/auth',
      tokenUrl: 'https://oauth2.googleapis.com/token',
      idTokenIssuers: ['https://accounts.google.com', 'accounts.google.com'],
      clientAuth: 'body',
      pkce: 'S256',
      scopes: {
        openid: 'Know who you are',
        email: 'Read your e-mail address',
        profile: 'Read your name and picture',
      },
      alwaysScopes: ['openid', 'email'],
      moreScopes: {
        'https://www.googleapis.com/auth/calendar': 'Calendar: read and write your calendars, share and delete them',
        'https://www.googleapis.com/auth/calendar.events': 'Calendar: read and write events',
        'https://www.googleapis.com/auth/calendar.readonly': 'Calendar: read your calendars and events',
        'https://www.googleapis.com/auth/calendar.calendarlist.readonly': 'Calendar: read the list of your calendars',
        'https://www.googleapis.com/auth/drive.file': 'Drive: read and write the files that you open with the app',
        'https://www.googleapis.com/auth/drive.readonly': 'Drive: read all your files',
        'https://www.googleapis.com/auth/drive': 'Drive: read, write and delete all your files',
        'https://www.googleapis.com/auth/gmail.send': 'Gmail: send mail as you',
        'https://www.googleapis.com/auth/gmail.readonly': 'Gmail: read all your mail',
        'https://www.googleapis.com/auth/gmail.modify': 'Gmail: read, write and send mail, not delete it for good',
        'https://www.googleapis.com/auth/spreadsheets': 'Sheets: read and write all your spreadsheets',
      },
      scopeSeparator: ' ',
      // Without both, a person who agreed before brings no refresh token.
      authorizeParams: { access_type: 'offline', prompt: 'consent' },
      tokenErrors: 'status',
      clientWrong: ['deleted_client', 'admin_policy_enforced'],
      refresh: { rotates: 'never', graceS: 0, idleS: 15_552_000 },
      // Either token ends all that this person granted to the owner's app, in other tenants too: Google has no smaller way.
      revoke: {
        style: 'request',
        method: 'POST',
        url: 'https://oauth2.googleapis.com/revoke',
        parameters: { token: '{refreshToken}' },
        ended: ['invalid_token'],
        ends: 'account',
      },
      account: { from: 'whoami', id: ['sub'], name: ['email', 'name'] },
      whoami: { method: 'GET', path: 'https://openidconnect.googleapis.com/v1/userinfo' },
      unconfirmed: ['the quotas of Calendar and Drive'],
    },
    {
      kind: 'app_jwt',
      label: 'a service account',
      docs: 'https://developers.google.com/identity/protocols/oauth2/service-account',
      fields: [
        {
          name: 'clientEmail',
          label: 'Service account',
          help: 'The client_email of the key file: Google Cloud console → IAM → Service accounts → Keys.',
          pattern: '[a-z0-9-]{1,63}@[a-z0-9.-]{1,80}\\.gserviceaccount\\.com',
          example: 'sync@acme-1.iam.gserviceaccount.com',
        },
        {
          name: 'privateKey',
          label: 'Private key',
          help: 'The private_key of the same file, from BEGIN to END.',
          secret: true,
          pem: true,
        },
        {
          name: 'scope',
          label: 'Scopes',
          help: 'What it is to be used for, with blanks between: each as Google writes it, in full.',
          pattern: '(?:https://www\\.googleapis\\.com/auth/[a-z._]+(?: |$)){1,10}',
          example: 'https://www.googleapis.com/auth/calendar.readonly',
        },
        {
          name: 'subject',
          label: 'Person',
          help: 'The address of the person it acts for, where an administrator has delegated that to it.',
          pattern: '[^@ ]{1,64}@[a-z0-9.-]{1,100}',
          example: 'ada@acme.example',
          optional: true,
        },
      ],
      scopesIn: 'scope',
      jwt: {
        issuer: '{clientEmail}',
        lifeS: 540,
        claims: { aud: 'https://oauth2.googleapis.com/token', scope: '{scope}', sub: '{subject}' },
        key: '{privateKey}',
      },
      mint: {
        url: 'https://oauth2.googleapis.com/token',
        parameters: { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion: '{jwt}' },
      },
      // Its scopes were not delegated to it, or not any more.
      grantGone: ['unauthorized_client', 'access_denied'],
      account: { from: 'field', id: ['clientEmail'], name: ['clientEmail'] },
    },
  ],
  api: {
    baseUrl: 'https://www.googleapis.com',
    bases: {
      gmail: { url: 'https://gmail.googleapis.com/gmail/v1' },
      openid: { url: 'https://openidconnect.googleapis.com/v1' },
      sheets: { url: 'https://sheets.googleapis.com/v4' },
    },
    pagination: { next: 'token', at: 'nextPageToken', as: 'pageToken' },
    errors: {
      code: ['error.errors.0.reason', 'error.details.0.reason', 'error.status'],
      message: 'error.message',
      details: 'error.details',
      rateLimitedCodes: ['rateLimitExceeded', 'userRateLimitExceeded', 'quotaExceeded', 'RESOURCE_EXHAUSTED'],
      finalCodes: ['dailyLimitExceeded'],
      texts: { dailyLimitExceeded: 'The quota of the day is used up.' },
    },
  },
  limits: [
    { requests: 600, perS: 60 },
    { action: 'messages.send', requests: 60, perS: 60 }, // at 100 of a mailbox's 6,000 units each
    { action: 'values.append', requests: 60, perS: 60 },
    { of: 'app', action: 'values.append', requests: 300, perS: 60 }, // of the owner's project
  ],
} as const satisfies Provider;
