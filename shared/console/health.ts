import { within } from '../core/clock.ts';
import { log } from '../core/log.ts';

export interface Health {
  readonly status: 'ok' | 'degraded';
  readonly stage: string;
  readonly version: string;
  readonly checks: { readonly database: 'ok' | 'unreachable' };
}

/** Well within the function's time, so that a caller gets an answer and no timeout. */
const PATIENCE_MS = 4_000;

/** Returns whether the hub can work; why it cannot is for the log alone. */
export async function health(
  about: { readonly stage: string; readonly version: string },
  ping: () => Promise<void>,
): Promise<Health> {
  try {
    await within(ping(), PATIENCE_MS);
    return { status: 'ok', ...about, checks: { database: 'ok' } };
  } catch (error) {
    log.bug('the database cannot be reached', error, { feature: 'console' });
    return { status: 'degraded', ...about, checks: { database: 'unreachable' } };
  }
}
