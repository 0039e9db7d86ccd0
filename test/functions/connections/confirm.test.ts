import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { handler as Handler } from '../../../functions/connections/confirm.ts';
import { type ConnectWorld, context, type Reply, startConnectWorld, ticketOf } from '../../support/connect-world.ts';
import { readEvent } from '../../support/samples.ts';

let world: ConnectWorld;
beforeAll(async () => {
  world = await startConnectWorld();
});
afterAll(() => world.stop());
beforeEach(() => void vi.useRealTimers());

const ADA = 'ada@acme.example';
let count = 0;

/** A session whose end user has agreed at the provider, waiting for its confirmation. */
async function ready(wish: Record<string, unknown> = {}, account = 'account-1') {
  const name = (wish.name as string) ?? `c${count++}`;
  const { id, link } = await world.session({ name, ...wish });
  const browser = world.browser();
  const given = new Set(world.provider.alive);
  const back = await browser.back(world.provider.agree(await browser.begin(link), account, world.issuer));
  const token = [...world.provider.alive].find((one) => !given.has(one)) ?? '';
  return { id, name, browser, back, ticket: ticketOf(back), token };
}

const stored = (name: string, tenant = 'acme') => world.connections.get({ pk: tenant, sk: `demo#${name}` });

test('the sample event of an unknown session is 404', async () => {
  const { handler }: { handler: typeof Handler } = await import('../../../functions/connections/confirm.ts');
  const answer = await handler(readEvent('connections/confirm') as Parameters<typeof handler>[0], context);
  expect(answer.statusCode).toBe(404);
});

describe('who may confirm', () => {
  test.each([
    ['another ticket', { ticket: 'A'.repeat(43) }, 'acme'],
    ['no ticket to speak of', { ticket: '1' }, 'acme'],
    ['another tenant with the right ticket', {}, 'globex'],
    ['another tenant with the right ticket and another end user', { endUser: 'x' }, 'globex'],
    ['another end user with another ticket', { ticket: 'A'.repeat(43), endUser: 'x' }, 'acme'],
  ])('not %s: 404, and nothing changes', async (_name, change, tenant) => {
    const { id, name, ticket } = await ready();
    const reply = await world.confirm(id, { ticket, endUser: ADA, ...change }, tenant);
    expect([reply.status, reply.json.code]).toEqual([404, 'not_found']);
    expect(await world.row(id)).toMatchObject({ status: 'ready' });
    expect(await stored(name)).toBeUndefined();
    expect((await world.confirm(id, { ticket, endUser: ADA })).status).toBe(200);
  });

  test('every refusal reads alike', async () => {
    const { id, ticket } = await ready();
    const replies = [
      await world.confirm('cs_none', { ticket, endUser: ADA }),
      await world.confirm(id, { ticket: 'A'.repeat(43), endUser: ADA }),
      await world.confirm(id, { ticket, endUser: ADA }, 'globex'),
      await world.confirm(id, { ticket, endUser: 'mallory@acme.example' }),
      await world.confirm(id, { ticket, endUser: ADA }), // ended by the one before
    ];
    expect(new Set(replies.map(({ status, json }) => `${status} ${json.detail}`)).size).toBe(1);
  });

  test.each(['', 'ADA@ACME.EXAMPLE', 'ada@acme.example.evil', 'ada'])(
    'not for another end user: %j',
    async (endUser) => {
      const { id, ticket } = await ready();
      expect((await world.confirm(id, { ticket, endUser })).status).toBe(endUser === '' ? 400 : 404);
    },
  );

  test('not after 10 minutes, the row still there (A-21)', async () => {
    const { id, name, ticket } = await ready();
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 10 * 60_000 });
    const reply = await world.confirm(id, { ticket, endUser: ADA });
    expect([reply.status, reply.json.code]).toEqual([410, 'link_expired']);
    expect(await stored(name)).toBeUndefined();
  });

  test.each(['endUser', 'ticketHash', 'tenantId'])('not where the row lacks its %s (A-53)', async (field) => {
    const { id, name, ticket } = await ready();
    await world.sessions.update({ pk: `session#${id}` }, { update: `REMOVE #${field}` });
    const { status, json } = await world.confirm(id, { ticket, endUser: ADA });
    expect([status, json.code]).toEqual([404, 'not_found']);
    expect(await stored(name)).toBeUndefined();
  });
});

