import { execFile } from 'node:child_process';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test, vi } from 'vitest';
import * as z from 'zod';
import { mayReach } from '../../../shared/core/address.ts';
import { readEnv } from '../../../shared/core/env.ts';
import { type OutboundRequest, openNetwork } from '../../../shared/core/fetch.ts';
import { selfSigned } from '../../support/certificate.ts';
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

  test('an empty answer is whole, whatever encoding it names; of one that cannot be read the status is told', async () => {
    for (const status of [200, 204, 304]) {
      const empty = await serve((_, response) => response.writeHead(status, { 'content-encoding': 'gzip' }).end());
      const answer = await local(get(empty, { method: 'POST' }));
      expect(answer).toMatchObject({ ok: true, value: { status, body: Buffer.alloc(0) } });
    }
    const large = await serve((_, response) => response.writeHead(202).end(Buffer.alloc(2_000)));
    const garbled = await serve((_, response) => response.writeHead(202, { 'content-encoding': 'gzip' }).end('x'));
    const torn = await serve((_, response) => {
      response.writeHead(202, { 'content-length': '9' }).write('x', () => response.destroy());
    });
    const slow = await serve((_, response) => void response.writeHead(202).write('x'));
    for (const [url, reason] of [
      [large, 'too_large'],
      [garbled, 'too_large'],
      [torn, 'network'],
      [slow, 'timeout'],
    ] as const) {
      const answer = await local(get(url, { maxBytes: 1_000, timeoutMs: 300 }));
      expect(answer, reason).toMatchObject({ ok: false, error: { reason, sent: true, status: 202 } });
    }
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

  test('G9: 5,000 spellings of private IPv4 addresses are blocked, 500 public ones allowed', () => {
    const spellings = privateHosts(5_000);
    expect(spellings.filter((host) => mayReach(URL.parse(`https://${host}/`), false))).toEqual([]);
    expect(spellings.filter((host) => !URL.canParse(`https://${host}/`))).toEqual([]); // none is blocked for want of sense
    const publics = Array.from(
      { length: 500 },
      (_, i) => `${[1, 8, 13, 52, 185][i % 5]}.${i % 250}.${(i * 3) % 250}.9`,
    );
    expect(publics.filter((address) => !mayReach(URL.parse(`https://${address}/`), false))).toEqual([]);
  });
});

describe('G9, E-04, E-05: redirects', () => {
  test('300 ways of being sent elsewhere bring no credential there: nothing is sent', async () => {
    const stolen: string[] = [];
    const sink = await serve((request, response) => {
      stolen.push(`${request.method} ${request.url}`);
      response.end();
    });
    let location = '';
    let status = 307;
    const url = await serve((request, response) => {
      request.resume().on('end', () => response.writeHead(status, { location, refresh: `0; url=${location}` }).end());
    });
    const credentials: Record<string, Partial<OutboundRequest>> = {
      authorization: { headers: { authorization: 'Bearer made-up' } },
      'a header of its own': { headers: { 'x-api-key': 'made-up' } },
      'a cookie': { headers: { cookie: 'session=made-up' } },
      'the query': { url: `${url}/x?api_key=made-up` },
      'the body': { method: 'POST', body: 'client_secret=made-up' },
    };
    const places = [sink, sink.replace('http:', ''), `${sink}/x?y#z`, sink.replace('//', '//user:pass@')];
    let tried = 0;
    for (status of [301, 302, 303, 307, 308])
      for (location of places)
        for (const method of ['GET', 'POST', 'PUT'])
          for (const how of Object.values(credentials)) {
            const body = method === 'GET' ? undefined : 'x';
            const sent = { ...(body && { body }), ...how, method: how.method ?? method };
            expect(await local(get(`${url}/x`, sent))).toMatchObject({ ok: true, value: { status } });
            tried += 1;
          }
    expect([tried, stolen]).toEqual([300, []]);
  });
});

describe('E-09: variables of the environment', () => {
  test('NODE_TLS_REJECT_UNAUTHORIZED lets no false certificate pass', async () => {
    let reached = 0;
    const server = createTlsServer(selfSigned, (_, response) => {
      reached++;
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    try {
      const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`;
      for (const method of ['GET', 'POST']) {
        const answer = await local(get(url, { method, headers: { authorization: 'Bearer made-up' } }));
        expect(answer).toMatchObject({ ok: false, error: { reason: 'network', sent: false } });
      }
      expect(reached).toBe(0);
      expect(() => readEnv(z.object({}))).toThrow('NODE_TLS_REJECT_UNAUTHORIZED');
    } finally {
      vi.unstubAllEnvs();
      server.close();
    }
  });

  test('those that name a proxy are not asked, even where Node is told to ask them', async () => {
    const asked: string[] = [];
    const proxy = await serve((request, response) => {
      asked.push(String(request.url));
      response.end('by a proxy');
    });
    const url = await serve((_, response) => response.end('itself'));
    const names = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY'];
    const proxies = names.flatMap((name) => [name, name.toLowerCase()]).map((name) => [name, proxy]);
    const module = new URL('../../../shared/core/fetch.ts', import.meta.url);
    const request = JSON.stringify(get(`${url}/x`));
    const script = `
      const { openNetwork } = await import(${JSON.stringify(module)});
      const answer = await openNetwork({ loopback: true })(${request});
      process.stdout.write(answer.ok ? String(answer.value.body) : answer.error.cause);`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], {
      env: { ...Object.fromEntries(proxies), NODE_USE_ENV_PROXY: '1', NO_PROXY: '' },
    });
    expect([stdout, asked]).toEqual(['itself', []]);
  });
});
