import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import { isPublicAddress } from '../../../shared/core/address.ts';
import { type OutboundRequest, openNetwork } from '../../../shared/core/fetch.ts';
import { privateHosts } from '../../support/private-hosts.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.closeAllConnections();
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const local = openNetwork({ loopback: true });
const get = (url: string, more: Partial<OutboundRequest> = {}): OutboundRequest => ({
  method: 'GET',
  url,
  headers: {},
  timeoutMs: 2_000,
  ...more,
});

describe('one guarded attempt', () => {
  test('gives status, lower-case headers and the exact bytes', async () => {
    const bytes = Buffer.from([0, 255, 10, 13]);
    const url = await serve((request, response) => {
      response.writeHead(201, { 'X-Seen': `${request.method} ${request.headers['x-a']}` }).end(bytes);
    });
    const answer = await local(get(url, { method: 'POST', headers: { 'x-a': '1' }, body: 'hello' }));
    expect(answer).toMatchObject({ ok: true, value: { status: 201, headers: { 'x-seen': 'POST 1' }, body: bytes } });
  });

  test('says who is asking, unless the request says it otherwise', async () => {
    const url = await serve(({ headers }, response) => {
      response.end(headers['user-agent']);
    });
    for (const [headers, expected] of [
      [{}, 'patchbay'],
      [{ 'user-agent': 'DiscordBot (x, 1)' }, 'DiscordBot (x, 1)'],
    ] as const) {
      const answer = await local(get(url, { headers }));
      expect(answer.ok && answer.value.body.toString()).toBe(expected);
    }
  });

  test('E-04: a redirect is an answer and is never followed', async () => {
    let reached = 0;
    const attacker = await serve((_, response) => {
      reached++;
      response.end();
    });
    for (const status of [301, 302, 303, 307, 308]) {
      const url = await serve((_, response) => response.writeHead(status, { location: attacker }).end());
      const answer = await local(get(url, { method: 'POST', body: 'client_secret=s', headers: { 'x-api-key': 'k' } }));
      expect(answer).toMatchObject({ ok: true, value: { status } });
    }
    expect(reached).toBe(0);
  });

  test('E-08: never-ending headers, a slow drip and an endless body end with a typed failure', async () => {
    const silent = await serve(() => {});
    expect(await local(get(silent, { timeoutMs: 100 }))).toMatchObject({
      ok: false,
      error: { reason: 'timeout', sent: true },
    });

    const drip = await serve((_, response) => {
      response.writeHead(200);
      const timer = setInterval(() => response.write('x'), 20);
      response.on('close', () => clearInterval(timer));
    });
    expect(await local(get(drip, { timeoutMs: 150 }))).toMatchObject({ ok: false, error: { reason: 'timeout' } });

    const endless = await serve((_, response) => {
      response.writeHead(200);
      const more = () => {
        while (response.write(Buffer.alloc(65_536)));
      };
      response.on('drain', more);
      more();
    });
    expect(await local(get(endless, { maxBytes: 200_000 }))).toMatchObject({
      ok: false,
      error: { reason: 'too_large' },
    });
  });

  test('E-08: a gzip bomb is refused, an honest gzip is inflated', async () => {
    const bomb = await serve((_, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(5_000_000)));
    });
    expect(await local(get(bomb, { maxBytes: 1_000_000 }))).toMatchObject({
      ok: false,
      error: { reason: 'too_large' },
    });
    const honest = await serve((_, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('{"a":1}'));
    });
    const answer = await local(get(honest));
    expect(answer.ok && answer.value.body.toString()).toBe('{"a":1}');
  });

  test('tells whether the other side may have seen the request', async () => {
    const closing = await serve((request) => request.socket.destroy());
    expect(await local(get(closing, { method: 'POST', body: 'x' }))).toMatchObject({
      ok: false,
      error: { reason: 'network', sent: true },
    });
    expect(await local(get('http://127.0.0.1:1/', { method: 'POST', body: 'x' }))).toMatchObject({
      ok: false,
      error: { reason: 'network', sent: false },
    });
  });
});

describe('E-03: where a request may go', () => {
  const outside = openNetwork({ loopback: false });

  test.each([
    'http://example.com/',
    'https://127.0.0.1/',
    'https://localhost/',
    'https://169.254.169.254/latest/meta-data/',
    'https://[::1]/',
    'https://[::ffff:169.254.169.254]/',
    'https://[fd00:ec2::254]/',
    'https://2130706433/',
    'https://0x7f.1/',
    'https://127.1/',
    'https://user:secret@example.com/',
    'ftp://example.com/',
    'file:///etc/passwd',
    'not a url',
  ])('%s is refused before a byte leaves', async (url) => {
    expect(await outside(get(url))).toMatchObject({ ok: false, error: { reason: 'blocked', sent: false } });
  });

  test('even the local stage reaches this computer alone, and nothing private beside it', async () => {
    expect(await local(get('http://10.0.0.1/'))).toMatchObject({ ok: false, error: { reason: 'blocked' } });
    expect(await local(get('http://example.com/'))).toMatchObject({ ok: false, error: { reason: 'blocked' } });
  });

  test('5,000 spellings of private IPv4 addresses are blocked, 500 public ones allowed', () => {
    const leaks = privateHosts(5_000).filter((host) => {
      const parsed = URL.parse(`https://${host}/`)?.hostname.replace(/^\[|\]$/g, '');
      return parsed === undefined || isPublicAddress(parsed);
    });
    expect(leaks).toEqual([]);
    const publics = Array.from(
      { length: 500 },
      (_, i) => `${[1, 8, 13, 52, 185][i % 5]}.${i % 250}.${(i * 3) % 250}.9`,
    );
    expect(publics.filter((address) => !isPublicAddress(address))).toEqual([]);
  });
});
