import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { type ConnectWorld, RETURN_URL, type Reply, startConnectWorld } from '../../support/connect-world.ts';

// Where the browser cannot be sent back to the app, a page says what to do next. It leads back by a link to those who show the
// secret of the session's link or state, and to the registered return URL alone.

let world: ConnectWorld;
beforeAll(async () => {
  world = await startConnectWorld({ name: 'Freightly', supportUrl: 'https://help.example.com' });
});
afterAll(() => world.stop());
afterEach(() => void vi.useRealTimers());

const later = (minutes: number) => vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + minutes * 60_000 });

async function returning() {
  const { link } = await world.session();
  const browser = world.browser();
  const query = world.provider.agree(await browser.begin(link), 'account-1', world.issuer);
  return { link, browser, query };
}

interface Failing {
  readonly status: number;
  readonly says: string;
  /** Nobody is known whose return URL it might be. */
  readonly unknown?: true;
  go(): Promise<Reply>;
}

const ways: Readonly<Record<string, Failing>> = {
  'a link that is cut off': {
    status: 404,
    says: 'copy all of it',
    unknown: true,
    go: async () => world.browser().open((await world.session()).link.slice(0, -1)),
  },
  'a link that has expired': {
    status: 410,
    says: 'begin again',
    async go() {
      const { link } = await world.session();
      later(15);
      return world.browser().open(link);
    },
  },
  'a link that was used': {
    status: 409,
    says: 'see whether the account is connected',
    async go() {
      const { link, browser, query } = await returning();
      await browser.back(query);
      return browser.open(link);
    },
  },
  'a link that another browser began': {
    status: 403,
    says: 'Use the browser, and the window, in which you began',
    go: async () => world.browser().open((await returning()).link),
  },
  'a sign-in that ends in another browser': {
    status: 403,
    says: 'Allow cookies',
    go: async () => world.browser().back((await returning()).query),
  },
  'a link with another secret': {
    status: 404,
    says: 'copy all of it',
    unknown: true,
    go: async () => world.browser().open((await world.session()).link.replace(/\..*/, `.${'A'.repeat(43)}`)),
  },
  'a sign-in that nobody knows': {
    status: 400,
    says: 'begin again',
    unknown: true,
    go: () => world.browser().back('state=x&code=y'),
  },
  'a sign-in with another secret': {
    status: 400,
    says: 'begin again',
    unknown: true,
    async go() {
      const { browser, query } = await returning();
      return browser.back(query.replace(/(state=[^.]+\.)[^&]+/, `$1${'A'.repeat(43)}`));
    },
  },
  'a sign-in that took too long': {
    status: 410,
    says: 'The sign-in took longer than 10 minutes',
    async go() {
      const { browser, query } = await returning();
      later(10);
      return browser.back(query);
    },
  },
  'an answer to another provider’s address': {
    status: 400,
    says: 'begin again',
    async go() {
      const { browser, query } = await returning();
      return browser.back(query, 'github');
    },
  },
  'a provider that is not set up any more': {
    status: 409,
    says: 'not set up yet',
    async go() {
      const { link } = await world.session({ provider: 'slack' });
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 61_000 }); // beyond what is kept in memory
      world.secrets['patchbay/local/slack'] = {};
      return world.browser().open(link);
    },
  },
  'a provider that is not there': {
    status: 404,
    says: 'Check the address',
    unknown: true,
    go: () => world.browser().back('state=x', 'x'),
  },
};

test.each(Object.entries(ways))(
  '%s gets a page that says what to do, leads back to the app where it is known, and sends nobody anywhere (A-10)',
  async (_name, way) => {
    const reply = await way.go();
    expect([reply.status, reply.location]).toEqual([way.status, '']);
    expect(reply.body).toContain(way.says);
    expect(reply.body).toMatch(/<h2 id="next">What you can do<\/h2>\n<ol aria-labelledby="next">\n<li>/);
    for (const text of ['Freightly', 'href="https://help.example.com"']) expect(reply.body).toContain(text);
    expect(reply.body).not.toMatch(/undefined|\[object/);
    const links = [...reply.body.matchAll(/href="([^"]+)"/g)].map(([, href]) => href);
    expect(links).toEqual([...(way.unknown ? [] : [RETURN_URL]), 'https://help.example.com']);
  },
);
