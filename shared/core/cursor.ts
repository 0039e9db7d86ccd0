import { parseJson } from './json.ts';

/** A list's place to go on from, as opaque text: the key of the last row of the page before. */
export type CursorKey = Readonly<Record<string, string | number>>;

export function writeCursor(key: Readonly<Record<string, unknown>>): string {
  return Buffer.from(JSON.stringify(key)).toString('base64url');
}

/** Returns the key in a cursor's text, or nothing where the text was never a cursor. */
export function readCursor(text: string): CursorKey | undefined {
  const key = parseJson(Buffer.from(text, 'base64url').toString('utf8'));
  if (typeof key !== 'object' || key === null || Array.isArray(key)) return undefined;
  const parts = Object.values(key);
  const whole = parts.length > 0 && parts.every((part) => typeof part === 'string' || Number.isFinite(part));
  return whole ? (key as CursorKey) : undefined;
}
