import type { HubError } from './errors.ts';

/** What a use case returns: a value, or a refusal as plain data. Throwing is for bugs. */
export type Result<T, E = HubError> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: E };

export function ok<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value };
}

export function err<E>(error: E): { readonly ok: false; readonly error: E } {
  return { ok: false, error };
}
