import { beforeEach, describe, expect, test, vi } from 'vitest';
import { type Connection, needsReauth } from '../../../shared/connections/connection.ts';
import { type LiveOptions, openCredentials } from '../../../shared/connections/credential.ts';
import { log } from '../../../shared/core/log.ts';
import { catalogue } from '../../../shared/providers/catalogue.ts';
import type { ProviderEntry } from '../../../shared/providers/provider.ts';
import { acme, credentialPorts, demoId, formOf } from '../../support/credential-ports.ts';
import { fakeKms } from '../../support/kms.ts';

const HOUR_S = 3_600;
const fresh = {
  status: 200,
  json: { access_token: 'access-2', refresh_token: 'refresh-2', token_type: 'Bearer', expires_in: HOUR_S },
};
const gone = { status: 400, json: { error: 'invalid_grant' } };

let hub: ReturnType<typeof credentialPorts>;
beforeEach(() => {
  fakeKms();
  hub = credentialPorts();
  hub.provider = () => fresh;
});

const live = (options?: LiveOptions, id = demoId) => openCredentials(hub.ports).live(acme, id, options);
const tokenOf = (answer: Awaited<ReturnType<typeof live>>) =>
  answer.ok ? answer.value.secrets.accessToken?.reveal() : answer.error.code;
const at = (share: number) => {
  hub.moment.nowMs += share * HOUR_S * 1000;
};

describe('a token that is good', () => {
  test('is handed out without a word to the provider, and nothing is written', async () => {
    const row = await hub.connect({ refresh: 'refresh-1', expiresInS: HOUR_S });
    at(0.7);
    expect(tokenOf(await live())).toBe('access-1');
    expect(hub.requests).toHaveLength(0);
    expect(await hub.row()).toEqual(await hub.ports.store.forTenant(acme).get(row));
    expect((await hub.row()).version).toBe(row.version);
  });

  test('is never refreshed ahead of time where the provider gives it no end', async () => {
    const { refreshAtMs } = await hub.connect({ refresh: 'refresh-1' });
    expect(refreshAtMs).toBeUndefined();
    at(24 * 365);
    expect(tokenOf(await live())).toBe('access-1');
    expect(hub.requests).toHaveLength(0);
  });

  test('is refreshed by whoever comes after 80 % of its life, and the new one is handed out at once', async () => {
    await hub.connect({ refresh: 'refresh-1', expiresInS: HOUR_S });
    at(0.8);
    const answer = await live();
    expect(tokenOf(answer)).toBe('access-2');
    expect(formOf(hub.requests[0] as never)).toMatchObject({ grant_type: 'refresh_token', refresh_token: 'refresh-1' });
    expect(await hub.grant()).toEqual({ access: 'access-2', refresh: 'refresh-2' });
    const row = await hub.row();
    expect(row).toMatchObject({ status: 'active', generation: answer.ok && answer.value.generation });
    expect(row).not.toHaveProperty('lease');
    expect(row).not.toHaveProperty('intent');
    expect(row.expiresAtMs).toBe(hub.moment.nowMs + HOUR_S * 1000);
  });

  test.each([
    ['the provider is down', { status: 503 }],
    ['it is asked too often', { status: 429, headers: { 'retry-after': '30' } }],
    ['it does not answer', { reason: 'timeout' as const, sent: true, cause: 'x' }],
    ['it answers nonsense', { status: 200, json: ['?'] }],
    ['the app is set up wrongly', { status: 401, json: { error: 'invalid_client' } }],
  ])('is handed out although it is due, where %s (A-17, C-10)', async (_why, said) => {
    await hub.connect({ refresh: 'refresh-1', expiresInS: HOUR_S });
    at(0.9);
    hub.provider = () => said;
    expect(tokenOf(await live())).toBe('access-1');
    expect(tokenOf(await live())).toBe('access-1');
    expect(hub.requests).toHaveLength(1); // the second one knows that it is too early to ask again
    expect((await hub.row()).status).toBe('active');
  });

  test('is handed out where the secret store or the table breaks on the way to the refresh', async () => {
    await hub.connect({ refresh: 'refresh-1', expiresInS: HOUR_S });
    at(0.9);
    const ports = { ...hub.ports, readApp: () => Promise.reject(new Error('down')) };
    expect(tokenOf(await openCredentials(ports).live(acme, demoId))).toBe('access-1');
  });
});

