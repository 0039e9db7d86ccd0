import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { Connection } from '../../../shared/connections/connection.ts';
import { openCredentials } from '../../../shared/connections/credential.ts';
import { sealGrant } from '../../../shared/connections/grant.ts';
import { refresh } from '../../../shared/connections/refresh.ts';
import { log } from '../../../shared/core/log.ts';
import { measure } from '../../../shared/core/metrics.ts';
import { Secret } from '../../../shared/core/secret.ts';
import { acme, credentialPorts, demoId, formOf, type Said } from '../../support/credential-ports.ts';
import { fakeKms } from '../../support/kms.ts';

vi.mock(import('../../../shared/core/metrics.ts'), { spy: true });

// One refresh, or one credential, at a time: what is asked, kept and said. `credential.test.ts` has what callers see of it.

const HOUR_S = 3_600;
const HOUR_MS = HOUR_S * 1000;
const fresh = {
  status: 200,
  json: { access_token: 'access-2', refresh_token: 'refresh-2', token_type: 'Bearer', expires_in: HOUR_S, scope: 'b' },
};

let hub: ReturnType<typeof credentialPorts>;
let row: Connection;
beforeEach(async () => {
  vi.restoreAllMocks();
  fakeKms();
  hub = credentialPorts();
  hub.provider = () => fresh;
  row = await hub.connect({ refresh: 'refresh-1', expiresInS: HOUR_S });
});

const rows = () => hub.ports.store.forTenant(acme);
const live = (options?: { refusedGeneration?: number }) => openCredentials(hub.ports).live(acme, demoId, options);
const change = async (to: Partial<Connection>) => {
  const saved = await rows().change(demoId, (now) => ({ ...now, ...to, version: now.version + 1 }));
  if (!saved.done) throw new Error('the row was not changed');
  row = saved.row;
};

/** A connection whose tokens are minted with what its tenant entered. */
async function minted(): Promise<void> {
  const grant = { accessToken: new Secret('access-1'), clientSecret: new Secret('entered-secret') };
  const sealed = await sealGrant(hub.ports.vault, acme, demoId, row.generation, grant);
  await change({ kind: 'client_credentials', settings: { clientId: 'entered-id' }, sealed });
}

