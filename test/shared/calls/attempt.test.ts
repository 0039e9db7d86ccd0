import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type AttemptPorts, type Job, noMocks, openAttempts } from '../../../shared/calls/attempt.ts';
import type { LimitStore } from '../../../shared/calls/limit-store.ts';
import type { LiveCredential } from '../../../shared/connections/credential.ts';
import { realMoment } from '../../../shared/core/clock.ts';
import { refuse } from '../../../shared/core/errors.ts';
import { openNetwork } from '../../../shared/core/fetch.ts';
import { TenantId } from '../../../shared/core/ids.ts';
import { ok } from '../../../shared/core/result.ts';
import { Secret } from '../../../shared/core/secret.ts';

vi.mock('../../../shared/core/metrics.ts', () => ({ measure: () => {} }));

type Answer = (request: IncomingMessage, response: ServerResponse) => void;
interface Seen {
  readonly method?: string;
  readonly url?: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** A server on this computer that keeps what it was sent. */
async function listen(answer: { current: Answer }) {
  const seen: Seen[] = [];
  const server: Server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    seen.push({ method: request.method, url: request.url, headers: request.headers, body });
    answer.current(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  return { url, seen, close: () => server.close() };
}

const reply =
  (status: number, body: unknown = {}, headers: Record<string, string> = {}): Answer =>
  (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  };

const answer: { current: Answer } = { current: reply(200) };
const trap: { current: Answer } = { current: reply(200) };
let provider: Awaited<ReturnType<typeof listen>>;
let elsewhere: Awaited<ReturnType<typeof listen>>;
beforeAll(async () => {
  provider = await listen(answer);
  elsewhere = await listen(trap);
});
afterAll(() => {
  provider.close();
  elsewhere.close();
});
afterEach(() => {
  provider.seen.length = 0;
  expect(elsewhere.seen).toEqual([]);
});

const TOKEN = 'token-of-generation-';
const credentialOf = (generation: number) =>
  ({
    secrets: { accessToken: new Secret(TOKEN + generation) },
    generation,
    connection: { account: { id: 'account-1' } },
  }) as unknown as LiveCredential;

const live = vi.fn<AttemptPorts['credentials']['live']>();
const take = vi.fn<LimitStore['take']>();
const block = vi.fn<LimitStore['block']>();
const note = vi.fn<LimitStore['note']>();
const leave = vi.fn<LimitStore['leave']>();
beforeEach(() => {
  vi.resetAllMocks();
  live.mockImplementation(async (_tenant, _id, options) => ok(credentialOf((options?.refusedGeneration ?? 0) + 1)));
  take.mockResolvedValue({ waitMs: 0 });
});

const attempts = (stage = 'local') =>
  openAttempts({
    mocks: noMocks,
    credentials: { live },
    limits: { take, block, note, leave },
    send: openNetwork({ loopback: true }),
    readApp: async () => ({ origins: { 'https://api.demo.invalid': provider.url, 'https://slack.com': provider.url } }),
    stage,
  });

const job = (more: Partial<Job> = {}): Job => ({
  tenantId: TenantId.parse('acme'),
  id: { provider: 'demo', name: 'default' },
  request: { method: 'POST', path: '/contacts', json: { name: 'Ada' } },
  idempotencyKey: 'call_1',
  effect: 'write',
  timeoutMs: 5_000,
  lane: 'interactive',
  ...more,
});
const keyless = { id: { provider: 'slack', name: 'default' } };
const attempt = (more: Partial<Job> = {}) => attempts().attempt(job(more), realMoment);

describe('what reaches the provider', () => {
  test('the request as built, the live token, the idempotency key', async () => {
    answer.current = reply(201, { id: 'c1' }, { etag: '"1"' });
    expect(await attempt()).toMatchObject({
      kind: 'succeeded',
      status: 201,
      body: { id: 'c1' },
      headers: { etag: '"1"' },
    });
    expect(provider.seen).toMatchObject([
      {
        method: 'POST',
        url: '/contacts',
        body: '{"name":"Ada"}',
        headers: { authorization: `Bearer ${TOKEN}1`, 'idempotency-key': 'call_1', 'user-agent': 'patchbay' },
      },
    ]);
  });

  test('its seat is given back whatever comes of the request, once it has ended', async () => {
    const seat = { name: 'seat0', untilMs: 9 };
    for (const status of [200, 500, 401, 429]) {
      take.mockResolvedValue({ waitMs: 0, seat });
      answer.current = (request, response) => {
        expect(leave).not.toHaveBeenCalled();
        reply(status)(request, response);
      };
      await attempt();
      expect(leave.mock.calls.map(([, left]) => left)).toEqual([seat]);
      leave.mockClear();
    }
    live.mockResolvedValueOnce(ok(credentialOf(1))).mockResolvedValueOnce(refuse('needs_reauth', 'again'));
    answer.current = reply(401);
    await attempt();
    expect(leave).toHaveBeenCalledOnce();
  });

  test('nothing while the limits say wait; the slot comes along', async () => {
    take.mockResolvedValue({ waitMs: 4_000, slot: { atMs: 9, held: 1 } });
    expect(await attempt()).toEqual({ kind: 'deferred', waitMs: 4_000, slot: { atMs: 9, held: 1 } });
    expect(provider.seen).toEqual([]);
  });

  test('nothing for a provider of another stage, a path that leads away, or a connection that is gone', async () => {
    expect(await attempts('prod').attempt(job(), realMoment)).toMatchObject({
      kind: 'failed',
      error: { code: 'not_found' },
    });
    const away = { request: { method: 'GET', path: '//evil.example' } as const };
    expect(await attempt(away)).toMatchObject({ kind: 'failed', error: { code: 'invalid_request' } });
    live.mockResolvedValue(refuse('needs_reauth', 'again'));
    expect(await attempt()).toMatchObject({ kind: 'failed', error: { code: 'needs_reauth' } });
    live.mockResolvedValue(refuse('provider_unavailable', 'later', { retryAfterMs: 90_000 }));
    expect(await attempt()).toMatchObject({ kind: 'retry', waitMs: 90_000, error: { code: 'provider_unavailable' } });
    expect(provider.seen).toEqual([]);
    expect(take).not.toHaveBeenCalled();
  });

  test('nothing when there is no time left to hear the answer (E-21)', async () => {
    expect(await attempt({ timeoutMs: 900 })).toEqual({ kind: 'deferred', waitMs: 1_000 });
    expect(provider.seen).toEqual([]);
  });
});

describe('E-04, E-05: a redirect is a failure, and no credential reaches a second host', () => {
  test.each([301, 302, 303, 307, 308])('%i', async (status) => {
    answer.current = reply(status, '', { location: `${elsewhere.url}/steal` });
    expect(await attempt()).toMatchObject({ kind: 'failed', error: { code: `http_${status}`, status } });
    expect(await attempt(keyless)).toMatchObject({ kind: 'failed' });
    expect(provider.seen).toHaveLength(2);
  });
});

describe('a refused token', () => {
  const refuseFirst =
    (count: number): Answer =>
    (request, response) =>
      reply(provider.seen.length <= count ? 401 : 200, { error: { code: 'expired', message: 'Expired.' } })(
        request,
        response,
      );

  test('is refreshed once, for its generation, and the request is sent again in the same attempt', async () => {
    answer.current = refuseFirst(1);
    expect(await attempt({ endsAtMs: 29_000 })).toMatchObject({ kind: 'succeeded', status: 200 });
    const options = live.mock.calls.map(([, , given]) => given);
    expect(options).toEqual([{ endsAtMs: 29_000 }, { endsAtMs: 29_000, refusedGeneration: 1 }]);
    expect(provider.seen.map(({ headers }) => headers.authorization)).toEqual([`Bearer ${TOKEN}1`, `Bearer ${TOKEN}2`]);
  });

  test('twice is a failure, not a circle', async () => {
    answer.current = refuseFirst(9);
    expect(await attempt()).toMatchObject({ kind: 'failed', error: { status: 401, code: 'expired' } });
    expect(provider.seen).toHaveLength(2);
  });

  test('is not sent again where the refresh brought no other', async () => {
    answer.current = refuseFirst(9);
    live.mockResolvedValue(ok(credentialOf(1)));
    expect(await attempt()).toMatchObject({ kind: 'failed', error: { status: 401 } });
    expect(provider.seen).toHaveLength(1);
  });

  test('whose grant is gone ends the call; whose refresh must wait makes it wait', async () => {
    answer.current = refuseFirst(9);
    live.mockResolvedValueOnce(ok(credentialOf(1))).mockResolvedValueOnce(refuse('needs_reauth', 'again'));
    expect(await attempt()).toMatchObject({ kind: 'failed', error: { code: 'needs_reauth' } });
    live.mockResolvedValueOnce(ok(credentialOf(1))).mockResolvedValueOnce(refuse('provider_unavailable', 'later'));
    expect(await attempt()).toMatchObject({ kind: 'retry', error: { code: 'provider_unavailable' } });
  });

  test('may be refused in a 200 as well', async () => {
    answer.current = (request, response) =>
      reply(200, provider.seen.length === 1 ? { ok: false, error: 'token_expired' } : { ok: true })(request, response);
    expect(await attempt(keyless)).toMatchObject({ kind: 'succeeded' });
    expect(provider.seen).toHaveLength(2);
  });
});

describe('E-22: waiting', () => {
  test('429 with seconds: the wait is at least that, and holds the connection back', async () => {
    answer.current = reply(429, {}, { 'retry-after': '7' });
    expect(await attempt()).toMatchObject({
      kind: 'retry',
      waitMs: 7_000,
      error: { status: 429, retryAfterMs: 7_000 },
    });
    const [[, id, untilMs, nowMs]] = block.mock.calls as unknown as [Parameters<LimitStore['block']>];
    expect(id).toEqual({ provider: 'demo', name: 'default' });
    expect(untilMs - nowMs).toBe(7_000);
  });

  test('429 with a date', async () => {
    answer.current = reply(429, {}, { 'retry-after': new Date(Date.now() + 60_000).toUTCString() });
    const outcome = await attempt();
    expect(outcome).toMatchObject({ kind: 'retry' });
    expect(outcome.kind === 'retry' && Math.abs(outcome.waitMs - 60_000)).toBeLessThanOrEqual(2_000);
  });

  test('a pause that cannot be written costs nothing of the outcome', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => {});
    block.mockRejectedValue(new Error('throttled'));
    answer.current = reply(429, {}, { 'retry-after': '7' });
    expect(await attempt()).toMatchObject({ kind: 'retry', waitMs: 7_000 });
  });

  test('a 500 backs off with full jitter that grows with the attempts; bulk work has hours', async () => {
    answer.current = reply(500);
    const moment = { ...realMoment, nowMs: 0, chance: () => 0.999 };
    const waits = [];
    for (const [count, lane] of [
      [1, 'interactive'],
      [3, 'interactive'],
      [20, 'interactive'],
      [20, 'bulk'],
    ] as const) {
      const outcome = await attempts().attempt(job({ attempt: count, lane }), moment);
      waits.push(outcome.kind === 'retry' && outcome.waitMs);
    }
    expect(waits).toEqual([999, 3_996, 59_940, 3_596_400]);
    expect(block).not.toHaveBeenCalled();
  });
});

