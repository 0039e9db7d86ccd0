import { beforeEach, describe, expect, test } from 'vitest';
import { clear } from '../../../shared/connections/clear.ts';
import { openCredentials } from '../../../shared/connections/credential.ts';
import { tend } from '../../../shared/connections/due.ts';
import { establish } from '../../../shared/connections/establish.ts';
import { remove } from '../../../shared/connections/remove.ts';
import { revokeAll } from '../../../shared/connections/revoke-all.ts';
import { sessionStore } from '../../../shared/connections/session-store.ts';
import { type ConnectionStore, connectionStore } from '../../../shared/connections/store.ts';
import { iso } from '../../../shared/core/clock.ts';
import type { OutboundRequest } from '../../../shared/core/fetch.ts';
import { dueShards } from '../../../shared/core/keys.ts';
import { ok } from '../../../shared/core/result.ts';
import { Secret } from '../../../shared/core/secret.ts';
import { acme, credentialPorts, demoId, formOf } from '../../support/credential-ports.ts';
import { fakeKms } from '../../support/kms.ts';
import { memoryTable } from '../../support/memory-table.ts';

// Connected again while the earlier grant is still to be ended upstream.

const HOUR_S = 3_600;
const slackId = { provider: 'slack', name: 'default' };
let hub: ReturnType<typeof credentialPorts>;
let store: ConnectionStore;
beforeEach(() => {
  fakeKms();
  hub = credentialPorts();
  store = connectionStore(hub.table);
  hub.provider = () => ({ status: 503 });
});

const disconnect = (id = demoId) => remove(hub.ports, acme, id);
const revoked = (request: OutboundRequest) => request.url.endsWith('/revocation') && formOf(request).token;
const rowsAside = () => [...hub.table.rows.values()].filter(({ aside }) => aside !== undefined);

function connectAgain(account: string, id = demoId) {
  const grant = async () => ok({ accessToken: new Secret('access-new'), refreshToken: new Secret('refresh-new') });
  const about = { tenantId: acme, id, account: { id: account }, scopes: [], expiresInS: HOUR_S };
  return establish(hub.ports, { ...about, grant, grantedAtMs: hub.moment.nowMs }, hub.moment);
}

async function tick(ms: number) {
  hub.moment.nowMs += ms;
  const due = await Promise.all(dueShards.map((shard) => store.due(shard, hub.moment.nowMs)));
  await tend(hub.ports, openCredentials(hub.ports), due.flat(), () => true);
}

