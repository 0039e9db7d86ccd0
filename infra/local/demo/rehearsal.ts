import type { ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { sendJson } from './server.ts';

/** What an API answers. */
export interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Nothing was changed, though the method would have it so. */
  readonly idle?: boolean;
}

/** What goes wrong next, `times` times, on paths that begin with `path`. Without a status it is only slow. */
export interface Fault {
  readonly status?: number;
  readonly delayMs?: number;
  readonly retryAfterS?: number;
  /** What was asked for is done, and the answer is lost on its way. */
  readonly lost?: boolean;
  readonly path?: string;
  readonly times?: number;
}

/** One request, as it arrived; never its token. */
export interface Arrived {
  readonly at: string;
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly idempotencyKey?: string;
  readonly account?: string;
  readonly status: number;
  /** Something was changed: not a read, nor a repetition under a known key. */
  readonly effect: boolean;
}

/** Returns an error answer in the demo provider's shape. */
export function refusal(status: number, code: string, message: string, headers: Answer['headers'] = {}): Answer {
  return { status, body: { error: { code, message } }, headers };
}

/** Returns the part of an API that is for those who rehearse: `POST /_faults`, `POST /_heal` (none is left), `GET /_log`,
 *  `POST /_reset` (both are empty). `refuse` says an error in the API's own shape. */
export function openRehearsal(refuse: (status: number, message: string) => Answer) {
  let faults: (Fault & { left: number })[] = [];
  let log: Arrived[] = [];

  return {
    control(path: string, body: string): Answer {
      if (path === '/_log') return { status: 200, body: log };
      if (path === '/_faults') {
        const fault: Fault = JSON.parse(body);
        faults.push({ ...fault, left: fault.times ?? 1 });
      }
      if (path === '/_heal' || path === '/_reset') faults = [];
      if (path === '/_reset') log = [];
      return { status: 204 };
    },

    /** Answers a request as the API does, or as a fault has it, and returns the status; the log tells of it. */
    async play(
      response: ServerResponse,
      asked: Omit<Arrived, 'at' | 'status' | 'effect'>,
      answer: () => Answer,
      headers: Answer['headers'] = {},
    ): Promise<number> {
      const fault = faults.find(({ left, path = '/' }) => left > 0 && asked.path.startsWith(path));
      if (fault) fault.left -= 1;
      if (fault?.delayMs) await wait(fault.delayMs);
      const given = fault?.status ? failure(fault.status, fault) : answer();
      const { status } = given;
      const effect = asked.method !== 'GET' && status < 300 && !given.idle;
      log.push({ at: new Date().toISOString(), ...asked, status, effect });
      if (fault?.lost) response.destroy();
      else sendJson(response, status, given.body, { ...headers, ...given.headers });
      return status;
    },
  };

  function failure(status: number, { retryAfterS }: Fault): Answer {
    const { body, headers } = refuse(status, `This ${status} was asked for`);
    return {
      ...{ status, body },
      headers: {
        ...headers,
        ...(retryAfterS !== undefined && { 'retry-after': String(retryAfterS) }),
        ...(status === 429 && { 'x-ratelimit-remaining': '0' }),
      },
    };
  }
}