describe('an attacker whose link a victim completes (A-33)', () => {
  test('gets no connection, and the victim’s grant is revoked: 100 of 100', async () => {
    for (let round = 0; round < 100; round++) {
      // Mallory has a session made for herself; the victim's browser does the whole flow.
      const { id, name, ticket, token } = await ready({ endUser: 'mallory@acme.example' }, `victim-${round}`);
      // The victim comes back to the owner's app, which knows who is signed in, and confirms for that person.
      expect((await world.confirm(id, { ticket, endUser: ADA })).status).toBe(404);
      expect(world.provider.alive.has(token)).toBe(false);
      expect(await stored(name)).toBeUndefined();
      const row = await world.row(id);
      expect(row).toMatchObject({ status: 'ended', endedBecause: 'end_user_mismatch' });
      expect(row).not.toHaveProperty('grant');
      expect(row).not.toHaveProperty('dueAt');
    }
  });

  test('is not helped by a ticket of her own session', async () => {
    const [victim, own] = [await ready(), await ready({ endUser: 'mallory@acme.example' })];
    expect((await world.confirm(victim.id, { ticket: own.ticket, endUser: ADA })).status).toBe(404);
    expect((await world.confirm(own.id, { ticket: victim.ticket, endUser: 'mallory@acme.example' })).status).toBe(404);
  });
});

describe('before the confirmation', () => {
  test('no API knows the connection: the same answers as for a missing one (A-34)', async () => {
    const { name } = await ready();
    const as = { kind: 'tenant', tenantId: 'acme' };
    const get = (connection: string) => world.ask('get', { path: { tenant: 'acme', connection }, principal: as });
    const [unconfirmed, missing] = [await get(`demo:${name}`), await get('demo:missing')];
    expect([unconfirmed.status, unconfirmed.body]).toEqual([404, missing.body]);
    const list = await world.ask('list', { path: { tenant: 'acme' }, principal: as });
    expect(list.body).not.toContain(`"${name}"`);
    const byAccount = await world.connections.query({
      index: 'by-account',
      where: '#accountKey = :key',
      values: { ':key': 'demo#account-unconfirmed' },
    });
    expect(byAccount.items).toEqual([]);
  });
});