describe('a refresh', () => {
  test('takes its lease and its intent first, and brings the new token under the next generation', async () => {
    let during: Connection | undefined;
    hub.provider = async () => {
      during = await hub.row();
      return fresh;
    };
    const outcome = await refresh(hub.ports, row);
    expect(during).toMatchObject({
      lease: {
        owner: expect.stringMatching(/^.{22}$/),
        untilMs: hub.moment.nowMs + 30_000,
        generation: row.generation + 1,
      },
      intent: { tokenHash: expect.stringMatching(/^.{43,64}$/), attempt: 1, ambiguous: false },
    });
    expect(outcome).toMatchObject({ kind: 'refreshed', connection: { generation: row.generation + 1, scopes: ['b'] } });
    expect(await hub.grant()).toEqual({ access: 'access-2', refresh: 'refresh-2' });
  });

  test('after a lease that lapsed has a generation above that lease’s', async () => {
    await change({ lease: { owner: 'crashed', untilMs: hub.moment.nowMs - 5_000, generation: row.generation + 7 } });
    expect(await refresh(hub.ports, row)).toMatchObject({ connection: { generation: row.generation + 8 } });
  });

  test.each<[string, Partial<Connection>]>([
    ['is held', { lease: { owner: 'another', untilMs: Number.MAX_SAFE_INTEGER, generation: 9e9 } }],
    ['has nothing sealed', { sealed: undefined }],
  ])("is another's turn where the row %s", async (_what, to) => {
    await change(to);
    expect(await refresh(hub.ports, row)).toEqual({ kind: 'held' });
    expect(hub.requests).toEqual([]);
  });

  test("is another's turn where the row has moved since it was read", async () => {
    const before = row;
    await change({ scopes: ['other'] });
    expect(await refresh(hub.ports, before)).toEqual({ kind: 'held' });
    expect(hub.requests).toEqual([]);
  });

  test('waits until the provider may be asked again, to the millisecond', async () => {
    const intent = { tokenHash: 'x', firstTriedAtMs: 0, attempt: 1, ambiguous: false };
    await change({ intent: { ...intent, notBeforeMs: hub.moment.nowMs + 7_000 } });
    expect(await refresh(hub.ports, row)).toMatchObject({
      error: { code: 'provider_unavailable', retryAfterMs: 7_000, cause: 'the last attempt failed' },
    });
    hub.moment.nowMs += 7_000;
    expect(await refresh(hub.ports, row)).toMatchObject({ kind: 'refreshed' });
  });

  test('is not begun without a client, nor for a provider that is not there', async () => {
    const error = { code: 'not_configured', message: 'The provider demo is not set up in this hub.' };
    for (const ports of [{ readApp: async () => ({}) }, { findProvider: () => undefined }])
      expect(await refresh({ ...hub.ports, ...ports }, row)).toMatchObject({ kind: 'failed', error });
    expect((await hub.row()).lease).toBeUndefined();
  });

  test('ends where the credential does not open, or has nothing to be refreshed with', async () => {
    const generation = row.generation - 1;
    expect(await refresh(hub.ports, { ...row, generation })).toMatchObject({ error: { code: 'needs_reauth' } });
    const { accessToken = '' } = row.sealed ?? {};
    expect(await refresh(hub.ports, { ...row, sealed: { accessToken } })).toMatchObject({
      error: { code: 'needs_reauth', message: 'The connection cannot be refreshed.' },
    });
  });

  test.each([
    [6_000, 'refreshed', 1],
    [6_001, 'held', 0],
  ])('whose lease took %i ms to get is %s: 24 s must be left for the request (C.3)', async (tookMs, kind, asked) => {
    const { put } = hub.table;
    hub.table.put = async (...args) => {
      hub.moment.nowMs += tookMs;
      hub.table.put = put;
      return put(...args);
    };
    expect(await refresh(hub.ports, row)).toMatchObject({ kind });
    expect(hub.requests).toHaveLength(asked);
    expect((await hub.row()).lease).toBeUndefined();
    if (kind === 'held') expect((await hub.row()).intent).toMatchObject({ ambiguous: false, attempt: 1 });
  });
});

test.each<[string, Said]>([
  ['refreshed', fresh],
  ['timeout', { reason: 'timeout', sent: true, cause: 'no answer' }],
  ['unavailable', { status: 503 }],
  ['grant_gone', { status: 400, json: { error: 'invalid_grant' } }],
])('a refresh is counted by its provider and outcome: %s', async (outcome, said) => {
  vi.mocked(measure).mockClear();
  hub.provider = () => said;
  await refresh(hub.ports, row);
  expect(vi.mocked(measure).mock.calls[0]).toEqual(['TokenRefreshed', { provider: 'demo', outcome }]);
});

