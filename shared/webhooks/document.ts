import { at, parseJson, textAt } from '../core/json.ts';
import type { Condition, Place, Webhooks } from '../providers/webhooks.ts';
import type { Incoming } from './verify.ts';

/** Returns what a request says: JSON, a form's fields, JSON in a form's field, or headers without a body; nothing where it
 *  is none of these. */
export function readDocument({ jsonInForm, embedded = [], inHeaders }: Webhooks, request: Incoming): unknown {
  const { headers, bytes } = request;
  if (bytes.length === 0 && inHeaders) {
    const fields = Object.entries(inHeaders).map(([field, name]) => [field, readHeader(headers, name)]);
    return Object.fromEntries(fields.filter(([, value]) => value !== undefined));
  }
  const text = new TextDecoder().decode(bytes); // drops a byte order mark, which JSON.parse refuses
  const fields = isForm(headers) ? readForm(text) : undefined;
  const inner = fields && jsonInForm !== undefined ? fields[jsonInForm] : undefined;
  if (fields && inner === undefined) return fields;
  const document = parseJson(inner ?? text);
  for (const { at: path, encoding } of embedded) embed(document, path, encoding);
  return document;
}

/** Bytes that anybody may have sent are read for the sake of a token in them, but not without bound (D-11). */
const MAX_UNVERIFIED_BYTES = 600_000;

/** Returns what a request says that is not believed yet: nothing where it says much. */
export function readUnverified(webhooks: Webhooks, request: Incoming): unknown {
  return request.bytes.length <= MAX_UNVERIFIED_BYTES ? readDocument(webhooks, request) : undefined;
}

/** The document is nobody else's yet. */
function embed(document: unknown, path: string, encoding: 'json' | 'base64'): void {
  const text = textAt(document, path);
  const steps = path.split('.');
  const field = steps.pop() ?? '';
  const around = steps.length === 0 ? document : at(document, steps.join('.'));
  const inner = text && parseJson(encoding === 'json' ? text : Buffer.from(text, 'base64').toString('utf8'));
  if (inner !== undefined) (around as Record<string, unknown>)[field] = inner;
}

/** Returns the text at a place of the request; nothing for a header that came twice. */
export function textIn(place: Place, request: Incoming, document: unknown): string | undefined {
  if ('body' in place) return textAt(document, place.body);
  return 'header' in place ? readHeader(request.headers, place.header) : readQuery(request.url).get(place.query);
}

/** Returns whether the condition holds. A list or an object at its place is something, too. */
export function holds(condition: Condition, request: Incoming, document: unknown): boolean {
  const text = textIn(condition, request, document);
  if (condition.equals !== undefined) return text === condition.equals;
  return text !== undefined || ('body' in condition && typeof (at(document, condition.body) ?? '') === 'object');
}

/** What a header's value may be. HTTP API joins a repeated one by commas, and none but a list's holds one (D-10). */
const spelled = {
  word: /^[\x21-\x2b\x2d-\x7e]{1,300}$/,
  credentials: /^[\x20-\x2b\x2d-\x7e]{1,4096}$/,
  list: /^[\x20-\x7e]{1,4096}$/,
} as const;

/** Returns a header that came once, in the one form that its sender gives it. */
export function readHeader(
  headers: Incoming['headers'],
  name: string,
  form: keyof typeof spelled = 'word',
): string | undefined {
  const value = headers[name];
  return value !== undefined && spelled[form].test(value) ? value : undefined;
}

/** Returns the parameters of a URL that came once each. */
export function readQuery(url: string | undefined): ReadonlyMap<string, string> {
  const all = [...new URLSearchParams(url?.split('?', 2)[1] ?? '')];
  const names = all.map(([name]) => name);
  return new Map(all.filter(([name]) => names.indexOf(name) === names.lastIndexOf(name)));
}

export function isForm(headers: Incoming['headers']): boolean {
  return /^application\/x-www-form-urlencoded\s*(;|$)/i.test(headers['content-type'] ?? '');
}

function readForm(text: string): Record<string, string | undefined> {
  const fields = [...new URLSearchParams(text)].filter(([name]) => name !== '__proto__');
  return Object.fromEntries(fields);
}
