// How a connection comes to its credential, and how that goes onto a request. A provider lists its ways, the preferred
// first, each kind at most once:
//
//   oauth2              the end user agrees at the provider (authorization code, PKCE)
//   api_key  basic      fields of a form, used as they are                                   fields, place
//   sigv4               a key pair that signs each request                                   fields, place (`in: 'sigv4'`)
//   password            fields that a token endpoint takes for a short token, again and again   fields, mint
//   client_credentials  the same, with the tenant's client or the owner's                    fields, mint
//   app_jwt             a JWT signed with the owner's private key, or the tenant's, for a token   fields, mint, jwt
//
//   { kind: 'api_key',
//     fields: [{ name: 'apiKey', label: 'API key', help: 'Settings → API keys', secret: true, pattern: 're_[A-Za-z0-9_]+' }],
//     place: [{ in: 'header', name: 'authorization', value: 'Bearer {apiKey}' }],
//     account: { from: 'whoami', id: ['id'], name: ['name'] } }
//   { kind: 'password',
//     fields: [{ name: 'username', … }, { name: 'password', secret: true, … }],
//     mint: { url: 'https://…/token', parameters: { grant_type: 'password', username: '{username}', password: '{password}' } },
//     account: { from: 'field', id: ['username'], name: ['username'] } }
//   { kind: 'app_jwt', jwt: { issuer: '{app.clientId}', lifeS: 540 }, fields: [{ name: 'installationId', pattern: '[0-9]+', … }],
//     mint: { url: 'https://api.github.com/app/installations/{installationId}/access_tokens', body: 'none',
//             place: [{ in: 'header', name: 'authorization', value: 'Bearer {jwt}' }],
//             answer: { accessToken: 'token', expiresAt: 'expires_at' } },
//     account: { from: 'field', id: ['installationId'], name: [] }, whoami: { method: 'GET', path: '/installation/repositories' } }

/** A text with values in braces: `Bearer {apiKey}`. Known are the way's fields, `{accessToken}`, `{app.clientId}`,
 *  `{app.clientSecret}` and `{jwt}`; where each may stand says the word that has the template. In a URL only what is
 *  closed by `choices` or a pattern, and escaped there. */
export type Template = string;

/** A path into a JSON answer, by dots: `team.id`. */
export type JsonPath = string;

export type Way = OAuth2 | Fixed | Minted;
export type WayKind = Way['kind'];

interface AnyWay {
  /** How the page names it beside the others, after "Use": `a personal access token`. Default: words for its kind. */
  readonly label?: string;
  /** The provider's page on it, where it is another than the provider's `docs`. */
  readonly docs?: string;
  readonly account: AccountPlace;
  /** Created by the owner's backend alone, never by a form: what is entered proves nothing about who enters it, and the
   *  owner's own key would open it (GitHub: the number of somebody else's installation). */
  readonly backendOnly?: true;
  /** The cheap request that tests a credential and tells whose it is. Default: `api.whoami`. */
  readonly whoami?: Whoami;
  /** Why a credential is not tried before it is kept: every request would do something. */
  readonly untested?: string;
  /** What is known, marked so, without confirmation by the provider's pages. */
  readonly unconfirmed?: readonly string[];
}

/** Where the account's id stands: in the token answer, in the claims of an access token that is a JWT, in the answer of
 *  `whoami`, among the fields, or among the parameters of the callback (QuickBooks: `realmId`), which `whoami` has to bear
 *  out, and name. */
export interface AccountPlace {
  readonly from: 'token' | 'claims' | 'whoami' | 'callback' | 'field';
  /** The first of these that is present. */
  readonly id: readonly JsonPath[];
  readonly name: readonly JsonPath[];
}

export interface Whoami {
  readonly method: 'GET' | 'POST' | 'HEAD';
  /** Relative to `api.baseUrl`, or a whole URL; may hold `{account}` and fields, and a query. */
  readonly path: Template;
  /** Where its answer has the id that else the token answer tells: the backend may bring a token that was granted
   *  elsewhere. Default: nowhere, so that such a token takes the operator's word for whose it is. */
  readonly account?: readonly JsonPath[];
}

