import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import type { handler as Handler } from '../../../functions/connections/sweep.ts';
import { type ConnectWorld, context, startConnectWorld, ticketOf } from '../../support/connect-world.ts';
import { readEvent } from '../../support/samples.ts';

let world: ConnectWorld;
beforeAll(async () => {
  world = await startConnectWorld();
});
afterAll(() => world.stop());
beforeEach(() => {
  vi.useRealTimers();
  world.provider.reset();
});

const MINUTE = 60_000;
const ADA = 'ada@acme.example';
const later = (ms: number) => vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + ms });

async function ready(name: string, tenant = 'acme') {
  const { id, link } = await world.session({ name }, tenant);
  const browser = world.browser();
  const given = new Set(world.provider.alive);
  const back = await browser.back(world.provider.agree(await browser.begin(link), 'account-1', world.issuer));
  const token = [...world.provider.alive].find((one) => !given.has(one)) ?? '';
  return { id, ticket: ticketOf(back), token };
}

test('the sample event sweeps', async () => {
  const { handler }: { handler: typeof Handler } = await import('../../../functions/connections/sweep.ts');
  await expect(handler(readEvent('connections/sweep'), context)).resolves.toBeUndefined();
});

test('what is not confirmed within 10 minutes is revoked upstream and erased, not a minute earlier', async () => {
  const { id, ticket, token } = await ready('unconfirmed');
  later(9 * MINUTE);
  await world.sweep();
  expect(await world.row(id)).toMatchObject({ status: 'ready' });
  later(MINUTE + 1);
  await world.sweep();
  expect(world.provider.alive.has(token)).toBe(false);
  const row = await world.row(id);
  expect(row).toMatchObject({ status: 'ended', endedBecause: 'unconfirmed' });
  for (const gone of ['grant', 'dueAt', 'dueShard']) expect(row).not.toHaveProperty(gone);
  expect((await world.confirm(id, { ticket, endUser: ADA })).status).toBe(404);
});

test('a confirmed session is left alone', async () => {
  const { id, ticket, token } = await ready('confirmed');
  await world.confirm(id, { ticket, endUser: ADA });
  later(60 * MINUTE);
  await world.sweep();
  expect(world.provider.alive.has(token)).toBe(true);
  expect(await world.row(id)).toMatchObject({ status: 'confirmed' });
});

test('a confirmation that was cut off is finished', async () => {
  const { id } = await ready('cut-off');
  const row = await world.row(id);
  await world.sessions.put({ ...row, status: 'confirming', dueAt: Date.now() + MINUTE });
  later(2 * MINUTE);
  await world.sweep();
  expect(await world.row(id)).toMatchObject({ status: 'confirmed' });
  expect(await world.connections.get({ pk: 'acme', sk: 'demo#cut-off' })).toMatchObject({
    sourceSession: id,
    status: 'active',
  });
  expect(world.events.at(-1)).toMatchObject({ type: 'connection.activated', connection: 'demo:cut-off' });
});

test('a confirmation that was cut off waits while the vault cannot be asked, and keeps its grant', async () => {
  const { id, token } = await ready('vault-down', 'globex');
  await world.sessions.put({ ...(await world.row(id)), status: 'confirming', dueAt: Date.now() + MINUTE });
  later(6 * MINUTE); // beyond what the vault keeps in memory
  world.throttleKms();
  await world.sweep();
  const row = await world.row(id);
  expect(row).toMatchObject({ status: 'confirming' });
  expect(Number(row.dueAt)).toBeGreaterThan(Date.now());
  expect(world.provider.alive.has(token)).toBe(true);
  later(MINUTE + 1);
  await world.sweep();
  expect(await world.row(id)).toMatchObject({ status: 'confirmed' });
});

test('a provider that cannot be reached is asked again, ever later, and given up after a day', async () => {
  const { id, token } = await ready('unreachable');
  world.provider.faults.set('/login/token/revocation', () => ({ status: 503, body: '' }));
  const tries = () => world.provider.seen.filter(({ path }) => path === '/login/token/revocation').length;
  later(10 * MINUTE + 1);
  await world.sweep();
  expect(await world.row(id)).toMatchObject({ status: 'revoking' });
  const first = tries();
  await world.sweep();
  expect(tries()).toBe(first); // not due yet
  later(MINUTE + 1);
  await world.sweep();
  expect(tries()).toBeGreaterThan(first);
  world.provider.faults.clear();
  later(60 * MINUTE + 1);
  await world.sweep();
  expect(world.provider.alive.has(token)).toBe(false);
  expect(await world.row(id)).toMatchObject({ status: 'ended' });

  const hopeless = await ready('hopeless');
  world.provider.faults.set('/login/token/revocation', () => 'hang up');
  for (const wait of [11, 24 * 60, 61]) {
    later(wait * MINUTE);
    await world.sweep();
  }
  expect(await world.row(hopeless.id)).toMatchObject({ status: 'ended' });
  expect(await world.row(hopeless.id)).not.toHaveProperty('grant');
});

test('a session whose key was erased is ended: nothing can be revoked any more', async () => {
  const { id } = await ready('erased');
  const row = await world.row(id);
  const grant = row.grant as { sealed: object };
  await world.sessions.put({ ...row, grant: { ...grant, sealed: { accessToken: 'nonsense' } } });
  later(10 * MINUTE + 1);
  await world.sweep();
  expect(await world.row(id)).toMatchObject({ status: 'ended' });
});
