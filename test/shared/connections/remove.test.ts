import { beforeEach, describe, expect, test, vi } from 'vitest';
import { dueAtMs, toView } from '../../../shared/connections/connection.ts';
import { openCredentials } from '../../../shared/connections/credential.ts';
import { tend } from '../../../shared/connections/due.ts';
import { endGrant } from '../../../shared/connections/end-grant.ts';
import { remove } from '../../../shared/connections/remove.ts';
import type { OutboundRequest } from '../../../shared/core/fetch.ts';
import { measure } from '../../../shared/core/metrics.ts';
import { catalogue } from '../../../shared/providers/catalogue.ts';
import { acme, credentialPorts, demoId, formOf } from '../../support/credential-ports.ts';
import { fakeKms } from '../../support/kms.ts';

vi.mock(import('../../../shared/core/metrics.ts'), { spy: true });

const HOUR_S = 3_600;
let hub: ReturnType<typeof credentialPorts>;
beforeEach(() => {
  fakeKms();
  hub = credentialPorts();
  hub.provider = () => ({ status: 200 });
});

const disconnect = () => remove(hub.ports, acme, demoId);
const live = () => openCredentials(hub.ports).live(acme, demoId);
const revoked = (request: OutboundRequest) => request.url.endsWith('/revocation') && formOf(request).token;
const revocations = () => hub.events.map(({ data }) => (data as { revocation?: string }).revocation);

/** The schedule's tick, `ms` later. */
async function tick(ms: number) {
  hub.moment.nowMs += ms;
  const row = await hub.row();
  if (row) await tend(hub.ports, openCredentials(hub.ports), [row], () => true);
}

describe('disconnecting (A-18)', () => {
  test('revokes upstream, erases the row, and says so', async () => {
    await hub.connect({ refresh: 'refresh-1', expiresInS: HOUR_S });
    expect(await disconnect()).toMatchObject({
      ok: true,
      value: { provider: 'demo', name: 'default', status: 'revoked' },
    });
    expect(hub.requests.map(revoked)).toEqual(['refresh-1']);
    expect(await hub.row()).toBeUndefined();
    expect(hub.events).toMatchObject([
      { type: 'connection.removed', connection: 'demo', data: { revocation: 'revoked' } },
    ]);
    expect(await disconnect()).toMatchObject({ error: { code: 'not_found' } });
  });

  test('makes the token unusable before the provider is asked, whatever it says', async () => {
    await hub.connect({ refresh: 'refresh-1', expiresInS: HOUR_S });
    let meanwhile: unknown;
    hub.provider = async () => {
      meanwhile = await live();
      return { status: 503 };
    };
    expect(await disconnect()).toMatchObject({ value: { status: 'revocation_pending' } });
    expect(meanwhile).toMatchObject({ error: { code: 'not_found' } });
    expect(await live()).toMatchObject({ error: { code: 'not_found' } });
  });

  test('goes on until the provider has ended the grant, with growing pauses; the owner hears of each stage once', async () => {
    await hub.connect({ refresh: 'refresh-1', expiresInS: HOUR_S });
    hub.provider = () => ({ reason: 'network', sent: false, cause: 'down' });
    await disconnect();
    const waits: number[] = [];
    for (let turn = 0; turn < 4; turn++) {
      const { removal } = await hub.row();
      waits.push((removal?.nextAtMs ?? 0) - hub.moment.nowMs);
      await tick(waits.at(-1) ?? 0);
    }
    expect(waits).toEqual([30_000, 60_000, 120_000, 240_000]);
    hub.provider = () => ({ status: 200 });
    await tick(HOUR_S * 1000);
    expect(await hub.row()).toBeUndefined();
    expect(revocations()).toEqual(['pending', 'revoked']);
  });

  test('is parked after a day, with an alarm: unusable as before, and nobody asks the provider again', async () => {
    await hub.connect({ refresh: 'refresh-1', expiresInS: HOUR_S });
    hub.provider = () => ({ status: 500 });
    await disconnect();
    await tick(24 * HOUR_S * 1000 - 1);
    expect(dueAtMs(await hub.row())).toBeDefined();
    await tick(1);
    const row = await hub.row();
    expect(toView(row)).toMatchObject({ status: 'revocation_pending', reason: 'revocation_parked' });
    expect(dueAtMs(row)).toBeUndefined();
    expect(await live()).toMatchObject({ error: { code: 'not_found' } });
    expect(revocations()).toEqual(['pending', 'parked']);
    expect(vi.mocked(measure).mock.lastCall).toEqual(['Revocation', { provider: 'demo', outcome: 'parked' }]);
  });

  test('that was parked is tried anew when asked for', async () => {
    await hub.connect({ refresh: 'refresh-1', expiresInS: HOUR_S });
    hub.provider = () => ({ status: 500 });
    await disconnect();
    await tick(24 * HOUR_S * 1000);
    expect(await disconnect()).toMatchObject({ value: { status: 'revocation_pending' } });
    expect(dueAtMs(await hub.row())).toBeGreaterThan(hub.moment.nowMs);
    hub.provider = () => ({ status: 200 });
    expect(await disconnect()).toMatchObject({ value: { status: 'revoked' } });
    expect(await hub.row()).toBeUndefined();
  });

  test('that broke off before the row was erased is done again, under the same event id', async () => {
    await hub.connect({ refresh: 'refresh-1', expiresInS: HOUR_S });
    const { remove: erase } = hub.table;
    hub.table.remove = () => Promise.reject(new Error('throttled'));
    await expect(disconnect()).rejects.toThrow('throttled');
    hub.table.remove = erase;
    await tick(60_000);
    expect(await hub.row()).toBeUndefined();
    expect(hub.events.map(({ id }) => id)).toEqual([hub.events[0]?.id, hub.events[0]?.id]);
  });

  test('of a connection whose grant is gone asks nobody', async () => {
    await hub.connect({ refresh: 'refresh-1', expiresInS: HOUR_S });
    await endGrant(hub.ports, acme, demoId, { reason: 'uninstalled', atMs: hub.moment.nowMs });
    hub.events.length = 0;
    expect(await disconnect()).toMatchObject({ value: { status: 'revoked' } });
    expect(hub.requests).toEqual([]);
    expect(revocations()).toEqual(['none']);
  });

  test('of a provider that is offered no more asks nobody', async () => {
    await hub.connect({ refresh: 'refresh-1' });
    const ports = { ...hub.ports, findProvider: () => undefined };
    expect(await remove(ports, acme, demoId)).toMatchObject({ value: { status: 'revoked' } });
    expect(hub.requests).toEqual([]);
  });

  test('waits while the app is not set up: the grant may live on', async () => {
    await hub.connect({ refresh: 'refresh-1' });
    const ports = { ...hub.ports, readApp: async () => ({}) };
    expect(await remove(ports, acme, demoId)).toMatchObject({ value: { status: 'revocation_pending' } });
  });
});

