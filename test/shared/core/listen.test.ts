import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { afterEach, describe, expect, test } from 'vitest';
import { type OutboundRequest, openNetwork } from '../../../shared/core/fetch.ts';
import { opcode, openFrames, toFrame } from '../../../shared/core/frames.ts';

const servers: Server[] = [];
const sockets: Duplex[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const server of servers.splice(0)) server.close();
});

type Message = { type: string; id?: string; payload?: unknown };

interface Peer {
  /** What the client said, and what its control frames were. */
  readonly said: Message[];
  readonly controls: { readonly kind: number; readonly text: string }[];
  readonly headers: IncomingMessage['headers'];
  send(...messages: readonly object[]): void;
  raw(...bytes: readonly (Buffer | readonly number[])[]): void;
  close(code: number): void;
  cut(): void;
}

/** A provider that upgrades every request; `on` plays it, message by message. */
async function provider(on: (message: Message, peer: Peer) => void, accept?: string) {
  const peers: Peer[] = [];
  const server = createServer((_, response) => response.writeHead(418).end());
  server.on('upgrade', (request, socket) => {
    sockets.push(socket);
    const key = `${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
    socket.write(
      [
        ...['HTTP/1.1 101 Switching Protocols', 'connection: Upgrade', 'upgrade: websocket'],
        `sec-websocket-accept: ${accept ?? createHash('sha1').update(key).digest('base64')}`,
        ...['sec-websocket-protocol: graphql-transport-ws', '', ''],
      ].join('\r\n'),
    );
    const peer: Peer = {
      said: [],
      controls: [],
      headers: request.headers,
      send: (...messages) => peer.raw(...messages.map((one) => frame(opcode.text, JSON.stringify(one)))),
      raw: (...bytes) => void socket.write(Buffer.concat(bytes.map((one) => Buffer.from(one)))),
      close: (code) => void socket.end(frame(opcode.close, Buffer.from([code >> 8, code & 0xff]))),
      cut: () => void socket.destroy(),
    };
    peers.push(peer);
    socket.on('error', () => {});
    socket.on('data', (bytes: Buffer) => {
      for (const { kind, text } of clientFrames(bytes)) {
        if (kind === opcode.text) {
          const message = JSON.parse(text) as Message;
          peer.said.push(message);
          on(message, peer);
        } else peer.controls.push({ kind, text });
      }
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/subscriptions`, peers };
}

function frame(kind: number, payload: string | Buffer, last = true): Buffer {
  const bytes = Buffer.from(payload as string);
  const length = bytes.length < 126 ? [bytes.length] : [126, bytes.length >> 8, bytes.length & 0xff];
  return Buffer.concat([Buffer.from([(last ? 0x80 : 0) | kind, ...length]), bytes]);
}

/** A client's are masked, and short ones come whole. */
function* clientFrames(bytes: Buffer) {
  for (let rest = bytes; rest.length > 0; ) {
    const short = (rest[1] ?? 0) & 0x7f;
    const at = short === 126 ? 4 : 2;
    const length = at === 4 ? rest.readUInt16BE(2) : short;
    expect((rest[1] ?? 0) & 0x80).toBe(0x80);
    const payload = rest.subarray(at + 4, at + 4 + length).map((byte, n) => byte ^ (rest[at + (n % 4)] ?? 0));
    yield { kind: (rest[0] ?? 0) & 0x0f, text: Buffer.from(payload).toString() };
    rest = rest.subarray(at + 4 + length);
  }
}

const document = 'subscription { changed { id } }';
const local = openNetwork({ loopback: true });
const listen = (url: string, more: Partial<OutboundRequest> = {}) =>
  local({
    ...{ method: 'GET', url, headers: { authorization: 'Bearer made-up' }, timeoutMs: 3_000 },
    listen: { document, variables: { n: 1 }, windowMs: 400 },
    ...more,
  });
const heard = async (url: string, more?: Partial<OutboundRequest>) => {
  const answer = await listen(url, more);
  if (!answer.ok) return answer.error;
  return { status: answer.value.status, ...JSON.parse(answer.value.body.toString() || '{}') };
};
const ack = { type: 'connection_ack' };
const next = (n: number) => ({ type: 'next', id: '1', payload: { data: { changed: { id: n } } } });
const results = (...ns: number[]) => ns.map((n) => next(n).payload);
/** Acknowledges, and then does this with the subscription. */
const subscribed = (act: (peer: Peer) => void) =>
  provider((message, peer) =>
    message.type === 'subscribe' ? act(peer) : message.type === 'connection_init' && peer.send(ack),
  );

describe('a subscription', () => {
  test('is heard for its window, and ended politely', async () => {
    const { url, peers } = await subscribed((peer) => peer.send(next(1), { ...next(9), id: '2' }, next(2)));
    expect(await heard(url)).toEqual({ status: 200, results: results(1, 2), ended: 'window', acknowledged: true });
    await expect.poll(() => peers[0]?.controls).toHaveLength(1);
    expect(peers[0]?.said).toEqual([
      { type: 'connection_init' },
      { type: 'subscribe', id: '1', payload: { query: document, variables: { n: 1 } } },
      { type: 'complete', id: '1' },
    ]);
    expect(peers[0]?.controls).toMatchObject([{ kind: opcode.close }]);
    expect(peers[0]?.headers).toMatchObject({ authorization: 'Bearer made-up', 'user-agent': 'patchbay' });
  });

  test('begins with the body that its credential was put into', async () => {
    const { url, peers } = await subscribed(() => {});
    await heard(url, { body: '{"token":"made-up"}' });
    expect(peers[0]?.said[0]).toEqual({ type: 'connection_init', payload: { token: 'made-up' } });
  });

  test('answers pings of both kinds', async () => {
    const { url, peers } = await subscribed((peer) => {
      peer.send({ type: 'ping' }, { type: 'pong' });
      peer.raw(frame(opcode.ping, 'there?'), frame(opcode.pong, ''));
      peer.send(next(1), { type: 'complete', id: '1' });
    });
    expect(await heard(url)).toMatchObject({ results: results(1), ended: 'complete' });
    await expect.poll(() => peers[0]?.said).toContainEqual({ type: 'pong' });
    await expect.poll(() => peers[0]?.controls).toContainEqual({ kind: opcode.pong, text: 'there?' });
  });

  test('reads messages in whatever pieces they come', async () => {
    const long = { type: 'next', id: '1', payload: { data: { changed: { id: 'x'.repeat(70_000) } } } };
    const text = Buffer.from(JSON.stringify(long));
    const size = Buffer.alloc(8);
    size.writeBigUInt64BE(BigInt(text.length));
    const { url } = await subscribed(async (peer) => {
      const one = JSON.stringify(next(1));
      peer.raw(frame(opcode.text, one.slice(0, 9), false), frame(opcode.ping, ''), frame(opcode.more, one.slice(9)));
      const whole = Buffer.concat([Buffer.from([0x81, 127]), size, text]);
      for (let at = 0; at < whole.length; at += 9_000) {
        peer.raw(whole.subarray(at, at + 9_000));
        await new Promise((resolve) => setImmediate(resolve));
      }
      peer.send({ type: 'complete', id: '1' });
    });
    const listening = { document, windowMs: 2_000 };
    expect(await heard(url, { listen: listening })).toMatchObject({ results: [...results(1), long.payload] });
  });

  test('keeps what came when it ends early: completed, lost, closed, broken, or too much', async () => {
    const endings: [string, (peer: Peer) => void][] = [
      ['complete', (peer) => peer.send({ type: 'complete', id: '1' })],
      ['lost', (peer) => setTimeout(() => peer.cut(), 10)],
      ['lost', (peer) => peer.close(1012)],
      ['lost', (peer) => peer.raw(frame(opcode.text, 'no message'))],
      ['lost', (peer) => peer.raw([0x81, 0x80, 0, 0, 0, 0])], // masked
      ['lost', (peer) => peer.raw(frame(opcode.binary, 'x'))],
      ['full', (peer) => peer.raw(frame(opcode.text, 'x'.repeat(1_300), false), frame(opcode.more, 'x'.repeat(1_300)))],
    ];
    for (const [ended, act] of endings) {
      const { url } = await subscribed((peer) => {
        peer.send(next(1));
        act(peer);
      });
      const window = { document, windowMs: 2_000 };
      expect(await heard(url, { listen: window, maxBytes: 2_500 }), ended).toMatchObject({
        ...{ status: 200, results: results(1), ended },
      });
    }
  });

  test('that is refused is an answer with the status that it would have had', async () => {
    const errors = [{ message: 'no such field' }];
    const refused = await subscribed((peer) => peer.send({ type: 'error', id: '1', payload: errors }));
    expect(await heard(refused.url)).toMatchObject({ status: 400, errors, ended: 'error' });
    for (const [code, status] of [
      [4401, 401],
      [4403, 403],
      [4429, 429],
      [4500, 500],
    ] as const) {
      const { url } = await provider((_, peer) => peer.close(code));
      expect(await heard(url)).toMatchObject({ status, code });
    }
  });

  test('that never begins is a failure of the network, within its time', async () => {
    const cut = await provider((_, peer) => peer.cut());
    expect(await heard(cut.url)).toMatchObject({ reason: 'network', sent: true });
    const silent = await provider(() => {});
    expect(await heard(silent.url, { timeoutMs: 600 })).toMatchObject({ reason: 'network' });
    const odd = await provider(() => {}, 'not what was asked');
    expect(await heard(odd.url)).toMatchObject({ reason: 'network' });
  });

  test('E-21: ends with the time that it is given, whatever its window', async () => {
    const { url } = await subscribed((peer) => peer.send(next(1)));
    const window = { document, windowMs: 60_000 };
    expect(await heard(url, { listen: window, timeoutMs: 700 })).toMatchObject({
      results: results(1),
      ended: 'window',
    });
  });

  test.each([
    ['its window is over', frame(opcode.text, JSON.stringify({ type: 'pong' }))],
    ['what comes is no frame', Buffer.from([0xff, 0xff])],
  ])('E-08: takes in nothing more once %s, and lets go of a provider that goes on', async (_when, bytes) => {
    const flood = Buffer.concat(Array(64 * 1024).fill(bytes));
    let sent = 0;
    let closed = false;
    const { url } = await subscribed((peer) => {
      const socket = sockets.at(-1);
      const push = () => {
        if (socket?.destroyed) return;
        sent += flood.length;
        if (socket?.write(flood)) setImmediate(push);
        else socket?.once('drain', push);
      };
      socket?.once('close', () => {
        closed = true;
      });
      peer.send(next(1));
      push();
    });
    expect(await heard(url, { maxBytes: 100_000_000, listen: { document, windowMs: 50 } })).toMatchObject({
      results: results(1),
    });
    const sentBy = sent;
    await expect.poll(() => closed, { timeout: 3_000 }).toBe(true);
    expect(sent - sentBy).toBeLessThan(20_000_000); // what the buffers of both ends hold
  });

  test('that is not upgraded is an answer like any other; E-04: a redirect is not followed', async () => {
    let reached = 0;
    const { url } = await provider(() => reached++);
    const server = createServer((_, response) => response.writeHead(302, { location: url }).end());
    server.on('upgrade', (_, socket) =>
      socket.end(`HTTP/1.1 302 Found\r\nlocation: ${url}\r\ncontent-length: 0\r\n\r\n`),
    );
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const answer = await listen(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    expect(answer).toMatchObject({ ok: true, value: { status: 302 } });
    expect(reached).toBe(0);
  });

  test('E-03: goes nowhere that a request may not go', async () => {
    const abroad = openNetwork({ loopback: false });
    const { url, peers } = await subscribed(() => {});
    for (const target of [url, url.replace('http:', 'https:'), 'https://localhost/', 'wss://example.com/']) {
      const request = { method: 'GET', url: target, headers: {}, timeoutMs: 500, listen: { document, windowMs: 10 } };
      expect(await abroad(request), target).toMatchObject({ ok: false, error: { reason: 'blocked', sent: false } });
    }
    expect(peers).toEqual([]);
  });
});

describe('a frame', () => {
  test.each([0, 125, 126, 65_535, 65_536])('of %i bytes says its length, masked', (length) => {
    const payload = Buffer.alloc(length, 7);
    const bytes = toFrame(opcode.text, payload, Buffer.from([1, 2, 3, 4]));
    const head = length < 126 ? 2 : length < 65_536 ? 4 : 10;
    expect(bytes).toHaveLength(head + 4 + length);
    expect(bytes[1]).toBe(0x80 | (length < 126 ? length : length < 65_536 ? 126 : 127));
    expect(bytes.subarray(head + 4).map((byte, at) => byte ^ ([1, 2, 3, 4][at % 4] ?? 0))).toEqual(payload);
  });

  test.each([
    ['with an extension', [0xc1, 0]],
    ['that is masked', [0x81, 0x80, 0, 0, 0, 0]],
    ['that is too long', [0x81, 101]],
  ])('%s is none of a server', (_what, bytes) => {
    const framesIn = openFrames(100);
    expect(framesIn(Buffer.from(bytes))).toEqual({ frames: [], bad: true });
    expect(framesIn(frame(opcode.text, 'what comes after it'))).toEqual({ frames: [], bad: true });
  });
});
