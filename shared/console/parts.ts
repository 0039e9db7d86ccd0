import { type Fill, type Html, html } from '../core/html.ts';

// What the console's pages are made of.

type Tone = 'good' | 'warn' | 'bad' | 'quiet';

/** What a word of the hub's means to who looks for trouble; the others are neither good nor bad. */
const tones: Readonly<Record<string, Tone>> = {
  ...{
    ok: 'good',
    none: 'good',
    active: 'good',
    enabled: 'good',
    succeeded: 'good',
    delivered: 'good',
    handled: 'good',
    closed: 'good',
  },
  ...{
    revocation_pending: 'warn',
    half_open: 'warn',
    some: 'warn',
    held: 'warn',
    paused: 'warn',
    conflicting: 'warn',
    expired: 'warn',
  },
  ...{
    degraded: 'bad',
    unreachable: 'bad',
    needs_reauth: 'bad',
    failed: 'bad',
    failing: 'bad',
    outcome_unknown: 'bad',
  },
  ...{ exhausted: 'bad', stopped: 'bad', open: 'bad', gone: 'bad', revocation_parked: 'bad' },
};

/** Returns a state as its own word, in the colour of what it means. */
export function tag(word: string): Html {
  return html`<span class="tag ${Object.hasOwn(tones, word) ? tones[word] : 'quiet'}">${word}</span>`;
}

/** Returns a time, with how long ago or ahead it is; nothing where there is none. */
export function when(at: string | undefined, nowMs: number): Html | undefined {
  if (at === undefined) return undefined;
  return html`<span><time datetime="${at}">${at.slice(0, 19).replace('T', ' ')}</time> <small>${distance(Date.parse(at) - nowMs)}</small></span>`;
}

/** Returns a length of time in its greatest unit, from now. */
export function distance(ms: number): string {
  const text = lasting(Math.abs(ms) / 1000);
  return ms > 0 ? `in ${text}` : `${text} ago`;
}

/** Returns a length of time in its greatest unit. */
export function lasting(s: number): string {
  if (s < 59.5) return `${Math.round(s)} s`;
  if (s < 59.5 * 60) return `${Math.round(s / 60)} min`;
  return s < 172_800 ? `${Math.round(s / 3_600)} h` : `${Math.round(s / 86_400)} d`;
}

export function code(text: string): Html {
  return html`<code>${text}</code>`;
}

export function link(to: string, text: Fill): Html {
  return html`<a href="${to}">${text}</a>`;
}

/** Returns a part of a page under its own heading; `id` is unique on the page. */
export function section(id: string, title: string, content: Fill): Html {
  return html`<section aria-labelledby="${id}"><h2 id="${id}">${title}</h2>
${content}</section>
`;
}

/** Returns the rows under their columns, named by the heading `id`; or what is said where there are none. Roles are
 *  spelled out: on a narrow screen the rows are no longer laid out as a table. */
export function table(id: string, columns: readonly string[], rows: readonly (readonly Fill[])[], none: string): Html {
  if (rows.length === 0) return html`<p class="quiet">${none}</p>`;
  return html`<table role="table" aria-labelledby="${id}"><thead role="rowgroup"><tr role="row">${columns.map(
    (column) => html`<th scope="col" role="columnheader">${column}</th>`,
  )}</tr></thead>
<tbody role="rowgroup">${rows.map(
    (cells) =>
      html`<tr role="row">${cells.map((cell, at) => html`<td role="cell" data-label="${columns[at]}">${boxed(cell)}</td>`)}</tr>\n`,
  )}</tbody></table>`;
}

/** Beside the name of its column each value is one thing. */
function boxed(cell: Fill): Fill {
  return cell === undefined || cell === '' ? undefined : html`<div>${cell}</div>`;
}

/** Returns what is known, by name; what is not is left out. */
export function facts(known: Readonly<Record<string, Fill>>): Html {
  const given = Object.entries(known).filter(([, value]) => value !== undefined && value !== '');
  return html`<dl class="facts">${given.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>\n`)}</dl>`;
}

export interface Act {
  /** The page that the form is of. */
  readonly at: string;
  readonly csrf: string;
  readonly action: string;
  readonly label: string;
  /** What a program reads out, where the label alone does not say which. */
  readonly about?: string;
  readonly fields?: Readonly<Record<string, string>>;
  readonly kind?: 'go' | 'danger';
}

/** Returns a button that does something: a form of its own. */
export function act({ at, csrf, action, label, about, fields = {}, kind }: Act): Html {
  return html`<form method="post" action="${at}"><input type="hidden" name="csrf" value="${csrf}">${Object.entries(
    fields,
  ).map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`,
  )}<button name="action" value="${action}" class="${kind ?? 'plain'}"${about === undefined ? undefined : html` aria-label="${label}: ${about}"`}>${label}</button></form>`;
}

/** Returns buttons side by side; nothing where there are none. */
export function acts(buttons: readonly (Html | undefined)[]): Html | undefined {
  const there = buttons.filter((one) => one !== undefined);
  return there.length === 0 ? undefined : html`<div class="acts">${there}</div>`;
}

export function notice(tone: Tone, content: Fill): Html {
  return html`<div class="notice ${tone}"><p>${content}</p></div>`;
}

/** Returns the way to the next page, where there is one. */
export function more(to: string | undefined, text = 'More'): Html | undefined {
  return to === undefined ? undefined : html`<p class="more"><a href="${to}">${text}</a></p>`;
}

/** Returns the choices of a list, the present one marked. */
export function choices(label: string, all: Readonly<Record<string, string>>, present: string): Html {
  return html`<nav aria-label="${label}"><ul>${Object.entries(all).map(([name, to]) =>
    name === present
      ? html`<li><a href="${to}" aria-current="page"><b>${name}</b></a></li>`
      : html`<li><a href="${to}">${name}</a></li>`,
  )}</ul></nav>`;
}
