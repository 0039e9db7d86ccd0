import { createPrivateKey } from 'node:crypto';
import { err, ok, type Result } from '../core/result.ts';
import { Secret } from '../core/secret.ts';
import type { Field, Way } from '../providers/auth.ts';
import type { Grant } from './grant.ts';

/** What was entered for a way, checked: the secret apart from what may be seen. */
export interface Entered {
  readonly settings: Readonly<Record<string, string>>;
  readonly secrets: Grant;
}

/** What is wrong, by field, in words for whoever entered it; never the value. */
export type Faults = Readonly<Record<string, string>>;

const MAX_LENGTH = 4_000;

/** Returns the fields of a way that is not OAuth. */
export function fieldsOf(way: Way): readonly Field[] {
  return way.kind === 'oauth2' ? [] : way.fields;
}

/** Returns what was entered, each field as its definition demands; else what is wrong with each. */
export function checkFields(way: Way, read: (name: string) => string | undefined): Result<Entered, Faults> {
  const settings: Record<string, string> = {};
  const secrets: Record<string, Secret> = {};
  const faults: Record<string, string> = {};
  for (const field of fieldsOf(way)) {
    const given = (read(field.name) ?? '').trim();
    const value = field.pem ? pemOf(given) : given;
    const fault = faultOf(field, value, goesIntoHeader(way));
    if (fault !== undefined) faults[field.name] = fault;
    else if (value === '') continue;
    else if (field.secret) secrets[field.name] = new Secret(value);
    else settings[field.name] = value;
  }
  return Object.keys(faults).length > 0 ? err(faults) : ok({ settings, secrets });
}

function faultOf(field: Field, value: string, plain: boolean): string | undefined {
  if (value === '') return field.optional ? undefined : `Enter the ${field.label}.`;
  if (field.choices) return Object.hasOwn(field.choices, value) ? undefined : `Choose one of those offered.`;
  if (value.length > MAX_LENGTH) return `This is too long to be the ${field.label}.`;
  if (field.pem) return /^-----BEGIN PRIVATE KEY-----\n/.test(value) ? undefined : `This is no private key in PEM.`;
  const fits = field.pattern === undefined || new RegExp(`^(?:${field.pattern})$`, 'u').test(value);
  if (fits && (plain ? /^[\x21-\x7e]+$/ : /^[^\p{C}]+$/u).test(value)) return undefined;
  const like = field.example === undefined ? '' : ` It looks like ${field.example}.`;
  return `This cannot be the ${field.label}: check that you copied all of it.${like}`;
}

/** Returns a private key with the line breaks that it had; whatever is none, without any. */
function pemOf(text: string): string {
  const base64 = /-----BEGIN PRIVATE KEY-----(.+)-----END PRIVATE KEY-----/s.exec(text)?.[1]?.replace(/\\n|\s/g, '');
  const flat = text.replace(/\s+/g, ' ');
  try {
    const key = createPrivateKey({ key: Buffer.from(base64 ?? '', 'base64'), format: 'der', type: 'pkcs8' });
    return key.asymmetricKeyType === 'rsa' ? key.export({ format: 'pem', type: 'pkcs8' }).toString() : flat;
  } catch {
    return flat; // it is refused like any other value that does not fit
  }
}

/** What is sent as entered, in a header, holds no space and nothing but ASCII. */
function goesIntoHeader({ kind }: Way): boolean {
  return kind === 'api_key' || kind === 'sigv4';
}
