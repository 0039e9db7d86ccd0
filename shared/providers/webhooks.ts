import type { JsonPath, WayKind } from './auth.ts';

// The words of a provider's `webhooks.ts`: how its requests are verified, taken apart, routed and answered.
//
//   signatures: [{ kind: 'hmac', hash: 'sha256', header: 'x-signature', encoding: 'hex', signed: ['body'] }]
//   eventId: [{ header: 'x-delivery' }, [{ body: 'account' }, { body: 'number' }]]     the first that is there; a list is joined
//   eventType: [{ body: 'type' }, { body: 'command', as: 'slash_command' }]
//   accounts: [['account.id']]
//
// A header that is named anywhere counts only where it came once: HTTP API joins a repeated one by a comma (D-10).

export interface Webhooks {
  readonly docs: string;
  /** How the sender shows who it is, the strongest form first. The first that a request shows decides alone: where it
   *  fails, no weaker one is tried (D-05). None here: the settings say it, see `configure`. */
  readonly signatures: readonly Signature[];
  /** No app of the owner's stands behind it: it is taken in at tenants' endpoints alone. */
  readonly endpointsOnly?: true;
  /** What creation of an endpoint, or the provider's secret, has to say beside the secrets: how `hmac` is signed, or which
   *  senders are meant where a platform signs for everybody. */
  readonly settings?: 'signature' | 'senders';
  /** Where several events stand in one body: the first of these that leads to any, `*` for each of a list. Paths of events
   *  begin there; `inherit` are fields of what surrounds it. Default: the body is the one event. */
  readonly events?: readonly { readonly at: JsonPath; readonly inherit?: readonly string[] }[];
  /** The first that is present is the id that a repeated delivery has too; where none is, the body's hash is. */
  readonly eventId: readonly (Place | readonly Place[])[];
  /** What has no id, nor anything at the field that these steps lead to, is a mere signal, alike each time: from one span of
   *  so many seconds to the next it is another event. Default: the same body is the same event, however late. */
  readonly signals?: { readonly unless: readonly string[]; readonly apartS: number };
  /** Fields that change when an event is sent again: they make no other event of it. */
  readonly volatile?: readonly string[];
  /** The first of these that is present. */
  readonly eventType: readonly TypePlace[];
  /** Joined to the type by a dot where present (GitHub: `issues` and `opened`). */
  readonly eventAction?: Place;
  /** Where it says how often it was sent before. */
  readonly retries?: Place;
  readonly occurredAt?: readonly { readonly at: JsonPath; readonly unit: 'iso' | 's' | 'ms' }[];
  /** Whose account it is. The first group that says anything decides: its paths are tried in order against the
   *  accounts that tenants have connected, and a weaker group is not asked. All must be ids of one name space. */
  readonly accounts: readonly (readonly JsonPath[])[];
  /** The same, for event types that name their account elsewhere. */
  readonly accountsOf?: Readonly<Record<string, Webhooks['accounts']>>;
  /** What comes to the address of the owner's app concerns connections that were made in one of these ways, through that
   *  app: a key of the tenant's own for the same account may be good for less, and lives on without the app (D-13).
   *  Default: `oauth2`. */
  readonly ways?: readonly WayKind[];
  /** What is answered instead of 200 with nothing: the first that fits. */
  readonly replies?: readonly Reply[];
  /** A form field that holds the JSON document, where the body is a form. */
  readonly jsonInForm?: string;
  /** Documents that stand as text inside the document: each is read, and takes its text's place. */
  readonly embedded?: readonly { readonly at: JsonPath; readonly encoding: 'json' | 'base64' }[];
  /** Where the body is empty the headers are the document: its fields, by the headers that hold them. */
  readonly inHeaders?: Readonly<Record<string, string>>;
  /** Fields of an event that are credentials: not kept. */
  readonly withheld?: readonly string[];
  /** The provider gives up after this; ours must be far below. */
  readonly answerWithinMs: number;
  /** Event types by which the provider asks for a subscription to be prolonged, or says that it has ended. */
  readonly renewedOn?: readonly string[];
  /** Event types that end the connection. */
  readonly lifecycle?: Readonly<Record<string, Ending>>;
  /** What is known, marked so, without confirmation by the provider's pages. */
  readonly unconfirmed?: readonly string[];
}

/** `query`: a parameter of the URL. No other is looked at: signatures do not cover them (D-18). */
export type Place = { readonly header: string } | { readonly body: JsonPath } | { readonly query: string };

/** Holds where there is something, or exactly this. */
export type Condition = Place & { readonly equals?: string };

/** `as`: what it means that the condition holds. Default: the text of the place. */
export type TypePlace = Condition & { readonly as?: string };

export interface Ending {
  readonly reason: 'uninstalled' | 'tokens_revoked';
  /** It ends connections that were made in one of these ways. Default: `oauth2`. */
  readonly ways?: readonly WayKind[];
  /** Only where this is present (Slack: a person's token may be revoked while the app's stays). */
  readonly when?: JsonPath;
}

/** Returns the ways of the connections that an event of the owner's app, or an ending, concerns. */
export function waysOf({ ways = ['oauth2'] }: Pick<Webhooks | Ending, 'ways'>): readonly WayKind[] {
  return ways;
}

