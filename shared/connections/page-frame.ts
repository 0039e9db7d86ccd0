import { type Html, html, type Page } from '../core/html.ts';
import type { Owner } from './owner.ts';
import { pageStyle } from './page-style.ts';

/** Returns a hosted page around what it is about: the owner's style, and who it is a page of. */
export function frame(owner: Owner, title: string, content: Html): Page {
  return {
    title: `${title} · ${owner.name}`,
    style: pageStyle(owner),
    body: html`<main>
${content}
</main>
${footer(owner)}`,
    images: owner.logoUrl ? [new URL(owner.logoUrl).origin] : [],
  };
}

/** Returns the owner's mark, and the provider's beside it where one is named; read aloud they would say nothing new. */
export function marks(owner: Owner, providerName?: string): Html {
  const own = owner.logoUrl
    ? html`<span class="mark logo"><img src="${owner.logoUrl}" alt="" width="44" height="44"></span>`
    : html`<span class="mark own">${initial(owner.name)}</span>`;
  const other = providerName && html`<span class="link"></span><span class="mark">${initial(providerName)}</span>`;
  return html`<div class="pair" aria-hidden="true">${own}${other || undefined}</div>`;
}

function footer({ name, supportUrl }: Owner): Html {
  const help = supportUrl && html` · <a href="${supportUrl}" rel="noreferrer">Help</a>`;
  return html`<footer>A secure connection page of <bdi>${name}</bdi>${help || undefined}</footer>`;
}

/** The first letter as a reader counts letters: a flag or an accented letter stays whole. */
function initial(name: string): string {
  const [first] = new Intl.Segmenter('en').segment(name.trim());
  return first?.segment.toUpperCase() ?? '';
}
