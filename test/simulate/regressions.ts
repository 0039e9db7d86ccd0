import { readFileSync, writeFileSync } from 'node:fs';

const file = new URL('regressions.json', import.meta.url);
type Kept = Record<'refresh' | 'webhooks' | 'syncs', readonly number[]>;

const read = (): Kept => JSON.parse(readFileSync(file, 'utf8'));

/** Returns the seeds that once failed. */
export function regressionsOf(what: keyof Kept): readonly number[] {
  return read()[what];
}

/** Keeps seeds that failed, at most 200 of each kind. */
export function keepRegressions(what: keyof Kept, failed: readonly number[]): void {
  const kept = read();
  const all = [...new Set([...kept[what], ...failed])].slice(0, 200);
  writeFileSync(file, `${JSON.stringify({ ...kept, [what]: all }, null, 2)}\n`);
}