describe('a refresh that brings nothing gives its lease back, with what is to be remembered (C.3)', () => {
  const unavailable = {
    code: 'provider_unavailable',
    message: 'No valid token can be had from the provider at present.',
  };
  test.each<[string, Said, boolean, number, object]>([
    ['a server that broke', { status: 500 }, true, 1_000, { ...unavailable, cause: 'status 500' }],
    ['a gateway', { status: 503, headers: { 'retry-after': '40' } }, true, 40_000, unavailable],
    ['too many requests', { status: 429, headers: { 'retry-after': '30' } }, false, 30_000, unavailable],
    ['an answer that is none', { status: 200, json: ['?'] }, true, 1_000, unavailable],
    ['a refusal that nobody knows', { status: 400, json: { error: 'teapot' } }, false, 1_000, unavailable],
    [
      'no answer',
      { reason: 'timeout', sent: true, cause: 'no answer' },
      true,
      1_000,
      { ...unavailable, cause: 'no answer' },
    ],
    ['no connection', { reason: 'network', sent: false, cause: 'refused' } as Said, false, 1_000, unavailable],
    [
      'a client that is refused',
      { status: 401, json: { error: 'invalid_client' } },
      false,
      1_000,
      {
        code: 'not_configured',
        message: 'The provider does not accept the app that is set up in this hub.',
        cause: 'invalid_client',
      },
    ],
  ])('%s', async (_what, said, ambiguous, delayMs, error) => {
    hub.provider = () => said;
    expect(await refresh(hub.ports, row)).toMatchObject({ kind: 'failed', error });
    const left = await hub.row();
    expect(left).toMatchObject({ status: 'active', generation: row.generation, sealed: row.sealed });
    expect(left.lease).toBeUndefined();
    expect(left.intent).toMatchObject({ attempt: 1, ambiguous, notBeforeMs: hub.moment.nowMs + delayMs });
  });

  test('each attempt waits longer, ten minutes at most', async () => {
    hub.provider = () => ({ status: 503 });
    const waits: number[] = [];
    for (let attempt = 1; attempt <= 12; attempt++) {
      await refresh(hub.ports, await hub.row());
      const { intent } = await hub.row();
      waits.push((intent?.notBeforeMs ?? 0) - hub.moment.nowMs);
      hub.moment.nowMs = intent?.notBeforeMs ?? 0;
    }
    expect(waits.slice(0, 5)).toEqual([1_000, 2_000, 4_000, 8_000, 16_000]);
    expect(waits.at(-1)).toBe(300_000); // chance is a half
    expect((await hub.row()).intent).toMatchObject({ attempt: 12, ambiguous: true });
  });

  test('where that fails, the lease lapses and the answer stands', async () => {
    const bug = vi.spyOn(log, 'bug');
    hub.provider = () => {
      hub.table.put = () => Promise.reject(new Error('down'));
      return { status: 429 };
    };
    expect(await refresh(hub.ports, row)).toMatchObject({ error: { code: 'provider_unavailable' } });
    expect(bug.mock.calls[0]?.[0]).toBe('a lease was not given back; it lapses');
    expect((await hub.row()).lease).toBeDefined();
  });
});

describe('a grant that is gone', () => {
  const gone = { status: 400, json: { error: 'invalid_grant' } };

  test('is said to whoever asked, and logged without any of it', async () => {
    const warn = vi.spyOn(log, 'warn');
    hub.provider = () => gone;
    expect(await refresh(hub.ports, row)).toEqual({
      kind: 'failed',
      error: { code: 'needs_reauth', message: 'The connection must be authorized again (grant_revoked).' },
    });
    expect(warn.mock.calls).toEqual([
      [
        'a connection needs to be authorized again',
        { tenant: 'acme', provider: 'demo', connection: 'default', outcome: 'grant_revoked', cause: 'invalid_grant' },
      ],
    ]);
    expect(await hub.row()).toMatchObject({ status: 'needs_reauth', updatedAtMs: hub.moment.nowMs });
  });

  test('of a connection that was removed meanwhile is nobody’s news', async () => {
    hub.provider = () => {
      hub.table.rows.clear();
      return gone;
    };
    expect(await refresh(hub.ports, row)).toEqual({ kind: 'held' });
    expect(hub.events).toEqual([]);
  });

  test('of what is minted again has its own reason: nothing rotates there (A-17)', async () => {
    await minted();
    await change({ intent: { tokenHash: 'x', firstTriedAtMs: 0, attempt: 1, ambiguous: true } });
    hub.provider = () => ({ status: 401, json: { error: 'invalid_client' } });
    await refresh(hub.ports, row);
    expect((await hub.row()).reason).toBe('credentials_refused');
  });
});

