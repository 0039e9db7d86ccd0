import type { JsonPath } from './auth.ts';

// The words of a provider's `webhooks.ts`.

/** How a provider's webhooks are verified, told apart and routed. Each header named here must come exactly once. */
export interface Webhooks {
  readonly docs: string;
  readonly signature: HmacSignature;
  /** The first that is present is the id that a repeated delivery has too; where none is, the body's hash is. */
  readonly eventId: readonly Place[];
  /** The first of these that is present. */
  readonly eventType: readonly TypePlace[];
  /** Joined to the type by a dot where present (GitHub: `issues` and `opened`). */
  readonly eventAction?: Place;
  readonly occurredAt?: { readonly at: JsonPath; readonly unit: 'iso' | 's' | 'ms' };
  /** Whose account it is. The first group that says anything decides: its paths are tried in order against the
   *  accounts that tenants have connected, and a weaker group is not asked. All must be ids of one name space. */
  readonly accounts: readonly (readonly JsonPath[])[];
  /** The same, for event types that name their account elsewhere. */
  readonly accountsOf?: Readonly<Record<string, Webhooks['accounts']>>;
  /** Answered after verification, instead of being an event. */
  readonly handshakes?: readonly Handshake[];
  /** Forms that are acknowledged unverified and never processed, by one field (old probes). */
  readonly ignored?: readonly { readonly field: JsonPath; readonly equals: string }[];
  /** A form field that holds the JSON document, where the body is a form. */
  readonly jsonInForm?: string;
  /** The provider gives up after this; ours must be far below. */
  readonly answerWithinMs: number;
  /** Event types that end the connection. */
  readonly lifecycle?: Readonly<Record<string, Ending>>;
}

export type Place = { readonly header: string } | { readonly body: JsonPath };

/** `as`: what the mere presence of the place means. Default: its text. */
export type TypePlace = Place & { readonly as?: string };

export interface Ending {
  readonly reason: 'uninstalled' | 'tokens_revoked';
  /** Only where this is present (Slack: a person's token may be revoked while the app's stays). */
  readonly when?: JsonPath;
}

export interface HmacSignature {
  readonly kind: 'hmac';
  readonly hash: 'sha256' | 'sha1' | 'sha512';
  readonly header: string;
  /** What stands before the signature in the header. */
  readonly prefix?: string;
  readonly encoding: 'hex' | 'base64';
  /** What is signed, in order: literal text, the timestamp header's text, the raw body. */
  readonly signed: readonly ('body' | 'timestamp' | { readonly text: string })[];
  /** Where the signed time stands; without one, the event id alone defends against replay. */
  readonly timestamp?: { readonly header: string; readonly toleranceS: number };
}

/** `echo`: a JSON field of the verified body is the answer, as text. */
export interface Handshake {
  readonly when: { readonly field: JsonPath; readonly equals: string };
  readonly echo: JsonPath;
}