describe('a confirmation', () => {
  test('is sealed anew for its own place, and the session forgets its copy (B-01)', async () => {
    const { id, name, ticket } = await ready();
    const { grant } = await world.row(id);
    await world.confirm(id, { ticket, endUser: ADA });
    const row = await stored(name);
    expect(row).toMatchObject({ tenantId: 'acme', status: 'active', sourceSession: id });
    expect(JSON.stringify(row)).not.toContain((grant as { sealed: { accessToken: string } }).sealed.accessToken);
    expect(await world.row(id)).not.toHaveProperty('grant');
  });

  test('counts the token’s life from when it was granted', async () => {
    const { id, name, ticket } = await ready();
    const { grantedAtMs } = (await world.row(id)).grant as { grantedAtMs: number };
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 5 * 60_000 });
    await world.confirm(id, { ticket, endUser: ADA });
    const expiresAtMs = Number((await stored(name))?.expiresAtMs);
    expect(expiresAtMs).toBeLessThanOrEqual(grantedAtMs + 3_600_000);
    expect(expiresAtMs).toBeGreaterThan(grantedAtMs + 3_598_000);
  });

  test('of 20 at the same time makes one connection, and all get it', async () => {
    const { id, name, ticket } = await ready();
    const replies = await Promise.all(Array.from({ length: 20 }, () => world.confirm(id, { ticket, endUser: ADA })));
    for (const { status, json } of replies) expect([status, json]).toEqual([200, replies[0]?.json]);
    const events = world.events.filter(({ connection }) => connection === `demo:${name}`);
    expect(new Set(events.map(({ id: event }) => event)).size).toBe(1);
  });

  test('over a connection to the same account gives it a new generation', async () => {
    const first = await ready({ name: 'again' });
    await world.confirm(first.id, { ticket: first.ticket, endUser: ADA });
    const before = await stored('again');
    const second = await ready({ name: 'again' });
    const reply = await world.confirm(second.id, { ticket: second.ticket, endUser: ADA });
    expect(reply.status).toBe(200);
    const after = await stored('again');
    expect(Number(after?.generation)).toBeGreaterThan(Number(before?.generation));
    expect(after?.createdAtMs).toBe(before?.createdAtMs);
    expect(world.events.at(-1)).toMatchObject({ data: { account: 'account-1', reconnected: true } });
    const late = await world.confirm(first.id, { ticket: first.ticket, endUser: ADA });
    expect([late.status, late.json.code]).toEqual([409, 'conflict']);
  });

  test('over a connection to another account is refused, the new grant revoked, the old one stays', async () => {
    const first = await ready({ name: 'mine' });
    await world.confirm(first.id, { ticket: first.ticket, endUser: ADA });
    const before = await stored('mine');
    const second = await ready({ name: 'mine' }, 'account-2');
    const reply = await world.confirm(second.id, { ticket: second.ticket, endUser: ADA });
    expect([reply.status, reply.json.code]).toEqual([409, 'account_mismatch']);
    expect(await stored('mine')).toEqual(before);
    expect(world.provider.alive.has(second.token)).toBe(false);
    expect(world.provider.alive.has(first.token)).toBe(true);
  });

  test('over a connection to another account, where the session allows that, ends its grant upstream, and what hung on it (A-18)', async () => {
    const first = await ready({ name: 'swapped' });
    await world.confirm(first.id, { ticket: first.ticket, endUser: ADA });
    const farewell = { method: 'DELETE', path: '/channels/1' };
    await world.connections.update(
      { pk: 'acme', sk: 'demo#swapped' },
      { update: 'SET #farewells = :farewells', values: { ':farewells': { channel: farewell } } },
    );
    const second = await ready({ name: 'swapped', allowAccountChange: true }, 'account-2');
    world.provider.seen.length = 0;
    const reply = await world.confirm(second.id, { ticket: second.ticket, endUser: ADA });
    expect([reply.status, reply.json.account.id]).toEqual([200, 'account-2']);
    const activated = world.events.at(-1);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 60_000 });
    await world.tick();
    expect(world.provider.seen.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'DELETE /api/channels/1',
      'POST /login/token/revocation',
    ]);
    expect([first.token, second.token].map((one) => world.provider.alive.has(one))).toEqual([false, true]);
    expect(await stored('swapped')).toMatchObject({ status: 'active', account: { id: 'account-2' } });
    const removed = world.events.at(-1);
    expect(removed).toMatchObject({ type: 'connection.removed', data: { revocation: 'revoked' } });
    expect(Date.parse(removed?.time ?? '')).toBeLessThan(Date.parse(activated?.time ?? '')); // what is new stays
  });

  test('that was cut off after any write is finished by the same confirmation', async () => {
    for (const cut of ['confirming', 'stored']) {
      const { id, name, ticket } = await ready();
      const before = await world.row(id);
      const first = cut === 'stored' ? await world.confirm(id, { ticket, endUser: ADA }) : undefined;
      await world.sessions.put({ ...before, status: 'confirming' }); // as it stood when the function ended
      const reply = await world.confirm(id, { ticket, endUser: ADA });
      expect(reply.status).toBe(200);
      if (first) expect(reply.json).toEqual(first.json);
      expect(await world.row(id)).toMatchObject({ status: 'confirmed' });
      expect(await stored(name)).toMatchObject({ sourceSession: id });
    }
  });

  test('whose event the bus did not take fails, and is finished by the next', async () => {
    const { PutEventsCommand, EventBridgeClient } = await import('@aws-sdk/client-eventbridge');
    const { id, name, ticket } = await ready();
    const send = vi.spyOn(EventBridgeClient.prototype, 'send');
    send.mockImplementationOnce(() => Promise.reject(new Error('bus down')) as never);
    expect((await world.confirm(id, { ticket, endUser: ADA })).status).toBe(500);
    expect(send.mock.calls[0]?.[0]).toBeInstanceOf(PutEventsCommand);
    send.mockRestore();
    expect(await world.row(id)).toMatchObject({ status: 'confirming' });
    expect((await world.confirm(id, { ticket, endUser: ADA })).status).toBe(200);
    expect(world.events.at(-1)).toMatchObject({ connection: `demo:${name}`, data: { reconnected: false } });
  });

  test('shows no token in any answer or row (A-55)', async () => {
    const { id, name, ticket, back }: { id: string; name: string; ticket: string; back: Reply } = await ready();
    const reply = await world.confirm(id, { ticket, endUser: ADA });
    const everything = JSON.stringify([back, reply, await stored(name), await world.row(id), world.events]);
    expect(everything).not.toMatch(/at-[0-9a-f]{8}|rt-[0-9a-f]{8}/);
  });
});
