import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ConnectWorld, RETURN_URL, startConnectWorld, ticketOf } from '../../support/connect-world.ts';

let world: ConnectWorld;
beforeAll(async () => {
  world = await startConnectWorld();
});
afterAll(() => world.stop());

describe('connecting an account', () => {
  test.each([
    ['demo', 'account-1'],
    ['github', '583231'],
    ['slack', 'T0123'],
  ])('%s: from the session to the connection', async (provider, account) => {
    const { id, link } = await world.session({ provider, name: 'whole-way' });
    const browser = world.browser();
    const authorize = await browser.begin(link);
    const back = await browser.back(
      world.provider.agree(authorize, account, provider === 'demo' ? world.issuer : undefined),
      provider,
    );
    expect(back.status).toBe(303);
    expect(back.location).toMatch(`${RETURN_URL}?session=${id}&ticket=`);
    const confirmed = await world.confirm(id, { ticket: ticketOf(back), endUser: 'ada@acme.example' });
    expect(confirmed.status).toBe(200);
    expect(confirmed.json).toMatchObject({
      provider,
      name: 'whole-way',
      status: 'active',
      account: { id: account },
      mode: 'live',
    });
    expect(world.events.at(-1)).toMatchObject({
      type: 'connection.activated',
      tenant: 'acme',
      connection: `${provider}:whole-way`,
    });
    const again = await world.confirm(id, { ticket: ticketOf(back), endUser: 'ada@acme.example' });
    expect([again.status, again.json]).toEqual([200, confirmed.json]);
    expect(await world.row(id)).not.toHaveProperty('grant');
  });
});
