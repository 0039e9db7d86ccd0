import { beforeEach, describe, expect, it, test, vi } from 'vitest';
import type { AttemptOutcome, Job } from '../../../shared/calls/attempt.ts';
import { judge } from '../../../shared/calls/judge.ts';
import { ok } from '../../../shared/core/result.ts';
import { catalogue } from '../../../shared/providers/catalogue.ts';
import { unmet } from '../../../shared/providers/needs.ts';
import type { Provider } from '../../../shared/providers/provider.ts';
import type { Sync } from '../../../shared/providers/syncs.ts';
import { LEASE_MS, set } from '../../../shared/syncs/sync.ts';
import { judgeWish } from '../../../shared/syncs/wish.ts';
import { benchOf } from '../syncs/bench.ts';
import * as demo from './list-apis/demo.ts';
import * as discord from './list-apis/discord.ts';
import * as github from './list-apis/github.ts';
import * as google from './list-apis/google.ts';
import * as hubspot from './list-apis/hubspot.ts';
import type { ListAnswer, ListApi, Thing } from './list-apis/list-api.ts';
import * as microsoft from './list-apis/microsoft.ts';
import { completedPackets } from './list-apis/mycarrierpackets.ts';
import * as notion from './list-apis/notion.ts';
import * as quickbooks from './list-apis/quickbooks.ts';
import * as sendgrid from './list-apis/sendgrid.ts';
import * as slack from './list-apis/slack.ts';
import * as stripe from './list-apis/stripe.ts';
import * as twilio from './list-apis/twilio.ts';

vi.mock('../../../shared/core/metrics.ts', () => ({ measure: () => {} }));

const apis: Readonly<Record<string, Readonly<Record<string, ListApi>>>> = {
  ...{ demo, discord, github, google, hubspot, microsoft, notion, quickbooks, sendgrid, slack, twilio },
  mycarrierpackets: { 'completed-packets': completedPackets },
  stripe: { ...stripe, 'payment-intents': stripe.paymentIntents },
};

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const shipped = Object.entries(catalogue).flatMap(([id, { provider, syncs }]) =>
  Object.entries(syncs).map(([name, sync]) => ({ name: `${id}/${name}`, provider, sync, api: apis[id]?.[name] })),
);

test('every sync that is shipped has a list to read', () => {
  expect(shipped.filter(({ api }) => !api).map(({ name }) => name)).toEqual([]);
});

/** What runs once an account is connected, by each way, with the scopes that are asked for unless a session says otherwise. */
const demoSyncs = ['contacts', 'live-contacts'];
const stripeSyncs = ['customers', 'subscriptions', 'invoices', 'payment-intents'];
const running: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  demo: {
    ...{ oauth2: demoSyncs, api_key: demoSyncs, basic: demoSyncs, password: demoSyncs },
    ...{ client_credentials: demoSyncs, app_jwt: demoSyncs },
  },
  discord: { oauth2: [], api_key: ['messages'] },
  github: { oauth2: ['issues', 'repositories'], app_jwt: ['issues'] },
  google: { oauth2: [], app_jwt: ['events', 'mail', 'files'] },
  hubspot: { oauth2: ['contacts'], api_key: ['contacts', 'companies', 'deals'] },
  microsoft: { oauth2: [], client_credentials: ['users'] },
  mycarrierpackets: { password: ['completed-packets'] },
  notion: { oauth2: ['pages', 'rows'], api_key: ['pages', 'rows'] },
  quickbooks: { oauth2: ['customers', 'invoices', 'payments'] },
  sendgrid: { api_key: ['bounces'] },
  slack: { oauth2: ['channels', 'users'] },
  stripe: { oauth2: stripeSyncs, api_key: stripeSyncs },
  twilio: { basic: ['messages'], client_credentials: ['messages'] },
};

test('what a connection was not granted, or is not made for, is not read', () => {
  const found = Object.entries(catalogue)
    .filter(([, { syncs }]) => Object.keys(syncs).length > 0)
    .map(([id, { provider, syncs }]) => {
      const byWay = provider.auth.map((way) => {
        const granted = { kind: way.kind, scopes: Object.keys(('scopes' in way && way.scopes) || {}) };
        return [way.kind, Object.keys(syncs).filter((name) => syncs[name] && !unmet(syncs[name], granted))];
      });
      return [id, Object.fromEntries(byWay)];
    });
  expect(Object.fromEntries(found)).toEqual(running);
});

/** Paths that mean whoever the token is of. */
const ofAPerson = /^\/(me|user)\//;

test('what is a person’s own is not read by an app that is nobody', () => {
  const byNobody = ['app_jwt', 'client_credentials'] as const;
  const wrong = shipped.filter(({ provider, sync, api }) => {
    const settings = sync.settings?.parse(api?.settings ?? {}) ?? {};
    const { path } = sync.request({ settings, startedAtMs: 0 });
    const { kinds = provider.auth.map(({ kind }) => kind) } = sync;
    return ofAPerson.test(path) && byNobody.some((kind) => kinds.includes(kind));
  });
  expect(wrong.map(({ name }) => name)).toEqual([]);
});