describe('a connection whose revocation is under way', () => {
  test('is connected again at once, to any account, and the earlier grant goes on to its end (A-18)', async () => {
    await hub.connect({ refresh: 'refresh-1', expiresInS: HOUR_S });
    await disconnect();
    const createdAtMs = hub.moment.nowMs;
    expect(await connectAgain('account-2')).toMatchObject({ ok: true, value: { status: 'active', createdAtMs } });
    expect((await store.forTenant(acme).list()).items).toMatchObject([{ status: 'active' }]);
    expect(rowsAside()).toMatchObject([{ status: 'revocation_pending', account: { id: 'account-1' } }]);
    expect(await hub.grant()).toEqual({ access: 'access-new', refresh: 'refresh-new' });

    hub.requests.length = 0;
    hub.provider = () => ({ status: 200 });
    await tick(120_000);
    expect(hub.requests.map(revoked)).toEqual(['refresh-1']);
    expect(rowsAside()).toEqual([]);
    expect(await hub.grant()).toEqual({ access: 'access-new', refresh: 'refresh-new' });
    expect(hub.events.map(({ data }) => data)).toEqual([{ revocation: 'pending' }, { revocation: 'revoked' }]);
    expect(hub.events.at(-1)?.time).toBe(iso(createdAtMs)); // before it was connected again: nobody clears what is new
  });

  test('also where it is parked, which has it tried anew; and all of a tenant at once ends what is aside, too', async () => {
    await hub.connect({ refresh: 'refresh-1', expiresInS: HOUR_S });
    await disconnect();
    await tick(25 * HOUR_S * 1000);
    expect(await connectAgain('account-1')).toMatchObject({ ok: true });
    expect(rowsAside()).toHaveLength(1);
    await tick(60_000);
    expect(rowsAside()).toMatchObject([{ status: 'revocation_pending', removal: { attempt: 1 } }]);
    hub.provider = () => ({ status: 200 });
    await revokeAll({ store, moment: hub.moment }, { tenant: acme, provider: 'demo' }, () => true);
    await tick(3_600_000);
    expect(hub.table.rows.size).toBe(0);
  });

  test('twice in a row: each grant has its own end', async () => {
    await hub.connect({ refresh: 'refresh-1', expiresInS: HOUR_S });
    await disconnect();
    await connectAgain('account-1');
    await disconnect();
    await connectAgain('account-1');
    expect(rowsAside()).toHaveLength(2);
    hub.requests.length = 0;
    hub.provider = () => ({ status: 200 });
    await tick(120_000);
    expect(hub.requests.map(revoked).sort()).toEqual(['refresh-1', 'refresh-new']);
    expect(await hub.row()).toMatchObject({ status: 'active' });
  });

  test('that was cut off on its way aside is connected by the next try, and all of it ends', async () => {
    await hub.connect({ refresh: 'refresh-1', expiresInS: HOUR_S });
    await disconnect();
    const { put } = hub.table;
    let writes = 0;
    hub.table.put = (...given) => (++writes === 2 ? Promise.reject(new Error('down')) : put(...given));
    await expect(connectAgain('account-2')).rejects.toThrow('down');
    expect(hub.table.rows.size).toBe(2);
    hub.provider = () => ({ status: 200 });
    expect(await connectAgain('account-2')).toMatchObject({ ok: true });
    await tick(120_000);
    expect(rowsAside()).toEqual([]);
    expect(await hub.row()).toMatchObject({ status: 'active', account: { id: 'account-2' } });
  });

  test('a token that a refresh brings so late is ended with the earlier grant (C-08)', async () => {
    await hub.connect({ refresh: 'refresh-1', expiresInS: HOUR_S });
    hub.moment.nowMs += HOUR_S * 1000;
    hub.provider = async (request) => {
      if (revoked(request)) return { status: 200 };
      await disconnect();
      await connectAgain('account-2');
      return { status: 200, json: { access_token: 'access-2', refresh_token: 'refresh-2', token_type: 'bearer' } };
    };
    expect(await openCredentials(hub.ports).live(acme, demoId)).toMatchObject({ ok: true });
    await tick(60_000);
    expect(hub.requests.map(revoked).filter(Boolean)).toEqual(['refresh-2']);
    expect(rowsAside()).toEqual([]);
    expect(await hub.grant()).toEqual({ access: 'access-new', refresh: 'refresh-new' });
  });

  test('goes with its tenant', async () => {
    await hub.connect({ refresh: 'refresh-1', expiresInS: HOUR_S });
    await disconnect();
    await connectAgain('account-2');
    await clear({ store, sessions: sessionStore(memoryTable()) }, acme, hub.moment.nowMs);
    expect(hub.table.rows.size).toBe(0);
  });
});

describe('where an account has one grant, and its end would end the new one too', () => {
  test.each([
    ['the same account goes on with it: the provider is not asked', 'account-1', [], 'shared'],
    ['another account leaves it to its end', 'account-2', ['Bearer access-1'], 'revoked'],
  ])('%s', async (_says, account, ends, revocation) => {
    await hub.connect({ refresh: 'refresh-1', expiresInS: HOUR_S }, slackId);
    expect(await disconnect(slackId)).toMatchObject({ value: { status: 'revocation_pending' } });
    expect(await connectAgain(account, slackId)).toMatchObject({ ok: true });
    hub.requests.length = 0;
    hub.provider = () => ({ status: 200, json: { ok: true } });
    await tick(60_000);
    expect(hub.requests.map(({ headers }) => headers.authorization)).toEqual(ends);
    expect(rowsAside()).toEqual([]);
    expect(hub.events.map(({ data }) => data)).toEqual([{ revocation: 'pending' }, { revocation }]);
  });
});