describe('while a refresh is in flight (C-08)', () => {
  test('the token that comes late is kept aside, never used, and ended upstream', async () => {
    await hub.connect({ refresh: 'refresh-1', expiresInS: HOUR_S });
    hub.moment.nowMs += HOUR_S * 1000;
    let pending: unknown;
    hub.provider = async (request) => {
      if (revoked(request)) return { status: 200 };
      pending = await disconnect();
      return { status: 200, json: { access_token: 'access-2', refresh_token: 'refresh-2', token_type: 'bearer' } };
    };
    expect(await live()).toMatchObject({ error: { code: 'not_found' } });
    expect(pending).toMatchObject({ value: { status: 'revocation_pending' } });
    expect(await hub.grant()).toMatchObject({ refresh: 'refresh-2' });
    await tick(60_000);
    expect(hub.requests.map(revoked).filter(Boolean)).toEqual(['refresh-2']);
    expect(await hub.row()).toBeUndefined();
    expect(revocations()).toEqual(['pending', 'revoked']);
  });

  test('one that comes after the row is gone is ended at once', async () => {
    await hub.connect({ refresh: 'refresh-1', expiresInS: HOUR_S });
    hub.moment.nowMs += HOUR_S * 1000;
    hub.provider = async (request) => {
      if (revoked(request)) return { status: 200 };
      await hub.table.remove({ pk: 'acme', sk: 'demo#default' });
      return { status: 200, json: { access_token: 'access-2', refresh_token: 'refresh-2', token_type: 'bearer' } };
    };
    expect(await live()).toMatchObject({ error: { code: 'not_found' } });
    expect(hub.requests.map(revoked).filter(Boolean)).toEqual(['refresh-2']);
    expect(await hub.row()).toBeUndefined();
  });
});

