import { type Html, html } from '../core/html.ts';
import { link, section } from './parts.ts';

/** Of what others sent, a page shows so many characters. */
const MOST = 20_000;
const MASK = '[masked]';
/** What fields are called whose values are of use to a thief. Names are all there is to go by: it is another's data. */
const SECRET = /secret|token|password|passwd|authori[sz]ation|api[-_]?key|credential|cookie|signature|private[-_]?key/i;

/** Returns the part of a page that shows what others sent, or only the way to it: nobody meets it by chance. */
export function payloadSection(
  title: string,
  payload: { readonly value: unknown } | undefined,
  at: { readonly shown: string; readonly hidden: string },
): Html {
  if (!payload) {
    return section(
      'payload',
      title,
      html`<p><a href="${at.shown}">Show the payload</a> <small>It may hold what is private to the tenant.</small></p>`,
    );
  }
  const text = payloadText(payload.value);
  const cut = text.length > MOST;
  return section(
    'payload',
    title,
    html`<p>${link(at.hidden, 'Hide the payload')} <small>Fields that are named like secrets are masked.</small></p>
<pre tabindex="0">${text.slice(0, MOST)}${cut ? ' …' : ''}</pre>
${cut ? html`<p class="quiet">${text.length - MOST} more characters: the API has all of it.</p>` : undefined}`,
  );
}

/** Returns the JSON text of a value, to be read, without what stands in fields that are named like secrets. */
export function payloadText(value: unknown): string {
  const text = JSON.stringify(
    value,
    (key, part: unknown) => (SECRET.test(key) && part !== null && typeof part !== 'boolean' ? MASK : part),
    2,
  );
  return text ?? '';
}
