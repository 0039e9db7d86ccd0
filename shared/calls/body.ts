import { type ApiRequest, Blank } from '../providers/actions.ts';

export interface Body {
  readonly type: string;
  readonly content: string | Uint8Array;
}

/** Returns what a request carries, its blanks filled in; nothing where it carries nothing. */
export function bodyOf({ json, form, raw }: ApiRequest, fill: (blank: Blank) => string): Body | undefined {
  if (raw) return raw;
  if (form) {
    const fields = Object.entries(form).flatMap(([name, value]) =>
      [value ?? []].flat().map((one): [string, string] => [name, String(one)]),
    );
    return { type: 'application/x-www-form-urlencoded', content: new URLSearchParams(fields).toString() };
  }
  if (json === undefined) return undefined;
  const content = JSON.stringify(json, (_name, value: unknown) => (value instanceof Blank ? fill(value) : value));
  return { type: 'application/json; charset=utf-8', content };
}