describe('a token that has ended', () => {
  test('of five hundred callers, one asks the provider and all get what it brought (C-09)', async () => {
    await hub.connect({ refresh: 'refresh-1', expiresInS: HOUR_S });
    at(1);
    let calls = 0;
    const ports = {
      ...hub.ports,
      moment: { ...hub.moment, nowMs: hub.moment.nowMs, sleep: () => new Promise<void>((done) => setTimeout(done, 5)) },
    };
    hub.provider = async () => {
      calls += 1;
      await new Promise((done) => setTimeout(done, 50));
      return fresh;
    };
    const credentials = openCredentials(ports);
    const answers = await Promise.all(Array.from({ length: 500 }, () => credentials.live(acme, demoId)));
    expect(calls).toBe(1);
    expect(new Set(answers.map(tokenOf))).toEqual(new Set(['access-2']));
  });

  test('is replaced, and its refresh token kept where the provider sends no new one (RFC 6749 §6)', async () => {
    await hub.connect({ refresh: 'refresh-1', expiresInS: HOUR_S });
    at(1);
    hub.provider = () => ({
      status: 200,
      json: { access_token: 'access-2', token_type: 'bearer', expires_in: HOUR_S, scope: 'less' },
    });
    expect(tokenOf(await live())).toBe('access-2');
    expect(await hub.grant()).toEqual({ access: 'access-2', refresh: 'refresh-1' });
    expect((await hub.row()).scopes).toEqual(['less']);
  });

  test('leaves a refusal that says when to come again, and no connection is given up for it', async () => {
    await hub.connect({ refresh: 'refresh-1', expiresInS: HOUR_S });
    at(1);
    hub.provider = () => ({ status: 429, headers: { 'retry-after': '90' } });
    expect(await live()).toMatchObject({ ok: false, error: { code: 'provider_unavailable', retryAfterMs: 90_000 } });
    hub.moment.nowMs += 89_000;
    expect(await live()).toMatchObject({ error: { code: 'provider_unavailable', retryAfterMs: 1_000 } });
    expect(hub.requests).toHaveLength(1);
    hub.moment.nowMs += 1_001;
    hub.provider = () => fresh;
    expect(tokenOf(await live())).toBe('access-2');
  });

  test('a storm of invalid_client leaves the connection active; what is wrong is said, and it heals (A-17, C-10)', async () => {
    await hub.connect({ refresh: 'refresh-1', expiresInS: HOUR_S });
    at(1);
    hub.provider = () => ({ status: 401, json: { error: 'invalid_client' } });
    for (let minute = 0; minute < 20; minute++) {
      expect(['not_configured', 'provider_unavailable']).toContain(tokenOf(await live()));
      hub.moment.nowMs += 60_000;
    }
    expect((await hub.row()).status).toBe('active');
    expect(hub.events).toEqual([]);
    hub.moment.nowMs += 600_000;
    hub.provider = () => fresh;
    expect(tokenOf(await live())).toBe('access-2');
  });

  test('without a refresh token ends the connection', async () => {
    await hub.connect({ expiresInS: HOUR_S });
    at(1);
    expect(tokenOf(await live())).toBe('needs_reauth');
    expect(await hub.row()).toMatchObject({ status: 'needs_reauth', reason: 'expired' });
  });

  test("whoever waits for another's refresh that never ends is told to come again", async () => {
    await hub.connect({ refresh: 'refresh-1', expiresInS: HOUR_S });
    at(1);
    const rows = hub.ports.store.forTenant(acme);
    const lease = { owner: 'crashed', untilMs: hub.moment.nowMs + 30_000, generation: 9e9 };
    await rows.change(demoId, (row) => ({ ...row, lease, version: row.version + 1 }));
    expect(tokenOf(await live())).toBe('provider_unavailable');
    hub.moment.nowMs = lease.untilMs + 1_001;
    expect(tokenOf(await live())).toBe('access-2');
  });
});

