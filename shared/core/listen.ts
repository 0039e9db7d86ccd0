import { createHash } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { type Frame, opcode, openFrames, toFrame } from './frames.ts';
import { parseJson } from './json.ts';

// A GraphQL subscription over WebSocket, heard for a while: graphql-transport-ws, as
// https://github.com/graphql/graphql-over-http/blob/main/rfcs/GraphQLOverWebSocket.md has it.

export interface Listening {
  readonly document: string;
  readonly variables?: Readonly<Record<string, unknown>>;
  /** From the provider's acknowledgement on. */
  readonly windowMs: number;
}

/** What came within the window. `errors`: the subscription was refused, or broke. */
export interface Heard {
  /** The results, in their order. */
  readonly results: readonly unknown[];
  readonly errors?: unknown;
  /** `full`: more has come than may be held. */
  readonly ended: 'window' | 'complete' | 'error' | 'lost' | 'full';
  /** The code that the provider closed with. */
  readonly code?: number;
  /** Whether it has taken the subscription. */
  readonly acknowledged: boolean;
}

type End = Pick<Heard, 'ended' | 'errors' | 'code'>;

const PROTOCOL = 'graphql-transport-ws';
/** Of RFC 6455 §1.3. */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const ID = '1';

/** Returns the headers that ask for the protocol, with a nonce of 16 bytes. */
export function upgradeHeaders(nonce: string): Readonly<Record<string, string>> {
  return {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': nonce,
    'sec-websocket-protocol': PROTOCOL,
  };
}

/** Returns whether an answer has accepted exactly that. */
export function isUpgraded(headers: Readonly<Record<string, string | readonly string[] | undefined>>, nonce: string) {
  const accept = createHash('sha1')
    .update(nonce + GUID)
    .digest('base64');
  return headers['sec-websocket-accept'] === accept && headers['sec-websocket-protocol'] === PROTOCOL;
}

interface Bounds {
  /** Until the socket is given up, whatever happens. */
  readonly timeoutMs: number;
  readonly maxBytes: number;
  /** The payload of `connection_init`. */
  readonly init?: unknown;
  /** Random bytes, as base64url. */
  readonly token: (bytes: number) => string;
}

/** Returns the status that an answer over HTTP would have had, nothing where the connection just ended: the codes that the
 *  protocol closes with are those of HTTP, 4,000 above. What came before a later end is good. */
export function statusOf({ acknowledged, ended, code = 0 }: Heard): number | undefined {
  if (ended === 'error') return 400;
  if (acknowledged) return 200;
  return code >= 4_400 && code < 4_600 ? code - 4_000 : undefined;
}

/** Kept back of the time for saying goodbye. */
const CLOSING_MS = 500;

/** Subscribes on an upgraded socket and returns what came until the window was over, or until it ended before. */
export function hear(
  socket: Duplex,
  head: Buffer,
  { document, variables, windowMs }: Listening,
  { timeoutMs, maxBytes, init, token }: Bounds,
): Promise<Heard> {
  return new Promise((resolve) => {
    const results: unknown[] = [];
    const framesIn = openFrames(maxBytes);
    let parts: Buffer[] = [];
    let size = 0;
    let acknowledged = false;
    let over = false;
    let window: NodeJS.Timeout | undefined;
    const deadline = setTimeout(
      () => end({ ended: acknowledged ? 'window' : 'lost' }),
      Math.max(0, timeoutMs - CLOSING_MS),
    );

    const write = (kind: number, payload: Buffer) =>
      socket.write(toFrame(kind, payload, Buffer.from(token(4), 'base64url')));
    const say = (message: object) => write(opcode.text, Buffer.from(JSON.stringify(message)));

    function end({ ended, ...more }: End): void {
      if (over) return;
      over = true;
      clearTimeout(deadline);
      clearTimeout(window);
      if (ended === 'window' || ended === 'full') say({ id: ID, type: 'complete' });
      write(opcode.close, Buffer.from([0x03, 0xe8])); // 1000
      socket.pause(); // whatever still comes is not taken in
      socket.end();
      setTimeout(() => socket.destroy(), CLOSING_MS).unref();
      resolve({ results, ended, acknowledged, ...more });
    }

    function take(message: { type?: unknown; id?: unknown; payload?: unknown } | null | undefined): End | undefined {
      switch (message?.type) {
        case 'connection_ack':
          acknowledged = true;
          say({ id: ID, type: 'subscribe', payload: { query: document, ...(variables && { variables }) } });
          window = setTimeout(() => end({ ended: 'window' }), windowMs);
          return undefined;
        case 'ping':
          say({ type: 'pong' });
          return undefined;
        case 'pong':
          return undefined;
        case 'next':
          if (message.id === ID) results.push(message.payload);
          return undefined;
        case 'error':
          return message.id === ID ? { ended: 'error', errors: message.payload } : undefined;
        case 'complete':
          return message.id === ID ? { ended: 'complete' } : undefined;
        default:
          return { ended: 'lost' }; // what is no message of the protocol ends it
      }
    }

    function read({ opcode: kind, last, payload }: Frame): End | undefined {
      if (kind === opcode.ping) write(opcode.pong, payload);
      if (kind === opcode.ping || kind === opcode.pong) return undefined;
      if (kind === opcode.close)
        return { ended: 'lost', ...(payload.length >= 2 && { code: payload.readUInt16BE(0) }) };
      const fits = kind === opcode.text ? parts.length === 0 : kind === opcode.more && parts.length > 0;
      if (!fits) return { ended: 'lost' };
      size += payload.length;
      if (size > maxBytes) return { ended: 'full' };
      parts.push(payload);
      if (!last) return undefined;
      const text = Buffer.concat(parts).toString();
      parts = [];
      return take(parseJson(text) as Parameters<typeof take>[0]);
    }

    function receive(chunk: Buffer): void {
      const { frames, bad } = framesIn(chunk);
      for (const frame of frames) {
        const ending = over ? undefined : read(frame);
        if (ending) end(ending);
      }
      if (bad) end({ ended: 'lost' });
    }

    socket.on('data', receive);
    socket.on('error', () => end({ ended: 'lost' }));
    socket.on('close', () => end({ ended: 'lost' }));
    say({ type: 'connection_init', ...(init !== undefined && { payload: init }) });
    if (head.length > 0) receive(head);
  });
}