/** A provider with objects, and a connection to it that is about to read them for the first time. */
async function worldOf(provider: Provider, sync: Sync, api: ListApi) {
  const things = new Map<number, Thing>();
  const asked = { at: 0, forgotten: 0 };
  let changes = 0;
  const bench = benchOf(sync, ({ request }: Job): AttemptOutcome => {
    const upstream = {
      things: [...things.values()],
      at: changes,
      forgotten: asked.forgotten,
      nowMs: bench.clock.nowMs,
    };
    return outcomeOf(provider, api.answer(request, upstream), bench.clock.nowMs);
  });
  const touch = (n: number, more: Partial<Thing> = {}) => {
    const { nowMs } = bench.clock;
    const before = things.get(n);
    const at = ++changes;
    things.set(n, { n, text: `v${at}`, madeMs: nowMs, gone: false, ...before, changedMs: nowMs, at, ...more });
    if (before && !more.gone) things.set(n, { ...before, text: `v${at}`, changedMs: nowMs, at });
  };
  await bench.connect();
  if (sync.settings && api.settings) {
    const wish = judgeWish(sync, bench.row(), { settings: api.settings });
    if (wish.ok) bench.rows.set([...bench.rows.keys()][0] ?? '', set(bench.row(), wish.value, bench.clock));
  }
  return {
    ...bench,
    touch,
    remove: (n: number) => touch(n, { gone: true }),
    forget: () => {
      asked.forgotten = changes;
    },
    make(count: number) {
      const first = things.size;
      for (let n = first; n < first + count; n++) touch(n);
    },
    /** Ticks and messages until a run is finished, and what has become of them. */
    async settle() {
      const outcomes = await bench.cycle();
      for (let more = 0; outcomes.at(-1) !== 'finished' && more < 4; more++) outcomes.push(...(await bench.cycle()));
      return outcomes;
    },
    upstream: () => textsOf([...things.values()].filter(({ gone }) => !gone).map((one) => [api.idOf(one), one.text])),
    everMade: () => textsOf([...things.values()].map((one) => [api.idOf(one), one.text])),
    copy: () => textsOf(bench.kept().map(({ id, data }) => [id, /"(v\d+)"/.exec(data ?? '')?.[1] ?? '?'])),
  };
}

const textsOf = (pairs: readonly (readonly [string, string])[]) => Object.fromEntries([...pairs].sort());

/** An answer as the calls' own judge has it. */
function outcomeOf(
  provider: Provider,
  { status = 200, headers = {}, body }: ListAnswer,
  nowMs: number,
): AttemptOutcome {
  const json = { 'content-type': 'application/json', ...headers };
  const answer = ok({ status, headers: json, body: Buffer.from(JSON.stringify(body)) });
  const verdict = judge(provider, answer, { repeatable: true, nowMs });
  if (verdict.kind === 'succeeded') return verdict;
  if (verdict.kind === 'failed') return { kind: 'failed', error: verdict.error };
  return { kind: 'retry', error: verdict.error, waitMs: verdict.error.retryAfterMs ?? 1_000 };
}

