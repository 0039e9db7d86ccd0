import type * as z from 'zod';
import type { JsonPath } from './auth.ts';

// The words of a provider's `actions.ts`.

/** What a call, an action or a sync sends; relative to one of the provider's addresses. */
export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Values in it are escaped by `path`. */
  readonly path: string;
  /** Which of `api.bases` it goes to. Default: the base URL. */
  readonly base?: string;
  /** What is undefined is left out, here and in the form. */
  readonly query?: Readonly<Record<string, Scalar | undefined>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** May hold a `Blank` wherever it holds a text. */
  readonly json?: unknown;
  /** A list repeats its key; fields within fields are spelled by `nested`. */
  readonly form?: Readonly<Record<string, Scalar | readonly Scalar[] | undefined>>;
  /** A body that is neither. */
  readonly raw?: { readonly type: string; readonly content: string | Uint8Array };
  /** A write that does no more when it is sent again: it says what shall be, or bears `call.uuid`. */
  readonly repeatable?: true;
  /** A GraphQL subscription to be heard for so long, at most 25 s: the answer is what came (`Heard`). */
  readonly listen?: {
    readonly document: string;
    readonly variables?: Readonly<Record<string, unknown>>;
    readonly windowS: number;
  };
  /** Not sent: its URL is the answer, signed for `expiresInS` seconds, or, without them, as it is. */
  readonly link?: { readonly expiresInS?: number };
}

export type Scalar = string | number | boolean;

/** Stands in a body for what is known only when it leaves: a setting of the connection, or `call.uuid`, the same in each
 *  attempt of a call. A class, so that nothing that came in as JSON can be one. */
export class Blank {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

/** An answer of the provider that is a success. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** As the call's result has it: JSON, text, `{base64}`, or null. */
  readonly body: unknown;
}

export interface Action {
  readonly title: string;
  readonly docs: string;
  readonly scopes?: readonly string[];
  /** A write that may have reached the provider is never silently sent again. */
  readonly effect: 'read' | 'write';
  readonly input: z.ZodType;
  readonly output: z.ZodType;
  /** Pure: from the checked input to the request. */
  readonly request: (input: never) => ApiRequest;
  /** Pure: what the output is made of, where that is not the answer's body: a header, a text. */
  readonly answer?: (answer: Answer) => unknown;
  /** Where a change has to name the version of what it changes: how the hub finds it. Default: it need not. */
  readonly version?: Versioned;
  /** In mock mode, what one action makes another finds. */
  readonly about?: About;
  /** One pair, which also answers in mock mode. */
  readonly example: { readonly input: unknown; readonly output: unknown };
}

/** Where another change came between (409, 412, `conflictCodes`), the version is read again and the change sent once more:
 *  so the change must be of single fields, which are merged there. A request that bears a version already goes as it is. */
export interface Versioned {
  /** The action that reads the object, and which of the input's fields it takes. */
  readonly read: string;
  readonly with: readonly [string, ...string[]];
  /** Where its answer has the version. */
  readonly at: { readonly body: JsonPath } | { readonly header: string };
  /** Where the change bears it: a field of its JSON, or a header. */
  readonly as: { readonly json: string } | { readonly header: string };
}

/** The object that an action makes, reads or changes. */
export interface About {
  readonly object: string;
  /** Where the output has its id. */
  readonly id: JsonPath;
  /** Where the input names it. None: it is made. */
  readonly by?: JsonPath;
  /** What becomes of its fields beside those that the request brings. */
  readonly sets?: Readonly<Record<string, unknown>>;
}

export type Actions = Readonly<Record<string, Action>>;

/** Returns the action as declared; ties `request` to the input's schema. */
export function action<Input extends z.ZodType>(
  declared: Omit<Action, 'input' | 'request'> & {
    readonly input: Input;
    readonly request: (input: z.output<Input>) => ApiRequest;
  },
): Action {
  return declared as Action;
}

/** Returns a path whose values are one segment each, whatever they hold (RFC 3986 §2.3): path`/users/${id}`. */
export function path(fixed: TemplateStringsArray, ...values: readonly (string | number)[]): string {
  return String.raw({ raw: fixed }, ...values.map(escaped));
}

/** Returns a value as one segment of a path: all but letters, digits and `-._~` escaped, as signatures want it. */
export function escaped(value: string | number): string {
  return encodeURIComponent(value).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** Returns fields within fields as forms spell them: `items[0][price]`. */
export function nested(fields: Readonly<Record<string, unknown>>): Record<string, Scalar> {
  const flat: Record<string, Scalar> = {};
  const walk = (name: string, value: unknown): void => {
    if (typeof value === 'object' && value !== null) {
      for (const [part, inner] of Object.entries(value)) walk(name === '' ? part : `${name}[${part}]`, inner);
    } else if (value !== undefined && value !== null) flat[name] = value as Scalar;
  };
  walk('', fields);
  return flat;
}
