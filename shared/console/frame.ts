import { type HubError, outcomes } from '../core/errors.ts';
import { type Fill, type Html, html, type Page } from '../core/html.ts';
import { consoleStyle } from './console-style.ts';
import { act, link } from './parts.ts';
import { HOME } from './visit.ts';

/** What every page of a signed-in operator is made with. */
export interface Desk {
  readonly stage: string;
  readonly csrf: string;
  readonly nowMs: number;
}

/** The pages between the home page and this one: their names and addresses. */
export type Crumbs = readonly (readonly [name: string, to: string])[];

/** Returns a page of the console around what it is about; the home page alone has none above it. */
export function frame(
  { stage, csrf }: Pick<Desk, 'stage' | 'csrf'>,
  title: string,
  crumbs: Crumbs | undefined,
  content: Html,
): Page {
  const out = act({ at: HOME, csrf, action: 'sign-out', label: 'Sign out' });
  const trail = crumbs && [['Console', HOME] as const, ...crumbs].map(([name, to]) => html`<li>${link(to, name)}</li>`);
  return bare(
    stage,
    title,
    html`<header class="bar"><a class="brand" href="${HOME}">Patchbay</a><span class="tag quiet">${stage}</span>${out}</header>
${trail && html`<nav class="crumbs" aria-label="Where you are"><ol>${trail}</ol></nav>`}<main>
<h1>${title}</h1>
${content}
<p class="more quiet"><small>Times are UTC.</small></p></main>`,
  );
}

/** Returns a page of the console for somebody who is not signed in, or may not be. */
export function bare(stage: string, title: string, body: Html): Page {
  return { title: `${title} · Patchbay ${stage}`, style: consoleStyle, body };
}

/** Returns the page of a refusal, or of a bug, which alone is named by its request. */
export function failurePage(stage: string, error: HubError | undefined, requestId: string): Page {
  const title = error ? outcomes[error.code].title : 'Something broke in the hub';
  const says: Fill = error
    ? error.message
    : html`Load the page again. If it fails again, look for <code>${requestId}</code> in the log.`;
  return bare(
    stage,
    title,
    html`<header class="bar"><a class="brand" href="${HOME}">Patchbay</a><span class="tag quiet">${stage}</span></header>
<main><h1>${title}</h1><p>${says}</p><p class="more"><a href="${HOME}">Back to the console</a></p></main>`,
  );
}