describe('a token that was brought', () => {
  test('by what was entered is stored beside it; a refresh token with it is not', async () => {
    await minted();
    expect(await refresh(hub.ports, row)).toMatchObject({ kind: 'refreshed' });
    expect(formOf(hub.requests[0] as never)).toEqual({ grant_type: 'client_credentials' });
    expect(await hub.grant()).toEqual({ access: 'access-2', refresh: undefined });
    expect(Object.keys((await hub.row()).sealed ?? {}).sort()).toEqual(['accessToken', 'clientSecret']);
  });

  test('without scopes keeps those that were granted', async () => {
    const { scope: _, ...json } = fresh.json;
    hub.provider = () => ({ status: 200, json });
    await refresh(hub.ports, row);
    expect((await hub.row()).scopes).toEqual(row.scopes);
  });

  test('is insisted on for 25 s, and lost after that: the operator is told', async () => {
    const bug = vi.spyOn(log, 'bug');
    const beganMs = hub.moment.nowMs;
    hub.provider = () => {
      hub.table.put = () => Promise.reject(new Error('down'));
      return fresh;
    };
    expect(await refresh(hub.ports, row)).toMatchObject({
      error: { code: 'provider_unavailable', retryAfterMs: 1_000, cause: 'the refreshed token could not be stored' },
    });
    expect(hub.moment.nowMs - beganMs).toBeGreaterThanOrEqual(25_000);
    expect(hub.moment.nowMs - beganMs).toBeLessThan(26_000);
    expect(bug.mock.calls.map(([message]) => message)).toEqual(['a refreshed token was not stored']);
  });

  test('and stored by a write whose answer was lost, is handed out (C.2)', async () => {
    const { put } = hub.table;
    hub.provider = () => {
      hub.table.put = async (...args) => {
        hub.table.put = put;
        await put(...args);
        throw new Error('the answer was lost');
      };
      return fresh;
    };
    expect(await refresh(hub.ports, row)).toMatchObject({ kind: 'refreshed', connection: { status: 'active' } });
    expect(hub.events).toEqual([]);
  });

  test('for a connection that is gone is ended upstream (C-08)', async () => {
    const info = vi.spyOn(log, 'info');
    hub.provider = (request) => {
      if (request.url.endsWith('/revocation')) return { status: 200 };
      hub.table.rows.clear();
      return fresh;
    };
    expect(await refresh(hub.ports, row)).toEqual({ kind: 'held' });
    expect(hub.requests.map(formOf).at(-1)).toMatchObject({ token: 'refresh-2' });
    expect(hub.table.rows.size).toBe(0);
    expect(info.mock.calls).toEqual([
      ['a token that came after its connection was removed', { tenant: 'acme', provider: 'demo', outcome: 'revoked' }],
    ]);
  });

  test('for one that is gone, and cannot be ended there, leaves the reason in the log', async () => {
    const info = vi.spyOn(log, 'info');
    hub.provider = (request) => {
      if (request.url.endsWith('/revocation')) return { status: 503 };
      hub.table.rows.clear();
      return fresh;
    };
    await refresh(hub.ports, row);
    expect(info.mock.calls[0]?.[1]).toMatchObject({ outcome: 'status 503' });
  });

  test('late revives a connection, and the owner hears whose it is', async () => {
    hub.provider = async () => {
      await change({ status: 'needs_reauth', reason: 'rotation_lost' });
      return fresh;
    };
    expect(await refresh(hub.ports, row)).toMatchObject({ kind: 'refreshed' });
    expect(hub.events).toMatchObject([
      {
        ...{ type: 'connection.activated', tenant: 'acme', connection: 'demo' },
        data: { account: 'account-1', scopes: ['b'], reconnected: true },
      },
    ]);
  });
});

