import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Contact } from './contacts.ts';

// The provider's GraphQL subscription of contacts, over WebSocket (RFC 6455) by graphql-transport-ws: as much of both as one
// small server needs. Messages are short, and come in one frame each.

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const [TEXT, CLOSE, PING, PONG] = [1, 8, 9, 10];

export type ContactFeed = ReturnType<typeof openFeed>;

/** Returns who is told of an account's contacts as they change. */
export function openFeed() {
  const listeners = new Map<Duplex, { readonly account: string; readonly id: string }>();

  function frame(kind: number, payload: Buffer): Buffer {
    const long = payload.length > 125;
    const head = Buffer.from(
      long ? [0x80 | kind, 126, payload.length >> 8, payload.length & 0xff] : [0x80 | kind, payload.length],
    );
    return Buffer.concat([head, payload]);
  }
  const say = (socket: Duplex, message: object) => socket.write(frame(TEXT, Buffer.from(JSON.stringify(message))));
  function close(socket: Duplex, code: number): void {
    socket.end(frame(CLOSE, Buffer.from([code >> 8, code & 0xff])));
  }

  function take(socket: Duplex, account: string | undefined, text: string): void {
    const { type, id, payload } = JSON.parse(text);
    if (type === 'connection_init') {
      if (account === undefined) close(socket, 4401);
      else {
        say(socket, { type: 'connection_ack' });
        say(socket, { type: 'ping' });
      }
    } else if (type === 'subscribe') {
      if (!/\bsubscription\b.*\bcontactChanged\b/s.test(String(payload?.query))) {
        say(socket, { id, type: 'error', payload: [{ message: 'There is contactChanged, and nothing else' }] });
      } else if (account !== undefined) listeners.set(socket, { account, id });
    } else if (type === 'complete') listeners.delete(socket);
  }

  return {
    /** How many listen. */
    get listeners() {
      return listeners.size;
    },

    /** Tells all that listen to the account. */
    tell(account: string, contact: Contact): void {
      for (const [socket, listener] of listeners) {
        const { id } = listener;
        if (listener.account === account)
          say(socket, { id, type: 'next', payload: { data: { contactChanged: contact } } });
      }
    },

    /** The connections are cut, without a word; or ended in one of these ways. */
    control(body: string): void {
      const { end } = JSON.parse(body) as { end: 'lost' | 'complete' | 'ping' };
      for (const [socket, { id }] of listeners) {
        if (end === 'complete') say(socket, { id, type: 'complete' });
        else if (end === 'ping') socket.write(frame(PING, Buffer.from('there?')));
        else socket.destroy();
        if (end !== 'ping') listeners.delete(socket);
      }
    },

    /** Answers a request to upgrade, of whoever it is; nobody is told so within the protocol. */
    upgrade(request: IncomingMessage, socket: Duplex, account: string | undefined): void {
      const accept = createHash('sha1').update(`${request.headers['sec-websocket-key']}${GUID}`).digest('base64');
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-accept: ${accept}\r\nsec-websocket-protocol: graphql-transport-ws\r\n\r\n`,
      );
      let rest = Buffer.alloc(0);
      socket.on('error', () => {});
      socket.on('close', () => listeners.delete(socket));
      socket.on('data', (chunk: Buffer) => {
        rest = Buffer.concat([rest, chunk]);
        while (rest.length >= 6) {
          const short = (rest[1] ?? 0) & 0x7f;
          const at = short === 126 ? 4 : 2;
          const length = at === 2 ? short : rest.readUInt16BE(2);
          if (rest.length < at + 4 + length) return;
          const mask = rest.subarray(at, at + 4);
          const payload = rest.subarray(at + 4, at + 4 + length).map((byte, index) => byte ^ (mask[index % 4] ?? 0));
          const kind = (rest[0] ?? 0) & 0x0f;
          rest = rest.subarray(at + 4 + length);
          if (kind === TEXT) take(socket, account, Buffer.from(payload).toString());
          if (kind === PING) socket.write(frame(PONG, Buffer.from(payload)));
          if (kind === CLOSE) close(socket, 1000);
        }
      });
    },
  };
}