describe('E-25: what may have arrived', () => {
  test('a write without a key is unknown after a 500, a cut connection or silence; with one it is tried again', async () => {
    const cut: Answer = (_request, response) => response.destroy();
    const silence: Answer = () => {};
    for (const fault of [reply(500), cut, silence]) {
      answer.current = fault;
      expect(await attempt({ ...keyless, timeoutMs: 1_200 })).toMatchObject({ kind: 'unknown' });
      expect(await attempt({ timeoutMs: 1_200 })).toMatchObject({ kind: 'retry' });
    }
  });

  test('PUT, DELETE and reads are tried again without a key', async () => {
    answer.current = reply(500);
    for (const method of ['PUT', 'DELETE'] as const) {
      expect(await attempt({ ...keyless, request: { method, path: '/x' } })).toMatchObject({ kind: 'retry' });
    }
    const read = { ...keyless, effect: 'read', request: { method: 'GET', path: '/x' } } as const;
    expect(await attempt(read)).toMatchObject({ kind: 'retry' });
  });

  test('what was never sent is tried again, write or not', async () => {
    const nobody = await listen({ current: reply(200) });
    nobody.close();
    const closed = openAttempts({
      mocks: noMocks,
      credentials: { live },
      limits: { take, block, note, leave },
      send: openNetwork({ loopback: true }),
      readApp: async () => ({ origins: { 'https://slack.com': nobody.url } }),
      stage: 'local',
    });
    expect(await closed.attempt(job(keyless), realMoment)).toMatchObject({ kind: 'retry', error: { code: 'network' } });
  });
});