describe('a credential', () => {
  test('shows what goes onto a request, and not what it is refreshed with', async () => {
    const answer = await live();
    expect(answer).toMatchObject({ value: { generation: row.generation, connection: { version: row.version } } });
    expect(answer.ok && Object.keys(answer.value.secrets)).toEqual(['accessToken']);
  });

  test.each([
    ['revoked', 'not_found', 'There is no such connection.'],
    ['revocation_pending', 'not_found', 'There is no such connection.'],
    ['needs_reauth', 'needs_reauth', 'The connection must be authorized again (because).'],
  ] as const)('of a connection that is %s is refused as %s', async (status, code, message) => {
    await change({ status, reason: 'because' });
    expect(await live()).toEqual({ ok: false, error: { code, message } });
    expect(hub.requests).toEqual([]);
  });

  test('without anything sealed is not there: the connection must be made again', async () => {
    await change({ sealed: undefined, refreshAtMs: undefined });
    expect(await live()).toMatchObject({ error: { code: 'needs_reauth', message: /its grant is gone/ } });
  });

  test.each([
    [10_001, 'access-1'],
    [10_000, 'provider_unavailable'],
  ])('that lives %i ms longer: %s', async (leftMs, expected) => {
    hub.provider = () => ({ status: 503 });
    hub.moment.nowMs += HOUR_MS - leftMs;
    const answer = await live();
    expect(answer.ok ? answer.value.secrets.accessToken?.reveal() : answer.error.code).toBe(expected);
  });

  test.each([
    [10_001, 'active'],
    [10_000, 'needs_reauth'],
  ])('with %i ms to live and no way to another: %s', async (leftMs, status) => {
    row = await hub.connect({ expiresInS: HOUR_S });
    hub.moment.nowMs += HOUR_MS - leftMs;
    await live();
    expect(await hub.row()).toMatchObject(status === 'active' ? { status } : { status, reason: 'expired' });
    expect(hub.events).toHaveLength(status === 'active' ? 0 : 1);
    expect(hub.requests).toEqual([]);
  });

  test('that is refused, where a newer one came meanwhile, ends nothing', async () => {
    row = await hub.connect({});
    hub.provider = () => ({ status: 401 });
    const { get } = hub.table;
    hub.table.get = async (...args) => {
      hub.table.get = get;
      const before = await get(...args);
      await hub.connect({ access: 'access-9' });
      return before;
    };
    expect(await live({ refusedGeneration: row.generation })).toMatchObject({ error: { code: 'needs_reauth' } });
    expect(await hub.row()).toMatchObject({ status: 'active' });
    expect(hub.events).toEqual([]);
  });

  test("is waited for 5 s, where it is another's turn, and then told to come again", async () => {
    const beganMs = hub.moment.nowMs + HOUR_MS;
    hub.moment.nowMs = beganMs;
    await change({ lease: { owner: 'another', untilMs: beganMs + 30_000, generation: row.generation + 1 } });
    expect(await live()).toMatchObject({
      error: { code: 'provider_unavailable', retryAfterMs: 1_000, cause: 'another refresh is under way' },
    });
    expect(hub.moment.nowMs - beganMs).toBeGreaterThanOrEqual(5_000);
    expect(hub.moment.nowMs - beganMs).toBeLessThan(6_000);
  });

  test('whose refresh breaks, and that has ended, is unavailable: the operator is told where it broke', async () => {
    const bug = vi.spyOn(log, 'bug');
    hub.moment.nowMs += HOUR_MS;
    const broken = new Error('down');
    const ports = { ...hub.ports, readApp: () => Promise.reject(broken) };
    expect(await openCredentials(ports).live(acme, demoId)).toEqual({
      ok: false,
      error: { code: 'unavailable', message: 'The token cannot be refreshed at present.' },
    });
    const about = { tenant: 'acme', provider: 'demo', connection: 'default' };
    expect(bug.mock.calls).toEqual([['a refresh broke', broken, about]]);
  });
});