/** One place of a request where (a part of) the credential goes. Query and body never reach a log (E-05). */
export type Placement =
  | { readonly in: 'header' | 'query' | 'body'; readonly name: string; readonly value: Template }
  /** The end of the address itself, one segment more: who has it may post there. */
  | { readonly in: 'path'; readonly value: Template }
  | { readonly in: 'basic'; readonly user: Template; readonly password: Template }
  /** AWS Signature Version 4 over the request as it leaves. */
  | {
      readonly in: 'sigv4';
      readonly accessKeyId: Template;
      readonly secretAccessKey: Template;
      readonly sessionToken?: Template;
      readonly region: Template;
      readonly service: string;
      /** S3 signs a path as it is sent. Default: escaped a second time, as all other services do. */
      readonly pathEscaped?: 'once';
    };

/** What the end user enters, or the backend sends. */
export interface Field {
  readonly name: string;
  readonly label: string;
  /** Where to find it. */
  readonly help: string;
  /** Vaulted, a password input, never in an answer, a log or a page again. */
  readonly secret?: true;
  /** A regular expression for all of it (the `^` and `$` are added). */
  readonly pattern?: string;
  /** The only values there are, with the words the page shows for each. */
  readonly choices?: Readonly<Record<string, string>>;
  readonly example?: string;
  readonly optional?: true;
  /** A private key (RSA, PKCS #8) in PEM, its line breaks as they are, written `\n`, or lost on the way. */
  readonly pem?: true;
}

/** A credential that is used as it was entered and has no end that the hub knows of. */
export interface Fixed extends AnyWay {
  readonly kind: 'api_key' | 'basic' | 'sigv4';
  readonly fields: readonly [Field, ...Field[]];
  readonly place: readonly [Placement, ...Placement[]];
  /** Default: the provider has none. */
  readonly revoke?: Revoke;
}

/** A short token, obtained with what is kept, and obtained again when it ends: no refresh token to lose. */
export interface Minted extends AnyWay {
  readonly kind: 'password' | 'client_credentials' | 'app_jwt';
  readonly fields: readonly Field[];
  readonly mint: Mint;
  /** `app_jwt` alone (RFC 7519, RS256): `{jwt}` in `mint`. */
  readonly jwt?: {
    readonly issuer: Template;
    readonly lifeS: number;
    /** Further claims; one that names a field left empty is left out. */
    readonly claims?: Readonly<Record<string, Template>>;
    /** The key that signs. Default: `privateKey` of the owner's app. */
    readonly key?: Template;
  };
  /** How the token goes onto a request. Default: `Authorization: Bearer {accessToken}`. */
  readonly place?: readonly [Placement, ...Placement[]];
  readonly scopes?: Readonly<Record<string, string>>;
  /** The field that says which scopes are asked for, with blanks between. */
  readonly scopesIn?: string;
  readonly tokenErrors?: OAuth2['tokenErrors'];
  /** Codes beside `invalid_grant` (and, where the client is the tenant's, `invalid_client`) that mean that what is kept is
   *  no longer accepted. */
  readonly grantGone?: readonly string[];
  /** Statuses that say so without a code (GitHub: 404, the installation is gone). */
  readonly goneStatuses?: readonly number[];
  readonly clientWrong?: readonly string[];
  readonly revoke?: Revoke;
}

/** The request for a token. */
export interface Mint {
  readonly url: Template;
  /** Default: form. */
  readonly body?: 'form' | 'json' | 'none';
  readonly parameters?: Readonly<Record<string, Template>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly place?: readonly [Placement, ...Placement[]];
  /** Where the answer differs from RFC 6749 §5.1. `expiresAt` is a time, ISO 8601. */
  readonly answer?: { readonly accessToken: JsonPath; readonly expiresAt?: JsonPath };
}

