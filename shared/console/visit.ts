import type { Moment } from '../core/clock.ts';
import { refuse } from '../core/errors.ts';
import { isOwnForm, type SentForm } from '../core/own-form.ts';
import { ok, type Result } from '../core/result.ts';
import { formToken, isSession, SESSION_COOKIE } from './session.ts';

/** What is looked at of a browser's request. */
export interface Visit {
  readonly route: string;
  readonly target: string;
  readonly form: URLSearchParams;
  readonly header: (name: string) => string | undefined;
  readonly cookie: (name: string) => string | undefined;
  readonly moment: Pick<Moment, 'nowMs'>;
}

export interface VisitPorts {
  readonly publicUrl: string;
  readonly readOperatorKey: () => Promise<string | undefined>;
}

/** What the page of somebody who is signed in puts into its forms. */
export interface SignedIn {
  readonly csrf: string;
}

export const HOME = '/console';

/** Returns a handler that only the signed-in operator comes to, and whose forms are the console's own. Who is not signed in
 *  is sent to where one does, and back to this page from there; or sees what `stranger` gives. Errors: `forbidden`, beside
 *  the handler's own. */
export function forOperator<Input extends Visit, Shown>(
  { publicUrl, readOperatorKey }: VisitPorts,
  handle: (input: Input & SignedIn) => Promise<Result<Shown>>,
  stranger: (input: Input) => Shown | { readonly goTo: string } = toSignIn,
): (input: Input) => Promise<Result<Shown | { readonly goTo: string }>> {
  return async (input) => {
    const cookie = input.cookie(SESSION_COOKIE);
    if (cookie === undefined || !isSession(await readOperatorKey(), cookie, input.moment.nowMs)) {
      return ok(stranger(input));
    }
    const csrf = formToken(cookie);
    if (isPost(input) && !isOwnForm(sentForm(input), csrf, publicUrl)) return notOwn();
    return handle({ ...input, csrf });
  };
}

export function isPost({ route }: Pick<Visit, 'route'>): boolean {
  return route.startsWith('POST ');
}

export function sentForm({ form, header }: Visit): SentForm {
  return { form, origin: header('origin'), fetchSite: header('sec-fetch-site') };
}

/** A page that was left open over a sign-out, or a form of another site: nothing was done either way. */
export function notOwn() {
  return refuse(
    'forbidden',
    'This form is of another sign-in, or of another site. Nothing was done: load the page again.',
  );
}

function toSignIn({ target }: Pick<Visit, 'target'>): { readonly goTo: string } {
  return { goTo: isOwnPage(target) ? `${HOME}?${new URLSearchParams({ to: target })}` : HOME };
}

const ANYWHERE = 'https://hub.invalid';

/** Returns whether the text is the path of a page of the console, in its one spelling: nobody is sent elsewhere. */
export function isOwnPage(text: string): boolean {
  if (text.length > 1_500 || !text.startsWith(HOME)) return false;
  const url = URL.parse(text, ANYWHERE);
  if (!url || url.origin !== ANYWHERE || url.href !== ANYWHERE + text || url.hash) return false;
  return url.pathname === HOME || url.pathname.startsWith(`${HOME}/`);
}
