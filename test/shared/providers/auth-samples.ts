import { generateKeyPairSync } from 'node:crypto';
import { expect } from 'vitest';

// What the providers' pages say of their OAuth, written out a second time: requests as they must leave, answers as they
// come. Made-up client: `id-1` with `made-up`; code `c-1`, refresh token `rt-1`, access token `at-1`.

type Fields = Readonly<Record<string, string>>;
interface Said {
  readonly status?: number;
  readonly body: unknown;
}

export interface OAuthSample {
  /** The authorization request: its address, and what it has beside the parameters that all have. */
  readonly authorize: readonly [string, Fields];
  readonly token: {
    readonly url: string;
    /** What proves the client: `basic`, or fields of the body. */
    readonly client: 'basic' | Fields;
    readonly json?: true;
    readonly headers?: Fields;
  };
  /** Documented answers that give tokens, and what is kept of them. */
  readonly given: readonly (readonly [Said, { expiresInS?: number; scopes?: string[]; refresh?: string }])[];
  /** Documented refusals. */
  readonly refused: readonly (readonly [Said, 'grant_gone' | 'client_wrong' | 'unavailable' | 'odd'])[];
  readonly revoke?: {
    readonly method: string;
    readonly url: string;
    readonly authorization?: string;
    readonly form?: Fields;
    readonly json?: Fields;
  };
  /** Where the account's id comes from, and the one it is. `asks`: the address that is asked with the token. */
  readonly account: {
    readonly token?: unknown;
    readonly callback?: Fields;
    readonly asks?: string;
    readonly says?: unknown;
    readonly is: { readonly id: string; readonly name?: string };
  };
}

export const basic = 'Basic aWQtMTptYWRlLXVw';
const pem = { type: 'pkcs8', format: 'pem' } as const;
const inBody = { client_id: 'id-1', client_secret: 'made-up' };
const publicClient = { client_id: 'id-1' };
const pkce = { code_challenge: '7w_YNF9DSfIdPf_pRjSq646_kPr-2-o9NAl16JGghdM', code_challenge_method: 'S256' };
const bearer = { access_token: 'at-1', token_type: 'bearer' };
const pair = { ...bearer, refresh_token: 'rt-2' };
const invalidGrant = [{ status: 400, body: { error: 'invalid_grant' } }, 'grant_gone'] as const;
const invalidClient = [{ status: 401, body: { error: 'invalid_client' } }, 'client_wrong'] as const;
const usual = [invalidGrant, invalidClient] as const;
/** RFC 7519: {"sub":"team-1"}, signed by nobody. */
const jwt = `e30.${Buffer.from('{"sub":"team-1"}').toString('base64url')}.x`;