describe('a token that the provider refuses', () => {
  test('is refreshed once, whoever comes with it (one refresh per generation)', async () => {
    const { generation } = await hub.connect({ refresh: 'refresh-1', expiresInS: HOUR_S });
    expect(tokenOf(await live({ refusedGeneration: generation }))).toBe('access-2');
    expect(tokenOf(await live({ refusedGeneration: generation }))).toBe('access-2');
    expect(hub.requests).toHaveLength(1);
  });

  test('is not handed out again although its time is not over', async () => {
    const { generation } = await hub.connect({ refresh: 'refresh-1', expiresInS: HOUR_S });
    hub.provider = () => ({ status: 503 });
    expect(tokenOf(await live({ refusedGeneration: generation }))).toBe('provider_unavailable');
  });

  test.each([
    ['refuses it everywhere', 'demo', { status: 401 }],
    ['refuses it by a code of its own', 'slack', { status: 200, json: { ok: false, error: 'token_revoked' } }],
  ])('and cannot be refreshed ends the connection once the provider %s', async (_what, provider, said) => {
    const id = { provider, name: 'default' };
    const { generation } = await hub.connect({}, id);
    hub.provider = () => said;
    expect(tokenOf(await live({ refusedGeneration: generation }, id))).toBe('needs_reauth');
    expect(hub.requests).toHaveLength(1);
    expect(await hub.ports.store.forTenant(acme).get(id)).toMatchObject({
      status: 'needs_reauth',
      reason: 'token_refused',
    });
    expect(hub.events).toMatchObject([{ type: 'connection.needs_reauth', data: { reason: 'token_refused' } }]);
  });

  test.each([
    ['takes it', 'demo', { status: 200, json: { id: 'account-1' } }, 'access-1'],
    ['is down', 'demo', { status: 502 }, 'provider_unavailable'],
    ['does not answer', 'demo', { reason: 'timeout' as const, sent: true, cause: 'x' }, 'provider_unavailable'],
    [
      'is down with a good status',
      'slack',
      { status: 200, json: { ok: false, error: 'fatal_error' } },
      'provider_unavailable',
    ],
    ['is asked too often', 'slack', { status: 200, json: { ok: false, error: 'ratelimited' } }, 'provider_unavailable'],
  ])('and cannot be refreshed leaves the connection as it is where the provider %s (C-04)', async (...row) => {
    const [, provider, said, token] = row;
    const id = { provider, name: 'default' };
    const before = await hub.connect({}, id);
    hub.provider = () => said;
    expect(tokenOf(await live({ refusedGeneration: before.generation }, id))).toBe(token);
    expect(hub.requests).toHaveLength(1);
    expect(hub.requests[0]?.headers).toMatchObject({ authorization: 'Bearer access-1' });
    expect(await hub.ports.store.forTenant(acme).get(id)).toEqual(before);
    expect(tokenOf(await live({}, id))).toBe('access-1');
  });

  test('by a provider that has no request to ask with is given up at once', async () => {
    const { generation } = await hub.connect();
    const demo = catalogue.demo as ProviderEntry;
    const { whoami: _, ...api } = demo.provider.api;
    const findProvider = () => ({ ...demo, provider: { ...demo.provider, api } });
    const refused = openCredentials({ ...hub.ports, findProvider }).live(acme, demoId, {
      refusedGeneration: generation,
    });
    expect(tokenOf(await refused)).toBe('needs_reauth');
    expect(hub.requests).toHaveLength(0);
  });
});