describe.each(shipped.flatMap(({ api, ...rest }) => (api ? [{ api, ...rest }] : [])))(
  'the sync $name',
  ({ provider, sync, api }) => {
    const lists = (what: 'changes' | 'deletions') => !api.unlisted?.includes(what);
    let world: Awaited<ReturnType<typeof worldOf>>;
    beforeEach(async () => {
      world = await worldOf(provider, sync, api);
    });

    it('reads everything there is, told once each, however many have one and the same time', async () => {
      world.make(2 * api.perPage + 1);
      expect(await world.settle()).toEqual(['finished']);
      expect(world.copy()).toEqual(world.upstream());
      expect(world.events.every(({ type }) => type === 'record.created')).toBe(true);
      expect(world.events).toHaveLength(2 * api.perPage + 1);
      expect(new Set(world.jobs.map(({ request }) => JSON.stringify(request))).size).toBe(world.jobs.length);
    });

    it.runIf(sync.retention)('knows how old each record is, where old ones may be let go', async () => {
      world.make(3);
      await world.settle();
      expect(world.kept()).toHaveLength(3);
      for (const { updatedAt } of world.kept()) expect(Date.parse(updatedAt ?? '')).not.toBeNaN();
    });

    it('asks once where nothing is new, and writes no record', async () => {
      world.make(2);
      world.clock.nowMs += 2 * HOUR_MS;
      await world.settle();
      await world.settle();
      world.jobs.length = 0;
      const writes: string[] = [];
      world.events.length = 0;
      world.state.io = async (what, effect) => {
        if (what === 'records.put') writes.push(what);
        return effect();
      };
      expect(await world.settle()).toEqual(['finished']);
      expect(world.jobs).toHaveLength(api.quietRequests ?? 1);
      expect(world.events).toEqual([]);
      if (world.row().since !== undefined) expect(writes).toEqual([]); // who reads all each time notes what it met
    });

    it('finds what is new and what has changed since, and tells nothing else', async () => {
      world.make(3);
      await world.settle();
      world.events.length = 0;
      world.clock.nowMs += 2 * HOUR_MS;
      if (lists('changes')) world.touch(1);
      world.make(1);
      await world.settle();
      expect(world.copy()).toEqual(world.upstream());
      expect(
        world
          .told()
          .sort()
          .map((line) => line.split(' ')[0]),
      ).toEqual(lists('changes') ? ['record.created', 'record.updated'] : ['record.created']);
      await world.settle();
      expect(world.copy()).toEqual(world.upstream());
    });

    it('reads over the ends of pages what has changed at one and the same time', async () => {
      world.make(1);
      await world.settle();
      world.clock.nowMs += 2 * HOUR_MS;
      world.make(2 * api.perPage + 1);
      await world.settle();
      expect(world.copy()).toEqual(world.upstream());
    });

    it(`notices by its rule, ${sync.deletions}, what is gone`, async () => {
      world.make(3);
      await world.settle();
      world.events.length = 0;
      world.clock.nowMs += 2 * HOUR_MS;
      world.remove(1);
      await world.settle();
      if (sync.fullEveryS !== undefined && sync.deletions === 'full-scan') {
        expect(world.told()).toEqual([]); // so far it was not to be seen
        world.clock.nowMs += sync.fullEveryS * 1000;
        await world.settle(); // finds that all is to be read
        await world.settle();
      }
      expect(world.copy()).toEqual(lists('deletions') ? world.upstream() : world.everMade());
      expect(world.told().map((line) => line.split(' ')[0])).toEqual(lists('deletions') ? ['record.deleted'] : []);
    });

    if (sync.expired || sync.remembersS) {
      it('reads everything again where the provider has forgotten its checkpoint, and finds what went meanwhile', async () => {
        world.make(4);
        await world.settle();
        world.clock.nowMs += 40 * DAY_MS;
        if (lists('deletions')) world.remove(0);
        if (lists('changes')) world.touch(2);
        world.make(1);
        world.forget();
        world.events.length = 0;
        expect(await world.settle()).toEqual(['expired', 'finished']);
        expect(world.copy()).toEqual(world.upstream());
        expect(world.events.filter(({ type }) => type === 'record.created')).toHaveLength(1);
      });
    }

    it('takes an empty list for what it is, and the first object after it too', async () => {
      expect(await world.settle()).toEqual(['finished']);
      expect(world.copy()).toEqual({});
      expect(await world.settle()).toEqual(['finished']);
      world.clock.nowMs += HOUR_MS;
      world.make(1);
      await world.settle();
      expect(world.copy()).toEqual(world.upstream());
    });

    it('waits as long as the provider wants, first and in the middle, and goes on from there', async () => {
      world.make(api.perPage + 1);
      let asked = 0;
      world.state.interrupt = () => {
        if (asked++ % 2 === 1) return undefined;
        return outcomeOf(provider, { status: 429, headers: { 'retry-after': '20' }, body: {} }, world.clock.nowMs);
      };
      const outcomes = await world.settle();
      expect(new Set(outcomes)).toEqual(new Set(['waiting', 'finished']));
      expect(world.row().failures).toBe(0);
      expect(world.copy()).toEqual(world.upstream());
      expect(world.events).toHaveLength(api.perPage + 1);
    });

    it('goes on from its last page after a message that was lost', async () => {
      world.make(api.perPage + 1);
      world.clock.nowMs += 10_000;
      await world.tick();
      const message = world.queue.sent.shift()?.body ?? '';
      const outcome = await world.deliver(message, () => (world.jobs.length > 0 ? 20_000 : 120_000));
      if (outcome !== 'finished') {
        expect(outcome).toBe('continued');
        world.queue.sent.length = 0; // lost
        world.clock.nowMs += LEASE_MS;
        expect(await world.settle()).toEqual(['finished']);
      }
      expect(world.copy()).toEqual(world.upstream());
      expect(world.events).toHaveLength(api.perPage + 1);
    });

    it('is not misled by what changes while it reads, first or later', async () => {
      for (let n = 0; n < api.perPage + 2; n++) {
        world.clock.nowMs += n < 8 ? HOUR_MS / 2 : 0;
        world.make(1);
      }
      for (const oldest of [0, 1]) {
        let asked = 0;
        world.state.interrupt = () => {
          if (asked++ !== 1) return undefined;
          world.clock.nowMs += 60_000;
          if (lists('changes')) world.touch(oldest);
          world.make(1);
          return undefined;
        };
        await world.settle();
        delete world.state.interrupt;
        world.clock.nowMs += HOUR_MS;
        await world.settle();
        expect(world.copy()).toEqual(world.upstream());
        world.clock.nowMs += (sync.fullEveryS ?? 3_600) * 1000;
        await world.settle(); // the next one reads everything, where that is done by the clock
      }
      expect(world.told().filter((line) => line.startsWith('record.deleted'))).toEqual([]);
    });
  },
);
