import { equal, ok } from 'node:assert/strict';
import fc from 'fast-check';

// Every order of what two browsers, the owner's app, the clock and the sweep can do with one session, against a model of
// a few lines: never two exchanges, no connection without its confirmation, no grant that nobody owns.

interface Reply {
  readonly status: number;
  readonly location: string;
}

interface ModelBrowser {
  open(link: string): Promise<Reply>;
  submit(link: string, page: never, action?: string): Promise<Reply>;
  back(query: string): Promise<Reply>;
}

/** The protocol as it is deployed, or its use cases in memory. */
export interface ModelWorld {
  readonly issuer: string;
  readonly provider: {
    readonly alive: Set<string>;
    agree(authorizeUrl: string, account: string, issuer: string): string;
    exchanges(): number;
  };
  readonly connections: { get(key: Record<string, string>): Promise<Record<string, unknown> | undefined> };
  session(wish: { readonly name: string }): Promise<{ readonly id: string; readonly link: string }>;
  confirm(
    session: string,
    claim: { readonly ticket: string; readonly endUser: string },
  ): Promise<{ readonly status: number }>;
  sweep(): Promise<unknown>;
  browser(): ModelBrowser;
  setNow(nowMs: number): void;
  /** Forgets what earlier orders left behind. */
  reset(): void;
}

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
  readonly world: ModelWorld;
  readonly id: string;
  readonly name: string;
  readonly link: string;
  readonly browsers: readonly ModelBrowser[];
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
    equal(reply?.status, expected === 303 ? 200 : expected);
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
    const reply = await real.browsers[browser]?.submit(real.link, page as never, action);
    const expected = linkStatus(model, browser);
    equal(reply?.status, expected);
    if (expected === 303 && action === 'cancel') model.stage = 'ended';
    if (expected === 303 && action === 'continue') {
      real.queries.push(real.world.provider.agree(reply?.location ?? '', 'account-1', real.world.issuer));
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
    equal(reply?.status, expected());
    if (reply && expected() === 303) {
      real.ticket = new URL(reply.location).searchParams.get('ticket') ?? '';
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
    const { status } = await real.world.confirm(real.id, { ticket: real.ticket, endUser });
    const expected = () => {
      if (model.stage !== 'ready' && model.stage !== 'confirmed') return 404;
      if (endUser !== ADA) return 404;
      return model.stage === 'ready' && model.nowMs >= model.confirmUntilMs ? 410 : 200;
    };
    equal(status, expected());
    if (expected() === 200) model.stage = 'confirmed';
    else if (endUser !== ADA && model.stage === 'ready') model.stage = 'ended';
    await holds(model, real);
  },
  toString: () => `confirm for ${endUser}`,
});

const wait = (minutes: number): Command => ({
  check: () => true,
  async run(model, real) {
    model.nowMs += minutes * MINUTE;
    real.world.setNow(model.nowMs);
  },
  toString: () => `wait ${minutes} min`,
});

const sweep = (): Command => ({
  check: () => true,
  async run(model, real) {
    await real.world.sweep();
    if (model.stage === 'ready' && model.nowMs >= model.confirmUntilMs) model.stage = 'ended';
    await holds(model, real);
  },
  toString: () => 'sweep',
});

async function holds(model: Model, { world, name }: Real) {
  equal(world.provider.exchanges(), model.exchanges);
  ok(model.exchanges <= 1, 'two exchanges');
  equal(world.provider.alive.size, ['ready', 'confirmed'].includes(model.stage) ? 1 : 0);
  const row = await world.connections.get({ pk: 'acme', sk: `demo#${name}` });
  equal(row?.status, model.stage === 'confirmed' ? 'active' : undefined);
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

/** Runs `count` orders of events; throws with the order where the world does not agree with the model. */
export async function agreesWithModel(
  world: ModelWorld,
  nowMs: () => number,
  count: number,
  seed?: number,
): Promise<void> {
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(fc.nat(usual.length), fc.commands(commands, { maxCommands: 25 }), async (headStart, sequence) => {
      const startMs = nowMs();
      world.setNow(startMs);
      world.reset();
      const name = `model-${runs++}`;
      const { id, link } = await world.session({ name });
      const [first, second] = [world.browser(), world.browser()];
      const real: Real = {
        world,
        id,
        name,
        link,
        browsers: [first, second],
        pages: [],
        queries: [],
        ticket: 'A'.repeat(43),
      };
      real.pages.push(await first.open(link), await second.open(link));
      const model: Model = {
        ...{ stage: 'created', attempts: 0, exchanges: 0, nowMs: startMs },
        ...{ linkUntilMs: startMs + 15 * MINUTE, stateUntilMs: 0, confirmUntilMs: 0 },
      };
      for (const command of usual.slice(0, headStart)) await command.run(model, real);
      await fc.asyncModelRun(() => ({ model, real }), sequence);
      await wait(11).run(model, real);
      await sweep().run(model, real); // in the end: a connection, or nothing at all
    }),
    { numRuns: count, ...(seed !== undefined && { seed }) },
  );
}