describe('whoever is ended soon (C.2)', () => {
  const within = (ms: number, options?: LiveOptions) => live({ ...options, endsAtMs: hub.moment.nowMs + ms });

  test('begins no refresh that would outlast him: what is valid is handed out, or he comes again', async () => {
    await hub.connect({ refresh: 'refresh-1', expiresInS: HOUR_S });
    at(0.9);
    const before = await hub.row();
    expect(tokenOf(await within(24_999))).toBe('access-1');
    at(0.1);
    expect(await within(24_999)).toMatchObject({ error: { code: 'provider_unavailable', retryAfterMs: 24_999 } });
    expect(await hub.row()).toEqual(before);
    expect(hub.requests).toHaveLength(0);
    expect(tokenOf(await within(25_000))).toBe('access-2');
  });

  test('has what another brings meanwhile', async () => {
    await hub.connect({ refresh: 'refresh-1', expiresInS: HOUR_S });
    at(1);
    const rows = hub.ports.store.forTenant(acme);
    const lease = { owner: 'another', untilMs: hub.moment.nowMs + 30_000, generation: 9e9 };
    await rows.change(demoId, (row) => ({ ...row, lease, version: row.version + 1 }));
    const { sleep } = hub.moment;
    hub.moment.sleep = async (ms) => {
      await sleep(ms);
      await hub.connect({ access: 'access-9', refresh: 'refresh-9', expiresInS: HOUR_S });
    };
    expect(tokenOf(await within(10_000))).toBe('access-9');
    expect(hub.requests).toHaveLength(0);
  });

  test('does not ask whether a refused credential is taken anywhere', async () => {
    const { generation: refusedGeneration } = await hub.connect();
    hub.provider = () => ({ status: 401 });
    const soon = await within(7_999, { refusedGeneration });
    expect(soon).toMatchObject({ error: { code: 'provider_unavailable', retryAfterMs: 7_999 } });
    expect(hub.requests).toHaveLength(0);
    expect(tokenOf(await within(8_000, { refusedGeneration }))).toBe('needs_reauth');
  });
});

describe('a grant that is gone', () => {
  test('ends the connection: nothing sealed is left, the owner hears of it once, nobody asks again (A-17)', async () => {
    await hub.connect({ refresh: 'refresh-1', expiresInS: HOUR_S });
    at(1);
    hub.provider = () => gone;
    expect(tokenOf(await live())).toBe('needs_reauth');
    expect(tokenOf(await live())).toBe('needs_reauth');
    expect(hub.requests).toHaveLength(1);
    const row = await hub.row();
    expect(row).toMatchObject({ status: 'needs_reauth', reason: 'grant_revoked' });
    for (const left of ['sealed', 'lease', 'intent', 'announceAtMs']) expect(row).not.toHaveProperty(left);
    expect(hub.events).toMatchObject([
      { type: 'connection.needs_reauth', tenant: 'acme', connection: 'demo', data: { reason: 'grant_revoked' } },
    ]);
  });

  test('is named rotation_lost where an earlier answer was lost (C.3)', async () => {
    await hub.connect({ refresh: 'refresh-1', expiresInS: HOUR_S });
    at(1);
    hub.provider = () => ({ reason: 'timeout', sent: true, cause: 'no answer' });
    expect(tokenOf(await live())).toBe('provider_unavailable');
    hub.moment.nowMs += 60_000;
    hub.provider = () => gone;
    expect(tokenOf(await live())).toBe('needs_reauth');
    expect((await hub.row()).reason).toBe('rotation_lost');
  });

  test('does not count where a newer credential has been stored meanwhile', async () => {
    await hub.connect({ refresh: 'refresh-1', expiresInS: HOUR_S });
    at(1);
    hub.provider = async () => {
      await hub.connect({ access: 'access-9', refresh: 'refresh-9', expiresInS: HOUR_S });
      return gone;
    };
    expect(tokenOf(await live())).toBe('access-9');
    expect((await hub.row()).status).toBe('active');
    expect(hub.events).toEqual([]);
  });

  test('does not count where the lease has passed on to another, who will find out', async () => {
    await hub.connect({ refresh: 'refresh-1', expiresInS: HOUR_S });
    at(1);
    hub.provider = async () => {
      await hub.ports.store.forTenant(acme).change(demoId, (row) => ({
        ...row,
        lease: { owner: 'another', untilMs: hub.moment.nowMs + 60_000, generation: row.generation + 2 },
        version: row.version + 1,
      }));
      return gone;
    };
    expect(tokenOf(await live())).toBe('provider_unavailable');
    expect((await hub.row()).status).toBe('active');
  });

  test('is told by the tick where the bus did not take the word of it', async () => {
    await hub.connect({ refresh: 'refresh-1', expiresInS: HOUR_S });
    at(1);
    hub.provider = () => gone;
    const ports = { ...hub.ports, publish: () => Promise.reject(new Error('down')) };
    expect(tokenOf(await openCredentials(ports).live(acme, demoId))).toBe('needs_reauth');
    expect((await hub.row()).announceAtMs).toBe(hub.moment.nowMs + 60_000);
  });
});