export const oauthSamples: Readonly<Record<string, OAuthSample>> = {
  demo: {
    authorize: [
      'https://login.demo.invalid/auth',
      { scope: 'openid offline_access contacts', prompt: 'consent', ...pkce },
    ],
    token: { url: 'https://login.demo.invalid/token', client: 'basic' },
    given: [[{ body: { ...pair, expires_in: 60 } }, { expiresInS: 60, refresh: 'rt-2' }]],
    refused: usual,
    revoke: {
      ...{ method: 'POST', url: 'https://login.demo.invalid/token/revocation', authorization: basic },
      form: { token: 'rt-1' },
    },
    account: { asks: 'https://api.demo.invalid/me', says: { id: 7, name: 'Ada' }, is: { id: '7', name: 'Ada' } },
  },
  discord: {
    authorize: ['https://discord.com/oauth2/authorize', { scope: 'identify guilds', prompt: 'consent', ...pkce }],
    token: {
      ...{ url: 'https://discord.com/api/oauth2/token', client: 'basic' },
      headers: { 'user-agent': 'DiscordBot (https://patchbay.invalid, 1)' },
    },
    given: [
      [
        { body: { ...pair, token_type: 'Bearer', expires_in: 604_800, scope: 'identify guilds' } },
        { expiresInS: 604_800, scopes: ['identify', 'guilds'], refresh: 'rt-2' },
      ],
    ],
    refused: usual,
    revoke: {
      ...{ method: 'POST', url: 'https://discord.com/api/oauth2/token/revoke', authorization: basic },
      form: { token: 'rt-1' },
    },
    account: {
      asks: 'https://discord.com/api/v10/users/@me',
      says: { id: '80351110224678912', username: 'ada', global_name: 'Ada' },
      is: { id: '80351110224678912', name: 'Ada' },
    },
  },
  github: {
    authorize: ['https://github.com/login/oauth/authorize', { scope: 'read:user user:email repo', ...pkce }],
    token: { url: 'https://github.com/login/oauth/access_token', client: inBody },
    given: [
      [
        { body: { ...pair, scope: 'repo,user:email', expires_in: 28_800, refresh_token_expires_in: 15_897_600 } },
        { expiresInS: 28_800, scopes: ['repo', 'user:email'], refresh: 'rt-2' },
      ],
      [{ body: { ...bearer, scope: '' } }, { scopes: [] }], // a GitHub App, or no expiry
    ],
    refused: [
      [{ body: { error: 'bad_refresh_token' } }, 'grant_gone'],
      [{ body: { error: 'bad_verification_code' } }, 'grant_gone'],
      [{ body: { error: 'incorrect_client_credentials' } }, 'client_wrong'],
      [{ body: { error: 'redirect_uri_mismatch' } }, 'client_wrong'],
      [{ body: { error: 'unverified_user_email' } }, 'odd'],
    ],
    revoke: {
      ...{ method: 'DELETE', url: 'https://api.github.com/applications/id-1/token', authorization: basic },
      json: { access_token: 'at-1' },
    },
    account: {
      asks: 'https://api.github.com/user',
      says: { id: 1, login: 'octocat' },
      is: { id: '1', name: 'octocat' },
    },
  },
  google: {
    authorize: [
      'https://accounts.google.com/o/oauth2/v2/auth',
      { scope: 'openid email profile', access_type: 'offline', prompt: 'consent', ...pkce },
    ],
    token: { url: 'https://oauth2.googleapis.com/token', client: inBody },
    given: [
      [
        { body: { ...pair, token_type: 'Bearer', expires_in: 3_599, scope: 'openid email', id_token: 'e.y.J' } },
        { expiresInS: 3_599, scopes: ['openid', 'email'], refresh: 'rt-2' },
      ],
      [{ body: { ...bearer, token_type: 'Bearer', expires_in: 3_599 } }, { expiresInS: 3_599 }], // a refresh: keep the old
    ],
    refused: [
      ...usual,
      [
        { status: 400, body: { error: 'invalid_grant', error_description: 'Token has been expired or revoked.' } },
        'grant_gone',
      ],
      [{ status: 401, body: { error: 'deleted_client' } }, 'client_wrong'],
      [{ status: 400, body: { error: 'admin_policy_enforced' } }, 'client_wrong'],
    ],
    revoke: { method: 'POST', url: 'https://oauth2.googleapis.com/revoke', form: { token: 'rt-1' } },
    account: {
      asks: 'https://openidconnect.googleapis.com/v1/userinfo',
      says: { sub: '110248495921238986420', email: 'ada@acme.example', name: 'Ada' },
      is: { id: '110248495921238986420', name: 'ada@acme.example' },
    },
  },
  hubspot: {
    authorize: [
      'https://app.hubspot.com/oauth/authorize',
      { scope: 'oauth crm.objects.contacts.read crm.objects.contacts.write' },
    ],
    token: { url: 'https://api.hubapi.com/oauth/2026-09/token', client: inBody },
    given: [
      [
        { body: { ...pair, expires_in: 1_800, hub_id: 123, scopes: ['oauth'] } },
        { expiresInS: 1_800, refresh: 'rt-2' },
      ],
    ],
    refused: [
      ...usual,
      [
        {
          status: 400,
          body: { error: 'invalid_grant', error_description: 'refresh token is invalid', status: 'BAD_REFRESH_TOKEN' },
        },
        'grant_gone',
      ],
    ],
    revoke: {
      ...{ method: 'POST', url: 'https://api.hubapi.com/oauth/2026-09/token/revoke' },
      form: { token: 'rt-1', ...inBody },
    },
    account: { token: { hub_id: 123 }, is: { id: '123' } },
  },
  microsoft: {
    authorize: [
      'https://login.microsoftonline.com/common/oauth2/v2.0/authorize',
      {
        scope: 'openid profile offline_access User.Read',
        ...{ response_mode: 'query', prompt: 'select_account', ...pkce },
      },
    ],
    token: { url: 'https://login.microsoftonline.com/common/oauth2/v2.0/token', client: inBody },
    given: [
      [
        { body: { ...pair, token_type: 'Bearer', expires_in: 3_599, ext_expires_in: 3_599, scope: 'User.Read' } },
        { expiresInS: 3_599, scopes: ['User.Read'], refresh: 'rt-2' },
      ],
    ],
    refused: [
      ...usual,
      [{ status: 400, body: { error: 'interaction_required', suberror: 'basic_action' } }, 'grant_gone'],
      [{ status: 400, body: { error: 'consent_required' } }, 'grant_gone'],
      [{ status: 401, body: { error: 'invalid_client', error_codes: [7_000_222] } }, 'client_wrong'],
      [{ status: 400, body: { error: 'temporarily_unavailable' } }, 'unavailable'],
    ],
    account: {
      asks: 'https://graph.microsoft.com/v1.0/me',
      says: { id: '87d349ed-44d7-43e1-9a83-5f2406dee5bd', displayName: 'Ada', userPrincipalName: 'ada@acme.example' },
      is: { id: '87d349ed-44d7-43e1-9a83-5f2406dee5bd', name: 'ada@acme.example' },
    },
  },
  notion: {
    authorize: ['https://api.notion.com/v1/oauth/authorize', { owner: 'user' }],
    token: {
      ...{ url: 'https://api.notion.com/v1/oauth/token', client: 'basic', json: true },
      headers: { 'notion-version': '2026-03-11' },
    },
    given: [
      [{ body: { ...pair, bot_id: 'b-1', workspace_id: 'w-1' } }, { refresh: 'rt-2' }],
      [{ body: { ...bearer, refresh_token: null, bot_id: 'b-1', workspace_id: 'w-1' } }, {}],
    ],
    refused: usual,
    revoke: {
      ...{ method: 'POST', url: 'https://api.notion.com/v1/oauth/revoke', authorization: basic },
      json: { token: 'at-1' },
    },
    account: { token: { workspace_id: 'w-1', workspace_name: 'Acme' }, is: { id: 'w-1', name: 'Acme' } },
  },
  posthog: {
    authorize: ['https://oauth.posthog.com/oauth/authorize/', { scope: 'openid user:read query:read', ...pkce }],
    token: { url: 'https://oauth.posthog.com/oauth/token/', client: publicClient },
    given: [
      [
        { body: { ...pair, token_type: 'Bearer', expires_in: 3_600, scope: 'query:read', scoped_teams: [7] } },
        { expiresInS: 3_600, scopes: ['query:read'], refresh: 'rt-2' },
      ],
    ],
    refused: usual,
    revoke: {
      ...{ method: 'POST', url: 'https://oauth.posthog.com/oauth/revoke/' },
      form: { token: 'rt-1', ...publicClient },
    },
    account: {
      asks: 'https://us.posthog.com/api/users/@me/',
      says: { uuid: 'u-1', team: { id: 7, name: 'Production' }, organization: { id: 'o-1', name: 'Acme' } },
      is: { id: '7', name: 'Production' },
    },
  },
  quickbooks: {
    authorize: ['https://appcenter.intuit.com/connect/oauth2', { scope: 'com.intuit.quickbooks.accounting' }],
    token: { url: 'https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer', client: 'basic' },
    given: [
      [
        { body: { ...pair, expires_in: 3_600, x_refresh_token_expires_in: 8_726_400 } },
        { expiresInS: 3_600, refresh: 'rt-2' },
      ],
    ],
    refused: usual,
    revoke: {
      ...{ method: 'POST', url: 'https://developer.api.intuit.com/v2/oauth2/tokens/revoke', authorization: basic },
      json: { token: 'rt-1' },
    },
    account: {
      callback: { code: 'c-1', realmId: '9341455327810551' },
      asks: 'https://quickbooks.api.intuit.com/v3/company/9341455327810551/companyinfo/9341455327810551',
      says: { CompanyInfo: { CompanyName: 'Acme' } },
      is: { id: '9341455327810551', name: 'Acme' },
    },
  },
  resend: {
    authorize: ['https://api.resend.com/oauth/authorize', { scope: 'emails:send', ...pkce }],
    token: { url: 'https://api.resend.com/oauth/token', client: publicClient },
    given: [
      [
        { body: { ...pair, access_token: jwt, token_type: 'Bearer', expires_in: 900, scope: 'emails:send' } },
        { expiresInS: 900, scopes: ['emails:send'], refresh: 'rt-2' },
      ],
    ],
    refused: [...usual, [{ status: 429, body: { error: 'too_many_requests' } }, 'unavailable']],
    revoke: {
      ...{ method: 'POST', url: 'https://api.resend.com/oauth/revoke' },
      form: { token: 'rt-1', ...publicClient },
    },
    account: { token: { access_token: jwt }, is: { id: 'team-1' } },
  },
  slack: {
    authorize: ['https://slack.com/oauth/v2/authorize', { scope: 'chat:write,channels:read,users:read' }],
    token: { url: 'https://slack.com/api/oauth.v2.access', client: 'basic' },
    given: [
      [
        { body: { ok: true, ...bearer, token_type: 'bot', scope: 'chat:write,users:read', team: { id: 'T1' } } },
        { scopes: ['chat:write', 'users:read'] },
      ],
      [
        { body: { ok: true, ...pair, token_type: 'bot', scope: 'chat:write', expires_in: 43_200 } },
        { expiresInS: 43_200, scopes: ['chat:write'], refresh: 'rt-2' },
      ],
    ],
    refused: [
      [{ body: { ok: false, error: 'invalid_code' } }, 'grant_gone'],
      [{ body: { ok: false, error: 'code_already_used' } }, 'grant_gone'],
      [{ body: { ok: false, error: 'invalid_refresh_token' } }, 'grant_gone'],
      [{ body: { ok: false, error: 'bad_client_secret' } }, 'client_wrong'],
      [{ body: { ok: false, error: 'invalid_client_id' } }, 'client_wrong'],
      [{ body: { ok: false, error: 'ratelimited' } }, 'unavailable'],
    ],
    revoke: { method: 'POST', url: 'https://slack.com/api/auth.revoke', authorization: 'Bearer at-1' },
    account: {
      token: { team: null, enterprise: { id: 'E1', name: 'Acme Group' } },
      is: { id: 'E1', name: 'Acme Group' },
    },
  },
  stripe: {
    authorize: ['https://connect.stripe.com/oauth/authorize', { scope: 'read_write' }],
    token: { url: 'https://connect.stripe.com/oauth/token', client: inBody },
    given: [
      [
        { body: { ...pair, scope: 'read_write', livemode: false, stripe_user_id: 'acct_1' } },
        { scopes: ['read_write'], refresh: 'rt-2' },
      ],
    ],
    refused: [...usual, [{ status: 400, body: { error: 'invalid_scope' } }, 'odd']],
    revoke: {
      ...{ method: 'POST', url: 'https://connect.stripe.com/oauth/deauthorize', authorization: 'Bearer made-up' },
      form: { client_id: 'id-1', stripe_user_id: 'account-1' },
    },
    account: { token: { stripe_user_id: 'acct_1' }, is: { id: 'acct_1' } },
  },
  zapier: {
    authorize: ['https://api.zapier.com/v2/authorize', { scope: 'profile zap' }],
    token: { url: 'https://zapier.com/oauth/token/', client: 'basic' },
    given: [
      [
        { body: { ...pair, token_type: 'Bearer', expires_in: 36_000, scope: 'profile zap' } },
        { expiresInS: 36_000, scopes: ['profile', 'zap'], refresh: 'rt-2' },
      ],
    ],
    refused: usual,
    account: {
      asks: 'https://api.zapier.com/v1/profiles/me',
      says: [{ id: 88_998_899, email: 'ada@acme.example' }],
      is: { id: '88998899', name: 'ada@acme.example' },
    },
  },
};

