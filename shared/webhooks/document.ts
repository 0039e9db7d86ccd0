import { parseJson, textAt } from '../core/json.ts';
import type { Webhooks } from '../providers/webhooks.ts';
import type { Incoming } from './verify.ts';

/** Returns what the body says: JSON, a form's fields, or JSON in a form's field; nothing where it is none of these. */
export function readDocument({ jsonInForm }: Webhooks, { headers, bytes }: Incoming): unknown {
  const text = new TextDecoder().decode(bytes); // drops a byte order mark, which JSON.parse refuses
  if (!isForm(headers)) return parseJson(text);
  const fields = readForm(text);
  const inner = jsonInForm === undefined ? undefined : fields[jsonInForm];
  return inner === undefined ? fields : parseJson(inner);
}

/** Returns the challenge to echo, if this is a provider's handshake: `{ text: undefined }` where it has none. */
export function readHandshake({ handshakes = [] }: Webhooks, document: unknown): { text?: string } | undefined {
  const handshake = handshakes.find(({ when }) => textAt(document, when.field) === when.equals);
  return handshake && { text: textAt(document, handshake.echo) };
}

/** Old probes come unsigned, as small forms. */
const MAX_PROBE_BYTES = 4_096;

/** Returns whether this is a probe that the provider's data says to ignore. */
export function isProbe({ ignored = [] }: Webhooks, { headers, bytes }: Incoming): boolean {
  if (ignored.length === 0 || bytes.length > MAX_PROBE_BYTES || !isForm(headers)) return false;
  const fields = readForm(bytes.toString('utf8'));
  return ignored.some(({ field, equals }) => fields[field] === equals);
}

function isForm(headers: Incoming['headers']): boolean {
  return /^application\/x-www-form-urlencoded\s*(;|$)/i.test(headers['content-type'] ?? '');
}

function readForm(text: string): Record<string, string | undefined> {
  const fields = [...new URLSearchParams(text)].filter(([name]) => name !== '__proto__');
  return Object.fromEntries(fields);
}
