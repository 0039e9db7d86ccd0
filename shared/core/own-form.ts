import { equal } from './crypto.ts';

/** A form as a browser sent it: its fields, and the headers `Origin` and `Sec-Fetch-Site`. */
export interface SentForm {
  readonly form: URLSearchParams;
  readonly origin: string | undefined;
  readonly fetchSite: string | undefined;
}

/** Returns whether the form is of a page that the hub gave to this very browser. Its field `csrf` proves that: `token` is
 *  what only that page knows. The two headers are believed where a browser sends them; its Origin is `null` from a page
 *  that sends no referrer, which ours is (Fetch standard, "append a request Origin header"). */
export function isOwnForm({ form, origin, fetchSite }: SentForm, token: string, publicUrl: string): boolean {
  if (origin !== undefined && origin !== 'null' && origin !== new URL(publicUrl).origin) return false;
  if (fetchSite !== undefined && fetchSite !== 'same-origin') return false;
  const fields = form.getAll('csrf');
  return fields.length === 1 && equal(fields[0] ?? '', token);
}
