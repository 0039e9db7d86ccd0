import { type Moment, within } from '../core/clock.ts';
import { log } from '../core/log.ts';

export interface Health {
  readonly status: 'ok' | 'degraded';
  readonly stage: string;
  readonly version: string;
  readonly checks: {
    readonly database: 'ok' | 'unreachable';
    /** `some`: messages were given up, and an alarm rings; the hub goes on with all others. */
    readonly deadLetters: DeadLetters;
  };
}

type DeadLetters = 'none' | 'some' | 'unknown';

/** Well within the function's time, so that a caller gets an answer and no timeout. */
const PATIENCE_MS = 4_000;
/** What strangers may ask as often as they like is not asked of every queue each time. */
const BELIEVED_MS = 30_000;

/** Returns whether the hub can work; why it cannot is for the log alone. */
export async function health(
  about: { readonly stage: string; readonly version: string },
  ping: () => Promise<void>,
  deadLetters: () => Promise<DeadLetters>,
): Promise<Health> {
  const [database, given] = await Promise.all([
    answered(ping(), 'the database cannot be reached'),
    answered(deadLetters(), 'the dead-letter queues cannot be counted'),
  ]);
  const checks = {
    database: database ? 'ok' : 'unreachable',
    deadLetters: given ? given.value : 'unknown',
  } as const;
  return { status: database ? 'ok' : 'degraded', ...about, checks };
}

/** Returns a function that tells whether any of these queues holds a message, as of half a minute ago at most. */
export function deadLettersIn(
  queueUrls: readonly string[],
  count: (queueUrl: string) => Promise<number>,
  moment: Pick<Moment, 'nowMs'>,
): () => Promise<DeadLetters> {
  let known: { readonly atMs: number; readonly found: DeadLetters } | undefined;
  return async () => {
    if (!known || moment.nowMs - known.atMs > BELIEVED_MS) {
      const depths = await Promise.all(queueUrls.map(count));
      known = { atMs: moment.nowMs, found: depths.some((depth) => depth > 0) ? 'some' : 'none' };
    }
    return known.found;
  };
}

async function answered<T>(asked: Promise<T>, failing: string): Promise<{ readonly value: T } | undefined> {
  try {
    return { value: await within(asked, PATIENCE_MS) };
  } catch (error) {
    log.bug(failing, error, { feature: 'console' });
    return undefined;
  }
}
