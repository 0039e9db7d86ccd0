import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Say } from './service.ts';

/** One line a function wrote. `entry` is the line parsed, where it is a JSON object. */
export interface LogLine {
  readonly function: string;
  readonly requestId: string;
  readonly text: string;
  readonly entry?: Readonly<Record<string, unknown>>;
}

const MOST_LINES = 20_000;

/** Returns the keeper of what functions write: in memory for tests, one file a function in `folder`, and
 *  on `say` as well where that is given. */
export function openJournal(folder: string, say?: Say) {
  mkdirSync(folder, { recursive: true });
  const lines: LogLine[] = [];
  return {
    lines: (): readonly LogLine[] => [...lines],
    write(name: string, requestId: string, output: string): void {
      appendFileSync(join(folder, `${name.replace('/', '-')}.log`), output.endsWith('\n') ? output : `${output}\n`);
      for (const text of output.split('\n').filter(Boolean)) {
        lines.push({ function: name, requestId, text, entry: parse(text) });
        say?.(`${name} ${text}`);
      }
      if (lines.length > MOST_LINES) lines.splice(0, lines.length - MOST_LINES);
    },
  };
}

function parse(text: string): Readonly<Record<string, unknown>> | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