/** A credential that is entered: values that fit, and for each field some that must not. */
export interface EnteredSample {
  readonly values: Fields;
  readonly wrong: Readonly<Record<string, readonly string[]>>;
  /** The token request, where one is minted: its address and its form. */
  readonly mint?: { readonly url: string; readonly form?: Fields; readonly answer: unknown };
  /** The request that tests the credential; none: minting it was the test, or there can be none. */
  readonly test?: { readonly url: string; readonly authorization: string | RegExp; readonly says?: unknown };
  readonly account: { readonly id: string; readonly name?: string };
  /** What it was granted, where that is known. */
  readonly scopes?: readonly string[];
}

const sid = `AC${'0'.repeat(32)}`;

export const enteredSamples: Readonly<Record<string, EnteredSample>> = {
  'discord api_key': {
    values: { botToken: `${'M'.repeat(24)}.abcdef.${'x'.repeat(27)}` },
    wrong: { botToken: ['', 'Bot abc', 'a.b.c', `${'M'.repeat(24)}.abcdef.x y`] },
    test: {
      url: 'https://discord.com/api/v10/users/@me',
      authorization: `Bot ${'M'.repeat(24)}.abcdef.${'x'.repeat(27)}`,
      says: { id: '9', username: 'hub' },
    },
    account: { id: '9', name: 'hub' },
  },
  'github app_jwt': {
    values: { installationId: '12345' },
    wrong: { installationId: ['', 'abc', '1/../2', '1 2'] },
    mint: {
      url: 'https://api.github.com/app/installations/12345/access_tokens',
      answer: { token: 'ghs_1', expires_at: '2026-11-20T11:00:00Z', permissions: {} },
    },
    test: {
      url: 'https://api.github.com/installation/repositories?per_page=1',
      authorization: 'Bearer ghs_1',
      says: { total_count: 1, repositories: [{ id: 1, full_name: 'acme/site', owner: { id: 2, login: 'acme' } }] },
    },
    account: { id: '2', name: 'acme' },
  },
  'google app_jwt': {
    values: {
      clientEmail: 'sync@acme-1.iam.gserviceaccount.com',
      privateKey: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export(pem).toString(),
      scope: 'https://www.googleapis.com/auth/calendar https://www.googleapis.com/auth/drive.readonly',
    },
    wrong: {
      clientEmail: ['', 'ada@acme.example', 'sync@evil.example/iam.gserviceaccount.com'],
      privateKey: ['', 'AAAA', '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----'],
      scope: ['', 'calendar', 'https://evil.example/auth/calendar'],
      subject: ['ada', 'ada@acme.example,root@acme.example'],
    },
    mint: {
      url: 'https://oauth2.googleapis.com/token',
      form: {
        grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
        assertion: expect.stringMatching(/^eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9\.[\w-]+\.[\w-]{342}$/),
      },
      answer: { ...bearer, token_type: 'Bearer', expires_in: 3_599 },
    },
    account: { id: 'sync@acme-1.iam.gserviceaccount.com', name: 'sync@acme-1.iam.gserviceaccount.com' },
    scopes: ['https://www.googleapis.com/auth/calendar', 'https://www.googleapis.com/auth/drive.readonly'],
  },
  'hubspot api_key': {
    values: { apiKey: 'pat-na1-00000000-0000-0000-0000-000000000000' },
    wrong: { apiKey: ['', 'na1-000', 'pat-na1-', 'pat-na1-0000 0000 0000'] },
    test: {
      url: 'https://api.hubapi.com/account-info/v3/details',
      authorization: 'Bearer pat-na1-00000000-0000-0000-0000-000000000000',
      says: { portalId: 33, timeZone: 'UTC' },
    },
    account: { id: '33' },
  },
  'mixpanel basic': {
    values: { host: 'eu.mixpanel.com', projectId: '77', username: 'hub.abc.mp-service-account', secret: 's3cret' },
    wrong: {
      host: ['', 'evil.example', 'api.mixpanel.com'],
      projectId: ['', '7a'],
      username: ['', 'a:b'],
      projectToken: ['abc', 'G'.repeat(32)],
      secret: [''],
    },
    test: {
      url: 'https://eu.mixpanel.com/api/app/me?project_id=77',
      authorization: `Basic ${btoa('hub.abc.mp-service-account:s3cret')}`,
      says: {},
    },
    account: { id: '77' },
  },
  'mycarrierpackets password': {
    values: { username: 'acme', password: 'p w:d&1' },
    wrong: { username: [''], password: [''] },
    mint: {
      url: 'https://api.mycarrierpackets.com/token',
      form: { grant_type: 'password', username: 'acme', password: 'p w:d&1' },
      answer: { ...pair, expires_in: 1_209_599, userName: 'acme', '.issued': 'x', '.expires': 'y' },
    },
    account: { id: 'acme', name: 'acme' },
  },
  'notion api_key': {
    values: { apiKey: 'ntn_0123456789abcdef' },
    wrong: { apiKey: ['', 'ntn_', 'abc_0123456789', 'ntn_0123456789-abc'] },
    test: {
      url: 'https://api.notion.com/v1/users/me',
      authorization: 'Bearer ntn_0123456789abcdef',
      says: { object: 'user', type: 'bot', bot: { workspace_id: 'w-1', workspace_name: 'Acme' } },
    },
    account: { id: 'w-1', name: 'Acme' },
  },
  'posthog api_key': {
    values: { region: 'eu', projectId: '7', apiKey: 'phx_0123456789' },
    wrong: {
      region: ['', 'evil.example/', 'app'],
      projectId: ['', '@current'],
      projectToken: ['phx_0123456789', 'phc_'],
      apiKey: ['', 'phc_0123456789', 'phx_'],
    },
    test: { url: 'https://eu.posthog.com/api/projects/7/', authorization: 'Bearer phx_0123456789', says: { id: 7 } },
    account: { id: '7' },
  },
  'microsoft client_credentials': {
    values: { directoryId: '11111111-2222-3333-4444-555555555555' },
    wrong: { directoryId: ['', 'common', 'acme.example', '11111111-2222-3333-4444-55555555555/..'] },
    mint: {
      url: 'https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/oauth2/v2.0/token',
      form: {
        ...{ grant_type: 'client_credentials', ...inBody },
        scope: 'https://graph.microsoft.com/.default',
      },
      answer: { ...bearer, token_type: 'Bearer', expires_in: 3_599, ext_expires_in: 3_599 },
    },
    test: {
      url: 'https://graph.microsoft.com/v1.0/organization?$select=id,displayName',
      authorization: 'Bearer at-1',
      says: { value: [{ id: '11111111-2222-3333-4444-555555555555', displayName: 'Acme' }] },
    },
    account: { id: '11111111-2222-3333-4444-555555555555', name: 'Acme' },
  },
  'resend api_key': {
    values: { accountName: 'acme.example', apiKey: 're_0123456789' },
    wrong: { accountName: ['', 'a b', '<b>'], apiKey: ['', 're_', 'sk_0123456789'] },
    test: { url: 'https://api.resend.com/domains?limit=1', authorization: 'Bearer re_0123456789', says: { data: [] } },
    account: { id: 'acme.example', name: 'acme.example' },
  },
  's3 sigv4': {
    values: {
      ...{ endpoint: 's3.eu-central-1.amazonaws.com', region: 'eu-central-1', bucket: 'acme-exports' },
      ...{ accessKeyId: 'AKIA0000000000000000', secretAccessKey: '0'.repeat(40) },
    },
    wrong: {
      endpoint: [
        '',
        'evil.example',
        's3.eu-central-1.amazonaws.com.evil.example',
        'evil.r2.cloudflarestorage.com',
        's3xus-east-1xamazonawsxcom',
      ],
      region: ['', 'Frankfurt', 'eu/central'],
      bucket: ['', 'a', 'A_B', 'a/b', '../b'],
      accessKeyId: ['', 'short', 'AKIA 00000000000000'],
      secretAccessKey: ['', 'short', `${'0'.repeat(39)} x`],
    },
    test: {
      url: 'https://s3.eu-central-1.amazonaws.com/acme-exports/?list-type=2&max-keys=1',
      authorization: /^AWS4-HMAC-SHA256 Credential=AKIA0{16}\/20261120\/eu-central-1\/s3\/aws4_request, SignedHeaders=/,
    },
    account: { id: 'acme-exports', name: 'acme-exports' },
  },
  'sendgrid api_key': {
    values: { accountName: 'acme', region: 'api.eu', apiKey: `SG.${'a'.repeat(22)}.${'b'.repeat(43)}` },
    wrong: { accountName: ['', 'a/b'], region: ['', 'api.evil'], apiKey: ['', 'SG.a.b', 'sg.a'] },
    test: {
      url: 'https://api.eu.sendgrid.com/v3/scopes',
      authorization: `Bearer SG.${'a'.repeat(22)}.${'b'.repeat(43)}`,
      says: { scopes: ['mail.send'] },
    },
    account: { id: 'acme', name: 'acme' },
  },
  'stripe api_key': {
    values: { apiKey: 'rk_test_0123456789' },
    wrong: { apiKey: ['', 'pk_test_0123456789', 'sk_0123456789', 'sk_live_01 23456789'] },
    test: {
      url: 'https://api.stripe.com/v1/account',
      authorization: 'Bearer rk_test_0123456789',
      says: { id: 'acct_1', settings: { dashboard: { display_name: 'Acme' } } },
    },
    account: { id: 'acct_1', name: 'Acme' },
  },
  'twilio basic': {
    values: { accountSid: sid, keySid: `SK${'1'.repeat(32)}`, secret: 's'.repeat(32) },
    wrong: { accountSid: ['', 'AC1', `SK${'0'.repeat(32)}`], keySid: ['', 'PN0'], secret: ['', 'short'] },
    test: {
      url: `https://api.twilio.com/2010-04-01/Accounts/${sid}.json`,
      authorization: `Basic ${btoa(`SK${'1'.repeat(32)}:${'s'.repeat(32)}`)}`,
      says: { status: 'active' },
    },
    account: { id: sid },
  },
  'twilio client_credentials': {
    values: { accountSid: sid, clientId: 'OQ00000000', clientSecret: 'made up' },
    wrong: { accountSid: [''], clientId: ['', 'a b'], clientSecret: [''] },
    mint: {
      url: 'https://oauth.twilio.com/v2/token',
      form: { grant_type: 'client_credentials', client_id: 'OQ00000000', client_secret: 'made up' },
      answer: { ...bearer, token_type: 'Bearer', expires_in: 3_600 },
    },
    test: { url: `https://api.twilio.com/2010-04-01/Accounts/${sid}.json`, authorization: 'Bearer at-1', says: {} },
    account: { id: sid },
  },
  'zapier api_key': {
    values: { accountNumber: '123456', hookId: 'abc123x' },
    wrong: { accountNumber: ['', '12a', '1/2'], hookId: ['', 'a/b', 'abc', '../x', 'abc123x/silent'] },
    account: { id: '123456' },
  },
};
