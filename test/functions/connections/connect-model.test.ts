import fc from 'fast-check';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type ConnectWorld, type Reply, startConnectWorld, ticketOf } from '../../support/connect-world.ts';

// Every order of what two browsers, the owner's app, the clock and the sweep can do with one session, against a model of
// a few lines: never two exchanges, no connection without its confirmation, no grant that nobody owns.

let world: ConnectWorld;
beforeAll(async () => {
  world = await startConnectWorld();
});
afterAll(async () => {
  vi.useRealTimers();
  await world.stop();
});

const MINUTE = 60_000;
const ADA = 'ada@acme.example';

interface Model {
  stage: 'created' | 'started' | 'ready' | 'confirmed' | 'ended';
  owner?: number;
  attempts: number;
  exchanges: number;
  nowMs: number;
  linkUntilMs: number;
  stateUntilMs: number;
  confirmUntilMs: number;
}

interface Real {
  readonly id: string;
  readonly name: string;
  readonly link: string;
  readonly browsers: readonly ReturnType<ConnectWorld['browser']>[];
  readonly pages: (Reply | undefined)[];
  /** The ways back of each attempt, the newest last. */
  readonly queries: string[];
  ticket: string;
}

type Command = fc.AsyncCommand<Model, Real>;

/** What the link's page answers this browser; 303 stands for "goes on". */
function linkStatus(model: Model, browser: number): number {
  if (model.stage !== 'created' && model.stage !== 'started') return 409;
  if (model.nowMs >= model.linkUntilMs) return 410;
  return model.owner === undefined || model.owner === browser ? 303 : 403;
}

const open = (browser: number): Command => ({
  check: () => true,
  async run(model, real) {
    const reply = await real.browsers[browser]?.open(real.link);
    const expected = linkStatus(model, browser);
    expect(reply?.status).toBe(expected === 303 ? 200 : expected);
    if (reply?.status === 200) real.pages[browser] = reply;
    await holds(model, real);
  },
  toString: () => `open ${browser}`,
});

const submit = (browser: number, action: 'continue' | 'cancel'): Command => ({
  check: () => true,
  async run(model, real) {
    const page = real.pages[browser];
    if (!page) return;
    const reply = await real.browsers[browser]?.submit(real.link, page, action);
    const expected = linkStatus(model, browser);
    expect(reply?.status).toBe(expected);
    if (expected === 303 && action === 'cancel') model.stage = 'ended';
    if (expected === 303 && action === 'continue') {
      real.queries.push(world.provider.agree(reply?.location ?? '', 'account-1', world.issuer));
      Object.assign(model, { stage: 'started', owner: browser, stateUntilMs: model.nowMs + 10 * MINUTE });
      model.attempts++;
    }
    await holds(model, real);
  },
  toString: () => `${action} ${browser}`,
});

const back = (browser: number, older: boolean): Command => ({
  check: (model) => model.attempts > (older ? 1 : 0),
  async run(model, real) {
    const reply = await real.browsers[browser]?.back(real.queries.at(older ? -2 : -1) ?? '');
    const expected = () => {
      if (older) return 400;
      if (model.owner !== browser) return 403;
      if (model.stage !== 'started') return 409;
      return model.nowMs >= model.stateUntilMs ? 410 : 303;
    };
    expect(reply?.status).toBe(expected());
    if (reply && expected() === 303) {
      real.ticket = ticketOf(reply);
      Object.assign(model, { stage: 'ready', confirmUntilMs: model.nowMs + 10 * MINUTE });
      model.exchanges++;
    }
    await holds(model, real);
  },
  toString: () => `back ${browser}${older ? ' with the older state' : ''}`,
});

const confirm = (endUser: string): Command => ({
  check: () => true,
  async run(model, real) {
    const { status } = await world.confirm(real.id, { ticket: real.ticket, endUser });
    const expected = () => {
      if (model.stage !== 'ready' && model.stage !== 'confirmed') return 404;
      if (endUser !== ADA) return 404;
      return model.stage === 'ready' && model.nowMs >= model.confirmUntilMs ? 410 : 200;
    };
    expect(status).toBe(expected());
    if (expected() === 200) model.stage = 'confirmed';
    else if (endUser !== ADA && model.stage === 'ready') model.stage = 'ended';
    await holds(model, real);
  },
  toString: () => `confirm for ${endUser}`,
});

const wait = (minutes: number): Command => ({
  check: () => true,
  async run(model) {
    model.nowMs += minutes * MINUTE;
    vi.setSystemTime(model.nowMs);
  },
  toString: () => `wait ${minutes} min`,
});

const sweep = (): Command => ({
  check: () => true,
  async run(model, real) {
    await world.sweep();
    if (model.stage === 'ready' && model.nowMs >= model.confirmUntilMs) model.stage = 'ended';
    await holds(model, real);
  },
  toString: () => 'sweep',
});

async function holds(model: Model, { name }: Real) {
  expect(world.provider.exchanges()).toBe(model.exchanges);
  expect(model.exchanges).toBeLessThanOrEqual(1);
  expect(world.provider.alive.size).toBe(['ready', 'confirmed'].includes(model.stage) ? 1 : 0);
  const row = await world.connections.get({ pk: 'acme', sk: `demo#${name}` });
  expect(row?.status).toBe(model.stage === 'confirmed' ? 'active' : undefined);
}

const browser = fc.integer({ min: 0, max: 1 });
const commands = [
  browser.map(open),
  browser.map((one) => submit(one, 'continue')),
  browser.map((one) => submit(one, 'continue')),
  fc.constant(submit(0, 'cancel')),
  browser.map((one) => back(one, false)),
  browser.map((one) => back(one, false)),
  browser.map((one) => back(one, true)),
  fc.constant(confirm(ADA)),
  fc.constant(confirm('mallory@acme.example')),
  fc.integer({ min: 1, max: 16 }).map(wait),
  fc.constant(sweep()),
];

/** Where an order begins on the usual way: few would come to its end by themselves. */
const usual = [submit(0, 'continue'), back(0, false), confirm(ADA)];

test('200 orders of events agree with the model', { timeout: 120_000 }, async () => {
  let count = 0;
  await fc.assert(
    fc.asyncProperty(fc.nat(usual.length), fc.commands(commands, { maxCommands: 25 }), async (headStart, sequence) => {
      const startMs = Date.now();
      vi.useFakeTimers({ toFake: ['Date'], now: startMs });
      world.provider.reset();
      world.provider.alive.clear();
      const name = `model-${count++}`;
      const { id, link } = await world.session({ name });
      const [first, second] = [world.browser(), world.browser()];
      const real: Real = { id, name, link, browsers: [first, second], pages: [], queries: [], ticket: 'A'.repeat(43) };
      real.pages.push(await first.open(link), await second.open(link));
      const model: Model = {
        ...{ stage: 'created', attempts: 0, exchanges: 0, nowMs: startMs },
        ...{ linkUntilMs: startMs + 15 * MINUTE, stateUntilMs: 0, confirmUntilMs: 0 },
      };
      for (const command of usual.slice(0, headStart)) await command.run(model, real);
      await fc.asyncModelRun(() => ({ model, real }), sequence);
      await wait(11).run(model, real);
      await sweep().run(model, real); // in the end: a connection, or nothing at all
      vi.useRealTimers();
    }),
    { numRuns: 200 },
  );
});