describe('a refresh whose answers nobody understands (A-17)', () => {
  const teapot = { status: 400, json: { error: 'teapot' } };
  const days = (count: number) => count * 24 * HOUR_S * 1000;

  /** Asks as soon as it is told to, for so long at most. */
  async function insist(ms: number): Promise<void> {
    const untilMs = hub.moment.nowMs + ms;
    while (hub.moment.nowMs < untilMs) {
      const answer = await live();
      if (!answer.ok && answer.error.code === 'needs_reauth') return;
      hub.moment.nowMs += (!answer.ok && answer.error.retryAfterMs) || 60_000;
    }
  }

  test('is tried a hundred times, for two days or so, and then parked with a reason of its own', async () => {
    await hub.connect({ refresh: 'refresh-1', expiresInS: HOUR_S });
    at(1);
    const beganMs = hub.moment.nowMs;
    hub.provider = () => teapot;
    await insist(days(30));
    expect(hub.requests).toHaveLength(100);
    expect(hub.moment.nowMs - beganMs).toBeGreaterThan(days(1.5));
    expect(await hub.row()).toMatchObject({ status: 'needs_reauth', reason: 'refresh_not_understood' });
    expect(await hub.row()).not.toHaveProperty('sealed');
    expect(hub.events).toMatchObject([{ type: 'connection.needs_reauth', data: { reason: 'refresh_not_understood' } }]);
  });

  test('heals within the hour where they are understood before that', async () => {
    await hub.connect({ refresh: 'refresh-1', expiresInS: HOUR_S });
    at(1);
    hub.provider = () => teapot;
    await insist(days(1));
    expect((await hub.row()).status).toBe('active');
    hub.provider = () => fresh;
    hub.moment.nowMs += HOUR_S * 1000;
    expect(tokenOf(await live())).toBe('access-2');
    expect(await hub.row()).not.toHaveProperty('intent');
  });

  /** As after 99 of them. */
  async function nearlyParked(expiresInS: number): Promise<void> {
    await hub.connect({ refresh: 'refresh-1', expiresInS });
    at((0.9 * expiresInS) / HOUR_S);
    hub.provider = () => teapot;
    await live();
    const almost = (row: Connection) => row.intent && { ...row, intent: { ...row.intent, odd: 99 }, version: 99 };
    await hub.ports.store.forTenant(acme).change(demoId, almost);
  }

  test('parks nothing while the token that is there is good', async () => {
    await nearlyParked(100 * 24 * HOUR_S);
    for (let hours = 0; hours < 24; hours++) {
      at(1);
      expect(tokenOf(await live())).toBe('access-1');
    }
    expect(hub.requests.length).toBeGreaterThan(20);
    at(10 * 24);
    expect(tokenOf(await live())).toBe('needs_reauth');
    expect((await hub.row()).reason).toBe('refresh_not_understood');
  });

  test('counts those alone: an outage in between is waited for as long as it lasts (C-10)', async () => {
    await nearlyParked(HOUR_S);
    hub.provider = () => ({ status: 503 });
    await insist(days(1));
    expect(hub.requests.length).toBeGreaterThan(100);
    expect((await hub.row()).status).toBe('active');
    hub.provider = () => teapot;
    await insist(days(1));
    expect((await hub.row()).reason).toBe('refresh_not_understood');
  });
});

