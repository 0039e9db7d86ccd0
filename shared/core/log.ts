import { AsyncLocalStorage } from 'node:async_hooks';
import { iso, realMoment } from './clock.ts';
import { readLogPlace } from './env.ts';

/** What may stand in a log line: an allow-list of fields, never an object that happens to be at hand (E-40). */
export interface LogFields {
  readonly requestId?: string;
  /** The function's own, where it works on what an earlier request asked for. */
  readonly invocation?: string;
  readonly feature?: string;
  readonly tenant?: string;
  readonly provider?: string;
  readonly connection?: string;
  readonly call?: string;
  readonly event?: string;
  readonly sync?: string;
  readonly subscription?: string;
  readonly session?: string;
  readonly key?: string;
  readonly endpoint?: string;
  readonly replay?: string;
  readonly action?: string;
  readonly actor?: string;
  readonly route?: string;
  readonly status?: number | string;
  /** An action of a provider, or a path there without ids. */
  readonly operation?: string;
  readonly method?: string;
  /** The provider's own number of a request. */
  readonly providerRequest?: string;
  readonly outcome?: string;
  readonly code?: string;
  readonly cause?: string;
  readonly attempt?: number;
  readonly count?: number;
  readonly ms?: number;
  readonly bytes?: number;
}

const allowed = [
  'requestId', 'invocation', 'feature', 'tenant', 'provider', 'connection', 'call', 'event', 'sync', 'subscription', 'session', 'key',
  'endpoint', 'replay', 'action', 'actor', 'route', 'operation', 'method', 'status', 'outcome', 'code', 'cause', 'attempt',
  'count', 'ms', 'bytes', 'providerRequest',
] as const satisfies readonly (keyof LogFields)[]; // biome-ignore format: one list, read at once

const { service, level } = readLogPlace();
const levels = ['DEBUG', 'INFO', 'WARN', 'ERROR', 'SILENT'];
const under = new AsyncLocalStorage<Pick<LogFields, 'requestId' | 'invocation'>>();

/** Does the work; whatever is logged meanwhile bears the id of the request that asked for it, from whichever depth. */
export function underRequest<T>(ids: Pick<LogFields, 'requestId' | 'invocation'>, work: () => T): T {
  return under.run(ids, work);
}

/** Returns the id that is logged at present: messages and events take it along, to be worked on under it. */
export function currentRequest(): string | undefined {
  return under.getStore()?.requestId;
}

/** One JSON line each. `bug` is for what threw: it keeps the error's name and where it came from, not its text's tail. */
export const log = {
  info: (message: string, fields: LogFields = {}) => write('INFO', message, only(fields)),
  warn: (message: string, fields: LogFields = {}) => write('WARN', message, only(fields)),
  bug: (message: string, error: unknown, fields: LogFields = {}) =>
    write('ERROR', message, { ...only(fields), ...describe(error) }),
};

/** Not by `console`: Lambda puts words of its own around its lines. */
function write(
  at: 'INFO' | 'WARN' | 'ERROR',
  message: string,
  fields: Readonly<Record<string, string | number>>,
): void {
  if (levels.indexOf(at) < levels.indexOf(level)) return;
  const line = { level: at, message, timestamp: iso(realMoment.nowMs), service, ...fields };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

function only(fields: LogFields): Record<string, string | number> {
  const line: Record<string, string | number> = {};
  const said = { ...under.getStore(), ...fields };
  for (const field of allowed) {
    const value = said[field];
    if (value === undefined) continue;
    line[field] = typeof value !== 'string' ? value : (field === 'cause' ? inWords(value) : value).slice(0, 200);
  }
  return line;
}

/** A line of a stack: what was called, and where it stands. A message may have lines that only look alike. */
const PLACE = /^ {4}at (async )?([\w$.<>[\] ]{1,80} )?\(?((file:\/\/)?\/[\w./@+-]{1,200}|node:[\w/]{1,80}):\d+:\d+\)?$/;

/** A library's error may quote a URL or a body (URL, JSON, zod): their texts are left out. The hub's own errors and
 *  those of AWS speak of names and numbers alone; should one not, its words stay and what could be a secret goes. */
function describe(error: unknown): Record<string, string> {
  if (!(error instanceof Error)) return { errorName: typeof error };
  const places = (error.stack ?? '').split('\n').filter((line) => PLACE.test(line));
  const plain = error.constructor === Error || '$fault' in error;
  return {
    errorName: /^\w{1,60}$/.test(error.name) ? error.name : 'Error',
    ...(plain && { errorMessage: inWords(error.message).slice(0, 300) }),
    errorAt: places.slice(0, 6).join('\n'),
  };
}

/** Returns the text with its words alone: what is as long as a secret and no name made of words goes, but for the names of
 *  AWS's resources. */
function inWords(text: string): string {
  return text.replaceAll(/(?<![^\s,;'"()])(?!arn:aws)[^\s,;'"()]{16,}/g, (run) => (NAME.test(run) ? run : '[…]'));
}

const NAME = /^[A-Za-z]{1,20}([._:/-][A-Za-z]{1,20}){0,5}[.:]?$/;