export interface Reply {
  /** Default: every request. */
  readonly when?: Condition;
  /** The request is no event. `verified`: answered like one, once it is believed. `unsigned`: answered to anybody who may
   *  know the address, so nothing but the answer may come of it; looked for in the query and in small forms alone.
   *  `captured`: it brings the secret that it is signed with itself; the operator is shown it, and believes it or not. */
  readonly handshake?: 'verified' | 'unsigned' | 'captured';
  /** Default: 200. */
  readonly status?: 202 | 204;
  /** Default: text/plain. */
  readonly type?: 'application/json' | 'text/xml';
  readonly body?: string;
  /** The text at this place is the answer; as plain text, and short (D-14). */
  readonly echo?: Place;
  /** Whoever sent the verified request wants this URL to be asked for; `hosts` is all that its host may be. */
  readonly visit?: { readonly at: JsonPath; readonly hosts: string };
}

export type Signature = Mac | PublicKeySignature | Token | Jwt | Sns;

interface AnySignature {
  /** Present in a request of this form. Default: its header. */
  readonly when?: Condition;
  /** Further headers that a request of this form has. */
  readonly requires?: readonly string[];
}

interface Signed extends AnySignature {
  readonly header: string;
  /** What stands before the signature, or before each that counts in a list. */
  readonly prefix?: string;
  /** The header holds several signatures, apart by this: one has to fit. Others than those with the prefix are ignored. */
  readonly list?: ',' | ' ';
  readonly encoding: 'hex' | 'base64';
  /** In this order, one after the other. */
  readonly signed: readonly SignedPart[];
  /** The signed time; without one, the event id alone defends against replay. `prefix`: of its entry in the list. */
  readonly timestamp?: {
    readonly header: string;
    readonly toleranceS: number;
    readonly unit?: 's' | 'ms';
    readonly prefix?: string;
  };
  /** How the URL may be spelled where it is signed. Default: as it was sent. */
  readonly spellings?: readonly Spelling[];
}

/** Literal text; a header's, which must not hold the text behind it (D-09); the time as its header spells it; the secret
 *  itself; the public URL; a form's fields, sorted, each name before its value; the raw body. */
export type SignedPart =
  | { readonly text: string }
  | { readonly header: string }
  | 'timestamp'
  | 'secret'
  | 'method'
  | 'url'
  | 'form'
  | 'body';

/** `port`: with the port that https implies; `decoded`: `:/?@!$'()*,;` unescaped. */
export type Spelling = 'sent' | 'port' | 'decoded';

/** `hash` is plain, its secret among what is signed: whoever saw one could append to it, so the body has to be text. */
export interface Mac extends Signed {
  readonly kind: 'hmac' | 'hash';
  readonly hash: 'sha256' | 'sha1' | 'sha512';
  /** `whsec`: the secret's key is base64, behind `whsec_`. Default: its bytes. */
  readonly key?: 'whsec';
  /** A query parameter that is the body's SHA-256 as hex, where the URL is signed and the body is not. */
  readonly bodyHash?: string;
}

/** The secret is the sender's public key: 32 bytes as hex, or SPKI as base64 on the curve P-256. */
export interface PublicKeySignature extends Signed {
  readonly kind: 'ed25519' | 'ecdsa';
}

/** The secret itself is sent: behind the prefix, as the password of Basic, or in each of several places. */
export interface Token extends AnySignature {
  readonly kind: 'token';
  readonly at: Place;
  readonly prefix?: string;
  readonly form?: 'basic';
}

// A platform signs these for all of its users: what counts is which sender it vouches for. The keys are fetched, so it is
// found out after the acknowledgement, before any effect.

/** JWTs (RS256), every one of which must hold. */
export interface Jwt extends AnySignature {
  readonly kind: 'jwt';
  readonly at: Place;
  readonly prefix?: string;
  /** Where the keys are (JWKS). */
  readonly keys: string;
  /** `{name}` is a claim of the token. */
  readonly issuers: readonly string[];
  /** This hub's URL without the query; or the client id of the owner's app. */
  readonly audience: 'url' | 'clientId';
  /** The first of these claims that is there must be this; or, where nothing is said, one of the senders in the settings. */
  readonly sender: { readonly claims: readonly string[]; readonly is?: string; readonly verified?: string };
  /** Must hold too. */
  readonly besides?: Token;
}

/** Fields of the body, signed with a key whose certificate is at one of these hosts; the senders are topics. */
export interface Sns extends AnySignature {
  readonly kind: 'sns';
  readonly hosts: string;
}

/** Returns how Standard Webhooks, version 1.0.0, are signed, under headers that begin with `named`. */
export function standardSignature(named: 'webhook' | 'svix'): Mac {
  return {
    kind: 'hmac',
    hash: 'sha256',
    key: 'whsec',
    header: `${named}-signature`,
    list: ' ',
    prefix: 'v1,',
    encoding: 'base64',
    signed: [{ header: `${named}-id` }, { text: '.' }, 'timestamp', { text: '.' }, 'body'],
    timestamp: { header: `${named}-timestamp`, toleranceS: 300 },
    requires: [`${named}-id`],
  };
}
