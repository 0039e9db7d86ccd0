import type { OAuthServer } from './oauth-server.ts';

/** What an API answers. */
export interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What goes wrong next, `times` times, on paths that begin with `path`. Without a status it is only slow. */
interface Fault {
  readonly status?: number;
  readonly delayMs?: number;
  readonly retryAfterS?: number;
  readonly path?: string;
  times: number;
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
}

/** Returns an error answer in the demo provider's shape. */
export function refusal(status: number, code: string, message: string, headers: Answer['headers'] = {}): Answer {
  return { status, body: { error: { code, message } }, headers };
}

/** Returns the part of the API that is for those who rehearse: `POST /_faults`, `POST /_expire`, `GET /_log`,
 *  `POST /_reset`, and `GET /_last-token`: whether the token of the last good request is still good. */
export function openRehearsal(oauth: OAuthServer) {
  let faults: Fault[] = [];
  let log: Arrived[] = [];
  let lastToken = '';

  return {
    record(arrived: Arrived, token: string) {
      log.push(arrived);
      if (arrived.status < 400) lastToken = token;
    },

    async control(path: string, body: string): Promise<Answer> {
      if (path === '/_last-token')
        return { status: 200, body: { live: (await oauth.inspect(lastToken)) !== undefined } };
      if (path === '/_log') return { status: 200, body: log };
      if (path === '/_expire') oauth.expireAccessTokens();
      if (path === '/_faults') faults.push({ times: 1, ...JSON.parse(body) });
      if (path === '/_reset') {
        faults = [];
        log = [];
      }
      return { status: 204 };
    },

    /** Returns the answer that a fault gives instead of the API's, once its delay is over. */
    async misbehave(path: string): Promise<Answer | undefined> {
      const fault = faults.find((each) => each.times > 0 && path.startsWith(each.path ?? '/'));
      if (!fault) return undefined;
      fault.times -= 1;
      if (fault.delayMs) await new Promise((resolve) => setTimeout(resolve, fault.delayMs));
      if (!fault.status) return undefined;
      return refusal(fault.status, 'rehearsed', `This ${fault.status} was asked for`, {
        ...(fault.retryAfterS !== undefined && { 'retry-after': String(fault.retryAfterS) }),
        ...(fault.status === 429 && { 'x-ratelimit-remaining': '0' }),
      });
    },
  };
}