describe('where the provider wants the access token itself', () => {
  const slackId = { provider: 'slack', name: 'default' };
  const slackRow = () => hub.ports.store.forTenant(acme).get(slackId);
  const ended = (request: OutboundRequest) => request.url.endsWith('/auth.revoke') && request.headers.authorization;

  test('an expired one is renewed first, or the refresh token would live on', async () => {
    await hub.connect({ access: 'old', refresh: 'refresh-1', expiresInS: HOUR_S }, slackId);
    hub.moment.nowMs += HOUR_S * 1000;
    const json = { ok: true, access_token: 'new', refresh_token: 'refresh-2', token_type: 'bot', expires_in: 43_200 };
    hub.provider = (request) => (ended(request) ? { status: 200, json: { ok: true } } : { status: 200, json });
    expect(catalogue.slack?.provider.auth[0]).toMatchObject({ revoke: { style: 'bearer' } });
    expect(await remove(hub.ports, acme, slackId)).toMatchObject({ value: { status: 'revoked' } });
    expect(hub.requests.map(ended)).toEqual([false, 'Bearer new']);
    expect(await slackRow()).toBeUndefined();
  });

  test('one that cannot be renewed because the grant is gone is ended already', async () => {
    await hub.connect({ refresh: 'refresh-1', expiresInS: HOUR_S }, slackId);
    hub.moment.nowMs += HOUR_S * 1000;
    hub.provider = () => ({ status: 200, json: { ok: false, error: 'invalid_refresh_token' } });
    expect(await remove(hub.ports, acme, slackId)).toMatchObject({ value: { status: 'revoked' } });
    expect(hub.requests).toHaveLength(1);
  });

  test('the renewed one is kept for the next try, should its revocation fail', async () => {
    await hub.connect({ refresh: 'refresh-1', expiresInS: HOUR_S }, slackId);
    hub.moment.nowMs += HOUR_S * 1000;
    const json = { ok: true, access_token: 'new', refresh_token: 'refresh-2', token_type: 'bot', expires_in: 43_200 };
    hub.provider = (request) => (ended(request) ? { status: 503 } : { status: 200, json });
    expect(await remove(hub.ports, acme, slackId)).toMatchObject({ value: { status: 'revocation_pending' } });
    hub.provider = () => ({ status: 200, json: { ok: true } });
    hub.moment.nowMs += 60_000;
    const row = await slackRow();
    if (row) await tend(hub.ports, openCredentials(hub.ports), [row], () => true);
    expect(hub.requests.map(ended)).toEqual([false, 'Bearer new', 'Bearer new']);
    expect(await slackRow()).toBeUndefined();
  });
});

describe('the tick', () => {
  test("refreshes what is due, so that an idle connection's grant does not lapse", async () => {
    await hub.connect({ refresh: 'refresh-1', expiresInS: HOUR_S });
    hub.provider = () => ({
      status: 200,
      json: { access_token: 'access-2', refresh_token: 'refresh-2', token_type: 'bearer', expires_in: HOUR_S },
    });
    await tick(0.8 * HOUR_S * 1000);
    expect(await hub.grant()).toEqual({ access: 'access-2', refresh: 'refresh-2' });
  });

  test('tells the owner of a lost grant whom nobody told', async () => {
    await hub.connect({ refresh: 'refresh-1', expiresInS: HOUR_S });
    hub.moment.nowMs += HOUR_S * 1000;
    hub.provider = () => ({ status: 400, json: { error: 'invalid_grant' } });
    const ports = { ...hub.ports, publish: () => Promise.reject(new Error('down')) };
    await openCredentials(ports).live(acme, demoId);
    expect(hub.events).toEqual([]);
    await tick(60_000);
    await tick(60_000);
    expect(hub.events).toMatchObject([{ type: 'connection.needs_reauth', data: { reason: 'grant_revoked' } }]);
  });

  test('begins nothing that it may not finish, and is not held up by one that breaks', async () => {
    await hub.connect({ refresh: 'refresh-1', expiresInS: HOUR_S });
    hub.moment.nowMs += HOUR_S * 1000;
    const row = await hub.row();
    await tend(hub.ports, openCredentials(hub.ports), [row], () => false);
    expect(hub.requests).toEqual([]);
    const broken = { ...row, status: 'revocation_pending' as const, name: 'broken' };
    const get = hub.table.get;
    hub.table.get = (key) => (key.sk === 'demo#broken' ? Promise.reject(new Error('down')) : get(key));
    await tend(hub.ports, openCredentials(hub.ports), [broken, row], () => true);
    expect(hub.requests).toHaveLength(1);
  });
});
