import { randomBytes, randomInt } from 'node:crypto';

/** Time and chance, handed to every use case so that the same input has the same outcome. */
export interface Moment {
  /** Milliseconds since the epoch, now. */
  readonly nowMs: number;
  /** `bytes` random bytes as base64url (32 = 256 bits, the default). */
  token(bytes?: number): string;
  /** A number in [0, 1). */
  chance(): number;
  /** Resolves after `ms`; only for waits of at most a second. */
  sleep(ms: number): Promise<void>;
}

/** The real clock and the system's random source. */
export const realMoment: Moment = {
  get nowMs() {
    return Date.now();
  },
  token: (bytes = 32) => randomBytes(bytes).toString('base64url'),
  chance: () => randomInt(2 ** 47) / 2 ** 47,
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
};

/** Returns the time as ISO 8601 UTC, as every answer of the hub gives it. */
export function iso(ms: number): string {
  return new Date(ms).toISOString();
}

/** Returns whole seconds since the epoch, as DynamoDB's TTL wants them. */
export function ttlSeconds(ms: number): number {
  return Math.ceil(ms / 1000);
}

/** Returns what the promise comes to, if it does within `limitMs`; throws otherwise, whatever it may come to later. */
export async function within<T>(promise: Promise<T>, limitMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing within ${limitMs} ms`)), limitMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
