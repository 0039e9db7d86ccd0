import { lookup } from 'node:dns';
import type { Agent, IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { LookupFunction } from 'node:net';
import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';
import { mayConnect, mayReach } from './address.ts';
import { type Moment, realMoment } from './clock.ts';
import { parseJson } from './json.ts';
import { type Heard, hear, isUpgraded, type Listening, statusOf, upgradeHeaders } from './listen.ts';
import { err, ok, type Result } from './result.ts';

// `import` from node:http would load its lazy parts too (WebSocket, a whole HTTP client): 15 ms of every cold start.
const { Agent: HttpAgent, request: httpRequest } = process.getBuiltinModule('node:http');

export interface OutboundRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** For the whole exchange, body included. */
  readonly timeoutMs: number;
  /** Of the answer's body, after decompression. Default 6 MB. */
  readonly maxBytes?: number;
  /** The answer's body is what comes on a GraphQL subscription, as JSON (`Heard`); the request's, where it has one, is what
   *  the connection begins with. */
  readonly listen?: Listening;
}

export interface InboundResponse {
  readonly status: number;
  /** Lower-case names; repeated headers joined by comma. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Why there is no answer, or none that can be read. `sent` tells whether the other side may have seen the request. */
export interface SendFailure {
  readonly reason: 'blocked' | 'timeout' | 'network' | 'too_large';
  readonly sent: boolean;
  /** Of an answer whose body did not come whole, or cannot be read. */
  readonly status?: number;
  readonly cause: string;
}

/** One guarded attempt: no redirect followed, no retry, no private address, bounded in time and size. */
export type Send = (request: OutboundRequest) => Promise<Result<InboundResponse, SendFailure>>;

/** Returns the network. `loopback` lets requests reach this computer, in plain http: the local stage alone. */
export function openNetwork({
  loopback,
  moment = realMoment,
}: {
  readonly loopback: boolean;
  readonly moment?: Moment;
}): Send {
  const guard: LookupFunction = (host, options, callback) =>
    lookup(host, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, '', 0);
      const forbidden = addresses.length === 0 || addresses.some(({ address }) => !mayConnect(address, loopback));
      if (forbidden)
        return callback(Object.assign(new Error('the name leads to a private address'), { code: 'EBLOCKED' }), '', 0);
      const [first] = addresses;
      return options.all ? callback(null, addresses) : callback(null, first?.address ?? '', first?.family);
    });
  // Agents of our own ask no variable for a proxy; nor does NODE_TLS_REJECT_UNAUTHORIZED count where it is said (E-09).
  const [plain, secure] = [{ lookup: guard }, { lookup: guard, rejectUnauthorized: true }];
  const agents: Agents = {
    kept: {
      'https:': new HttpsAgent({ ...secure, keepAlive: true }),
      'http:': new HttpAgent({ ...plain, keepAlive: true }),
    },
    fresh: { 'https:': new HttpsAgent(secure), 'http:': new HttpAgent(plain) },
  };

  return (request) => {
    const url = URL.parse(request.url);
    if (!mayReach(url, loopback))
      return Promise.resolve(err({ reason: 'blocked', sent: false, cause: 'destination not allowed' }));
    return exchange(request, url, agents, moment);
  };
}

/** A kept connection may have been closed by the other side meanwhile, most of all across a Lambda freeze. A request
 *  that must not be sent twice would then end as "may have arrived", so it gets a connection of its own. */
type Agents = Record<'kept' | 'fresh', { 'https:': HttpsAgent; 'http:': Agent }>;

function exchange(
  { method, headers, body, timeoutMs, maxBytes = 6 * 1024 * 1024, listen }: OutboundRequest,
  url: URL,
  agents: Agents,
  moment: Moment,
): Promise<Result<InboundResponse, SendFailure>> {
  return new Promise((resolve) => {
    let sent = false;
    let status: number | undefined;
    const secure = url.protocol === 'https:';
    const bytes = body === undefined || listen ? undefined : Buffer.from(body as Uint8Array);
    const nonce = Buffer.from(moment.token(16), 'base64url').toString('base64');
    const beganMs = moment.nowMs;
    const outgoing = (secure ? httpsRequest : httpRequest)(url, {
      method,
      headers: {
        'accept-encoding': 'gzip, deflate, br',
        'user-agent': 'patchbay', // GitHub, Discord and Resend turn away who does not say
        ...headers,
        ...(bytes && { 'content-length': String(bytes.length) }),
        ...(listen && upgradeHeaders(nonce)),
      },
      agent: agents[/^(GET|HEAD|PUT|DELETE)$/.test(method) && !listen ? 'kept' : 'fresh'][secure ? 'https:' : 'http:'],
    });
    const fail = (reason: SendFailure['reason'], cause: string) => {
      clearTimeout(deadline);
      outgoing.destroy();
      resolve(err({ reason, sent, status, cause }));
    };
    const deadline = setTimeout(() => fail('timeout', `no answer within ${timeoutMs} ms`), timeoutMs);

    outgoing.on('socket', (socket) => {
      const connected = () => {
        sent = true;
      };
      if (socket.connecting) socket.once(secure ? 'secureConnect' : 'connect', connected);
      else connected();
    });
    outgoing.on('error', (error: NodeJS.ErrnoException) =>
      fail(error.code === 'EBLOCKED' ? 'blocked' : 'network', error.code ?? error.name),
    );
    outgoing.on('upgrade', (response, socket, head) => {
      clearTimeout(deadline);
      if (!listen || !isUpgraded(response.headers, nonce)) {
        socket.destroy();
        return fail('network', 'the connection became something else');
      }
      const leftMs = timeoutMs - (moment.nowMs - beganMs);
      const bounds = { timeoutMs: leftMs, maxBytes, init: parseJson(String(body ?? '')), token: moment.token };
      void hear(socket, head, listen, bounds).then((heard) => resolve(answerOf(heard)));
    });
    outgoing.on('response', (response) => {
      status = response.statusCode;
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > maxBytes) fail('too_large', `the answer is over ${maxBytes} bytes`);
        else chunks.push(chunk);
      });
      response.on('error', (error) => fail('network', error.name));
      response.on('end', () => {
        clearTimeout(deadline);
        const inflated = decompress(Buffer.concat(chunks), response.headers['content-encoding'], maxBytes);
        if (!inflated) return fail('too_large', 'the answer cannot be decompressed within bounds');
        resolve(ok({ status: response.statusCode ?? 0, headers: flatten(response), body: inflated }));
      });
    });
    outgoing.end(bytes);
  });
}

/** What was heard as an answer over HTTP: the provider's codes are those of HTTP, 4,000 above. */
function answerOf(heard: Heard): Result<InboundResponse, SendFailure> {
  const status = statusOf(heard);
  if (status === undefined) return err({ reason: 'network', sent: true, cause: 'the subscription did not begin' });
  const headers = { 'content-type': 'application/json' };
  return ok({ status, headers, body: Buffer.from(JSON.stringify(heard)) });
}

function decompress(body: Buffer, encoding: string | undefined, maxOutputLength: number): Buffer | undefined {
  if (body.length === 0) return body; // 204 and 304 name the encoding of what they do not bring
  try {
    if (encoding === 'gzip') return gunzipSync(body, { maxOutputLength });
    if (encoding === 'deflate') return inflateSync(body, { maxOutputLength });
    if (encoding === 'br') return brotliDecompressSync(body, { maxOutputLength });
    return body;
  } catch {
    return undefined; // not what it says, or a bomb: the caller gets one typed failure for both
  }
}

function flatten(response: IncomingMessage): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(response.headers)) {
    if (value !== undefined) flat[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return flat;
}