describe('what is stored', () => {
  test('comes harder than anything else: the table refuses for ten seconds, and the token is kept (C.2 no. 4)', async () => {
    await hub.connect({ refresh: 'refresh-1', expiresInS: HOUR_S });
    at(1);
    const { put } = hub.table;
    hub.provider = () => {
      const untilMs = hub.moment.nowMs + 10_000;
      hub.table.put = (...args) => {
        if (hub.moment.nowMs < untilMs) return Promise.reject(new Error('throttled'));
        return put(...args);
      };
      return fresh;
    };
    expect(tokenOf(await live())).toBe('access-2');
    expect(await hub.grant()).toEqual({ access: 'access-2', refresh: 'refresh-2' });
  });

  test('never replaces a newer one (C-03)', async () => {
    await hub.connect({ refresh: 'refresh-1', expiresInS: HOUR_S });
    at(1);
    hub.provider = async () => {
      await hub.connect({ access: 'access-9', refresh: 'refresh-9', expiresInS: HOUR_S });
      return fresh;
    };
    expect(tokenOf(await live())).toBe('access-9');
    expect(await hub.grant()).toEqual({ access: 'access-9', refresh: 'refresh-9' });
  });

  test('brings a connection back that was given up only because this answer seemed lost', async () => {
    await hub.connect({ refresh: 'refresh-1', expiresInS: HOUR_S });
    at(1);
    hub.provider = async () => {
      await hub.ports.store
        .forTenant(acme)
        .change(demoId, (row) => needsReauth(row, 'rotation_lost', hub.moment.nowMs));
      return fresh;
    };
    expect(tokenOf(await live())).toBe('access-2');
    expect(await hub.row()).toMatchObject({ status: 'active' });
    expect(hub.events).toMatchObject([{ type: 'connection.activated', data: { reconnected: true } }]);
  });
});

describe('an older row put back in its place (B-16)', () => {
  const stored = async () => ({ ...(await hub.table.get({ pk: acme, sk: 'demo#default' })) });

  test('is not used by a process that has had a newer one: neither its token nor its refresh token', async () => {
    await hub.connect({ refresh: 'refresh-1', expiresInS: HOUR_S });
    const older = await stored();
    const credentials = openCredentials(hub.ports);
    at(0.9);
    expect(tokenOf(await credentials.live(acme, demoId))).toBe('access-2');
    await hub.table.put(older);
    const warned = vi.spyOn(log, 'warn').mockReturnValue();
    expect(await credentials.live(acme, demoId)).toMatchObject({
      error: { code: 'unavailable', cause: 'generation_regression' },
    });
    at(1);
    expect(tokenOf(await credentials.live(acme, demoId))).toBe('unavailable');
    expect(hub.requests).toHaveLength(1);
    expect(hub.events).toEqual([]);
    const about = { tenant: 'acme', provider: 'demo', connection: 'default', code: 'generation_regression' };
    expect(warned).toHaveBeenCalledWith('a connection is older than it was', about);
    await hub.connect({ access: 'access-9' });
    expect(tokenOf(await credentials.live(acme, demoId))).toBe('access-9');
  });

  test('is told from an answer that was overtaken on its way, by reading again', async () => {
    await hub.connect({ refresh: 'refresh-1', expiresInS: HOUR_S });
    const credentials = openCredentials(hub.ports);
    at(0.9);
    const { get } = hub.table;
    const late = await stored();
    await credentials.live(acme, demoId);
    let reads = 0;
    hub.table.get = async (...args) => (reads++ === 0 ? late : get(...args));
    expect(tokenOf(await credentials.live(acme, demoId))).toBe('access-2');
    expect(reads).toBe(2);
  });
});

test('no such connection, one that was never made or is being cut: not found', async () => {
  expect(tokenOf(await live())).toBe('not_found');
});

test('a provider without an app is named as what is missing', async () => {
  await hub.connect({ refresh: 'refresh-1', expiresInS: HOUR_S });
  at(1);
  const ports = { ...hub.ports, readApp: async () => ({}) };
  expect(tokenOf(await openCredentials(ports).live(acme, demoId))).toBe('not_configured');
});