/** Authorization code grant (RFC 6749 §4.1). */
export interface OAuth2 extends AnyWay {
  readonly kind: 'oauth2';
  /** May hold `{variables}`. */
  readonly authorizeUrl: Template;
  readonly tokenUrl: Template;
  /** Parts of these URLs and of `api.baseUrl` that the owner's app may set (Microsoft: `{directory}`), in `variables` of its
   *  secret. A connection keeps those it was made with, among its settings. */
  readonly variables?: Readonly<Record<string, { readonly default: string; readonly pattern: string }>>;
  /** Where the authorization server names itself in the callback (RFC 9207): compared exactly. */
  readonly issuer?: string;
  /** Who issues identity tokens, as they name it; may hold `{claims}` of the token. Where given, one that comes with the code's
   *  tokens must be for this sign-in (OpenID Connect Core §3.1.3.7). Default: none is looked at. */
  readonly idTokenIssuers?: readonly [Template, ...Template[]];
  /** How the client proves itself at the token endpoint: HTTP Basic, fields of the body, or not at all (`client_id` alone,
   *  for a public client). */
  readonly clientAuth: 'none' | 'basic' | 'body';
  /** How the token request is written. Default: form. */
  readonly tokenBody?: 'form' | 'json';
  readonly tokenHeaders?: Readonly<Record<string, string>>;
  /** A provider without PKCE says why. */
  readonly pkce: 'S256' | { readonly none: string };
  /** Asked for unless the session says otherwise; in words for the consent page. */
  readonly scopes: Readonly<Record<string, string>>;
  /** Asked for whatever the session says: without them nothing tells whose account it is, or nothing can be refreshed. */
  readonly alwaysScopes?: readonly string[];
  /** What a session may ask for beside, in words. */
  readonly moreScopes?: Readonly<Record<string, string>>;
  readonly scopeSeparator: ' ' | ',';
  /** How the token answer separates granted scopes, where it differs. */
  readonly grantedSeparator?: ' ' | ',';
  /** Further parameters of the authorization request. */
  readonly authorizeParams?: Readonly<Record<string, string>>;
  /** Values of `token_type` beside `bearer` that are used like it. */
  readonly tokenTypes?: readonly string[];
  /** How a refused token request looks: an error status (RFC 6749 §5.2), 200 with `error`, or 200 with `ok: false`. */
  readonly tokenErrors: 'status' | 'in-200' | 'ok-false';
  /** Codes beside `invalid_grant` that mean that the grant is gone for good. */
  readonly grantGone?: readonly string[];
  /** Codes beside `invalid_client` that mean that the owner's app is set up wrongly. */
  readonly clientWrong?: readonly string[];
  /** How the token goes onto a request. Default: `Authorization: Bearer {accessToken}`. */
  readonly place?: readonly [Placement, ...Placement[]];
  readonly refresh: Refresh;
  readonly revoke: Revoke;
}

export interface Refresh {
  /** Whether a refresh gives a new refresh token and ends the old one. */
  readonly rotates: 'never' | 'sometimes' | 'always';
  /** Seconds in which the previous refresh token is still good. */
  readonly graceS: number;
  /** Seconds after which an unused refresh token lapses. */
  readonly idleS?: number;
  /** Seconds after which the grant lapses, used or not. */
  readonly absoluteS?: number;
  /** What the token endpoint may take, at most 20 s; the default. */
  readonly timeoutMs?: number;
  /** What is known, marked so, without confirmation by the provider's pages. */
  readonly unconfirmed?: readonly string[];
}

/** What a grant's end takes along: all that this account ever granted to the owner's app, a later grant too. Default: that
 *  grant alone. */
interface Reach {
  readonly ends?: 'account';
}

/** How a grant is ended upstream (RFC 7009 where it is standard). */
export type Revoke =
  | (Reach & { readonly style: 'rfc7009'; readonly url: string })
  /** A request that carries the access token itself, placed as in any other. */
  | (Reach & { readonly style: 'bearer'; readonly method: 'GET' | 'POST' | 'DELETE'; readonly url: string })
  /** DELETE with the client's Basic credentials and the token in a JSON body; `{client_id}` in the URL is filled in. */
  | (Reach & { readonly style: 'app-delete'; readonly url: string })
  /** Any other: URL and parameters may hold `{accessToken}`, `{refreshToken}`, `{account}` and `{app.clientId}`. What
   *  answers 404 was ended before. */
  | (Reach & {
      readonly style: 'request';
      readonly method: 'POST' | 'DELETE';
      readonly url: Template;
      /** Default: form. */
      readonly body?: 'form' | 'json' | 'none';
      readonly parameters?: Readonly<Record<string, Template>>;
      readonly headers?: Readonly<Record<string, string>>;
      /** How the client proves itself. Default: not. */
      readonly clientAuth?: OAuth2['clientAuth'];
      /** Where else the client's or the grant's secret goes. */
      readonly place?: readonly [Placement, ...Placement[]];
      /** Error codes that mean that it was ended before. */
      readonly ended?: readonly string[];
    })
  | { readonly style: 'none'; readonly reason: string };
