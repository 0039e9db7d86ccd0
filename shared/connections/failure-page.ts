import { type HubError, type HubErrorCode, outcomes } from '../core/errors.ts';
import { html, type Page } from '../core/html.ts';
import type { Owner } from './owner.ts';
import { frame, marks } from './page-frame.ts';

// Pages for when the browser cannot be sent back with `?error=`: without a consumed state nobody knows whether it is the one
// that the session is about. Who shows the secret of a link or of a state gets a link to the session's return URL, no more.

const again = (owner: Owner) => `Go back to ${owner.name} and begin again: every attempt gets a link of its own.`;
const look = (owner: Owner) => `Go back to ${owner.name} and see whether the account is connected.`;
const ask = (owner: Owner) => `If it happens again, ask ${owner.name} for help.`;
const wait = () => 'Wait a few minutes, then load this page again.';

/** What the reader does next, in this order. */
const steps: Partial<Record<HubErrorCode, readonly ((owner: Owner) => string)[]>> = {
  link_invalid: [() => 'If you copied the link, copy all of it: the end is often cut off.', again],
  link_expired: [again],
  link_used: [look, again],
  link_exhausted: [
    () => 'Find out which key is the right one, at the provider or from whoever manages the account there.',
    again,
  ],
  wrong_browser: [
    () => 'Use the browser, and the window, in which you began. A private window counts as another browser.',
    () => 'Allow cookies for this page.',
    again,
  ],
  invalid_state: [again, ask],
  denied: [
    (owner) => `If you did not mean to refuse, go back to ${owner.name} and begin again.`,
    () => 'Your account may need an administrator’s consent: ask the person who manages it.',
  ],
  account_mismatch: [
    () =>
      'Sign out at the provider, or open it in a private window, then sign in with the account that was connected before.',
    again,
    (owner) => `To use another account instead, disconnect the present one in ${owner.name} first.`,
  ],
  not_configured: [
    (owner) => `Tell ${owner.name} that this connection is not set up yet. You cannot mend it yourself.`,
  ],
  provider_error: [again, ask],
  provider_unavailable: [wait, ask],
  unavailable: [wait, ask],
  rate_limited: [wait],
  exchange_failed: [again, ask],
  not_found: [() => 'Check the address.', again],
};
const otherwise = [again, ask];

/** Returns the page of a refusal, or of a bug: what it was, and what to do next. Only a bug names the request: there is
 *  nothing else the reader could tell. */
export function failurePage(owner: Owner, error: HubError | undefined, requestId: string): Page {
  const title = error ? outcomes[error.code].title : 'Something went wrong on our side';
  const message = error?.message ?? 'Nothing was connected, and nothing is wrong with your account.';
  const next = error ? (steps[error.code] ?? otherwise) : [wait, ask];
  const reference = error
    ? undefined
    : html`<p class="small">Reference: <code>${requestId}</code></p>
`;
  return frame(
    owner,
    title,
    html`${marks(owner)}
<h1>${title}</h1>
<p class="lead">${message}</p>
<h2 id="next">What you can do</h2>
<ol aria-labelledby="next">
${next.map((step) => html`<li>${step(owner)}</li>\n`)}</ol>
${error?.goBack === undefined ? undefined : html`<p class="ways"><a href="${error.goBack}" rel="noreferrer">Back to ${owner.name}</a></p>\n`}${reference}<p class="small">You can close this page.</p>`,
  );
}
