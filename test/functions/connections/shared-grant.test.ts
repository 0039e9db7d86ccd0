import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { log } from '../../../shared/core/log.ts';
import { type ConnectWorld, errorOf, startConnectWorld, ticketOf } from '../../support/connect-world.ts';

// Where the end of one grant ends all that the account granted (Slack, Discord), a connection that stands is not cut off by
// what becomes of another sign-in, or of another connection of the same account.

const ADA = 'ada@acme.example';
const MINUTE = 60_000;
const REVOKE = '/slack/api/auth.revoke';

let world: ConnectWorld;
beforeAll(async () => {
  world = await startConnectWorld();
  world.secrets['patchbay/local/discord'] = {
    ...{ clientId: 'client-1', clientSecret: 'secret-of-the-client' },
    origins: { 'https://discord.com': `${world.provider.url}/discord` },
  };
});
afterAll(() => world.stop());
beforeEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  world.provider.reset();
});

const later = (ms: number) => vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + ms });
const asked = (path: string) => world.provider.seen.filter((one) => one.path === path);

interface Wish {
  readonly account: string;
  readonly name?: string;
  readonly tenant?: string;
  readonly provider?: string;
}

/** A session whose end user has agreed at the provider, waiting for its confirmation. */
async function ready({ account, name = 'default', tenant = 'acme', provider = 'slack' }: Wish) {
  const { id, link } = await world.session({ provider, name }, tenant);
  const browser = world.browser();
  const back = await browser.back(world.provider.agree(await browser.begin(link), account), provider);
  return { id, back, confirm: (endUser = ADA) => world.confirm(id, { ticket: ticketOf(back), endUser }, tenant) };
}

async function connect(wish: Wish) {
  expect((await (await ready(wish)).confirm()).status).toBe(200);
  world.provider.seen.length = 0;
}

const stored = (name = 'default', tenant = 'acme') => world.connections.get({ pk: tenant, sk: `slack#${name}` });

describe('a sign-in that comes to nothing', () => {
  test.each<[string, Partial<Wish>]>([
    ['under its own name', {}],
    ['under another name', { name: 'other' }],
    ['by another tenant', { tenant: 'globex' }],
  ])('and is not confirmed leaves the connection of the account alone: %s (A-33)', async (says, again) => {
    const account = `T-${says}`;
    await connect({ account, name: 'standing' });
    const info = vi.spyOn(log, 'info');
    const { id } = await ready({ account, name: 'standing', ...again });
    later(11 * MINUTE);
    await world.sweep();
    expect(asked(REVOKE)).toEqual([]);
    expect(await world.row(id)).toMatchObject({ status: 'ended', endedBecause: 'unconfirmed' });
    expect(await world.row(id)).not.toHaveProperty('grant');
    expect(await stored('standing')).toMatchObject({ status: 'active', account: { id: account } });
    const released = { session: id, tenant: again.tenant ?? 'acme', provider: 'slack' };
    const said = { ...released, outcome: 'shared', cause: 'unconfirmed' };
    expect(info.mock.calls).toContainEqual(['the grant of a connect session was released', said]);
    await world.remove('slack:standing');
  });

  test('because another end user was vouched for leaves it alone, too (A-33)', async () => {
    await connect({ account: 'T-cosf' });
    const { id, confirm } = await ready({ account: 'T-cosf' });
    expect((await confirm('mallory@acme.example')).status).toBe(404);
    expect(asked(REVOKE)).toEqual([]);
    expect(await world.row(id)).toMatchObject({ status: 'ended', endedBecause: 'end_user_mismatch' });
    expect((await world.remove('slack')).json.status).toBe('revoked');
    expect(asked(REVOKE)).toHaveLength(1);
  });

  test('because the vault cannot be reached leaves it alone, too', async () => {
    await connect({ account: 'T-vault' });
    const { id, link } = await world.session({ provider: 'slack', name: 'other' }, 'globex');
    const browser = world.browser();
    const back = world.provider.agree(await browser.begin(link), 'T-vault');
    later(6 * MINUTE); // beyond what the vault keeps in memory
    world.throttleKms();
    expect((await browser.back(back, 'slack')).status).toBe(500);
    expect(asked(REVOKE)).toEqual([]);
    expect(await world.row(id)).not.toHaveProperty('grant');
    await world.remove('slack');
  });

  test('because nobody can say whose it is ends no grant: it might be the one that a connection lives on', async () => {
    const path = '/discord/api/v10/users/@me';
    const headers = { 'content-type': 'application/json' };
    world.provider.faults.set(path, () => ({ headers, body: '{"id":"D-1"}' }));
    await connect({ account: 'D-1', provider: 'discord' });
    world.provider.faults.set(path, () => ({ status: 503, body: '' }));
    const { back } = await ready({ account: 'D-1', provider: 'discord' });
    expect(errorOf(back)).toBe('exchange_failed');
    expect(asked('/discord/api/oauth2/token/revoke')).toEqual([]);
  });

  test('ends the grant upstream where no connection stands on it', async () => {
    await ready({ account: 'T-alone' });
    later(11 * MINUTE);
    await world.sweep();
    expect(asked(REVOKE)).toHaveLength(1);
  });
});

describe('a disconnection', () => {
  test.each<[string, Partial<Wish>, string]>([
    ['name', { name: 'second' }, 'slack:second'],
    ['tenant', { tenant: 'globex' }, 'slack'],
  ])('leaves the grant that a connection under another %s lives on; the last one ends it', async (says, wish, ref) => {
    const account = `T-two-${says}`;
    await connect({ account });
    await connect({ account, ...wish });
    const first = await world.remove('slack');
    expect(first.json).toMatchObject({ status: 'revoked', reason: 'grant_shared' });
    expect(await stored()).toBeUndefined();
    expect(asked(REVOKE)).toEqual([]);
    expect(world.events.at(-1)).toMatchObject({ type: 'connection.removed', data: { revocation: 'shared' } });
    const last = await world.remove(ref, wish.tenant);
    expect([last.json.status, last.json.reason]).toEqual(['revoked', undefined]);
    expect(asked(REVOKE)).toHaveLength(1);
  });

  test('of two at once leaves nothing upstream', async () => {
    await connect({ account: 'T-both' });
    await connect({ account: 'T-both', name: 'second' });
    await Promise.all([world.remove('slack'), world.remove('slack:second')]);
    expect(asked(REVOKE).length).toBeGreaterThan(0);
    expect([await stored(), await stored('second')]).toEqual([undefined, undefined]);
  });
});
