import { createHash } from 'node:crypto';

/** Markup that is safe to send: made by `html` alone. */
export class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

export type Fill = string | number | Html | readonly (Html | undefined)[] | undefined;

/** Returns markup in which every filled-in text is escaped, for content and quoted attributes; nothing else is a safe place. */
export function html(strings: TemplateStringsArray, ...fills: readonly Fill[]): Html {
  return new Html(strings.reduce((text, string, index) => text + fill(fills[index - 1]) + string));
}

function fill(value: Fill): string {
  if (value === undefined) return '';
  if (value instanceof Html) return value.text;
  if (Array.isArray(value)) return value.map((one: Html | undefined) => one?.text ?? '').join('');
  return escapeHtml(String(value));
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '`': '&#96;',
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"'`]/g, (character) => entities[character] ?? '');
}

/** A whole page of the hub: no script, one style sheet, nothing fetched but the images named. */
export interface Page {
  readonly title: string;
  readonly style: string;
  readonly body: Html;
  /** Origins a form may lead to, beside the hub itself. Default: none. */
  readonly formAction?: readonly string[];
  /** Origins of images. Default: none. */
  readonly images?: readonly string[];
}

/** Returns the document as text. */
export function renderPage({ title, style, body }: Page): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>${new Html(style)}</style>
</head>
<body>${body}</body>
</html>
`.text;
}

/** Returns the page's Content-Security-Policy: nothing is allowed that the page does not name. */
export function contentPolicy(page?: Page): string {
  const hash = page && createHash('sha256').update(page.style).digest('base64');
  return [
    "default-src 'none'",
    ...(hash ? [`style-src 'sha256-${hash}'`] : []),
    ...(page?.images?.length ? [`img-src ${page.images.join(' ')}`] : []),
    `form-action ${["'self'", ...(page?.formAction ?? [])].join(' ')}`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join('; ');
}
