import { setTimeout as wait } from 'node:timers/promises';
import type { Arrived } from '../../infra/local/demo/rehearsal.ts';
import type { CallStatus, Entry } from '../../shared/calls/call.ts';
import { callStore } from '../../shared/calls/store.ts';
import { openTable } from '../../shared/core/aws.ts';
import type { HubEvent } from '../../shared/core/event.ts';
import { TenantId } from '../../shared/core/ids.ts';
import { dueShards } from '../../shared/core/keys.ts';
import { inParallel } from '../../shared/core/parallel.ts';
import { openScene, type Scene, type Tenant } from '../integration/scene.ts';
import { judge } from './calls-load-judge.ts';
import { type Asking, askings, faultFor, wishes } from './calls-load-wishes.ts';
import { listen, outside, percentile, tableOf } from './running-hub.ts';
import { seeded } from './world.ts';

// Calls of many tenants at once on the real template, to providers that fail in every way, while the environments of both
// functions are killed: each call ends once, and no write that bears a key is done twice.

const PARALLEL = 64;
const TENANTS = 20;
/** So many are answered between two kills: a slow computer is not killed more. */
const KILL_EACH = 60;
/** So many are asked between two faults of a provider. */
const FAULT_EACH = 8;
const TOLD_EACH = 500;
/** Longer than the function has, as the template's is, and far shorter than that. */
const VISIBILITY_S = 75;
/** In place of a minute: what a tick finds due does not change by that. */
const TICK_MS = 5_000;
/** A message that was lost before anybody took it is brought again after five minutes; the rest is sooner. */
const QUIET_WITHIN_MS = 12 * 60_000;

export interface CallsReport {
  readonly seconds: number;
  /** Of an answer to a call that is made at once, ms. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly killed: number;
  /** Requests that got no answer, and were sent again under their key. */
  readonly again: number;
  /** From the last answer until the last call had ended. */
  readonly endedAfterS: number;
  readonly counts: Partial<Record<CallStatus, number>>;
  readonly attempts: number;
  readonly faults: readonly string[];
}

/** Asks for `count` calls, 64 requests at a time; returns how they ended, and what was lost, doubled or stuck. */
export async function runCalls(
  count: number,
  seed: number,
  say: (text: string) => void = () => {},
): Promise<CallsReport> {
  const scene = await openScene({ longestVisibilityS: VISIBILITY_S });
  try {
    outside(scene.hub);
    const store = callStore(openTable(await tableOf('calls')));
    const chance = seeded(seed);
    const tenants = await inParallel(
      Array.from({ length: TENANTS }, (_, at) => `tenant-${at}`),
      1,
      (id) => connected(scene, id),
    );
    const all = wishes(count, tenants, chance);
    const told = listen(scene.hub.busEvents, ({ tenant, id, data }: HubEvent<'call.succeeded' | 'call.failed'>) =>
      'call' in data ? { about: `${tenant} ${data.call}`, id } : undefined,
    );

    const ticking = new AbortController();
    const ticks = tickUntil(scene, ticking.signal);
    const began = performance.now();
    const sent = await askAll(scene, askings(all, chance), chance, say);
    const answeredAt = performance.now();
    say(`every request was answered after ${((answeredAt - began) / 1000).toFixed(0)} s`);
    await Promise.all([scene.demo.apiUrl, scene.thirdParties.githubUrl].map(heal));
    await ended(store, answeredAt + QUIET_WITHIN_MS);
    const endedAt = performance.now();
    ticking.abort();
    await ticks;
    const calls = (await inParallel(tenants, 4, ({ id }) => callsOf(store, id))).flat();

    const dead = await scene.hub.queueDepth('callsqueuedead');
    const github = await fetch(`${scene.thirdParties.githubUrl}/_log`);
    const arrived = [...(await scene.arrivals()), ...((await github.json()) as Arrived[])];
    const issues = scene.thirdParties.issues.map(({ title }) => title);
    const given = dead > 0 ? [`${dead} messages were given up`] : [];
    const faults = [...given, ...sent.faults, ...judge({ wishes: all, calls, arrived, issues, told: told.stop() })];
    const at = (part: number) => percentile(sent.tookMs, part);
    const byStatus = Map.groupBy(calls, ({ status }) => status);
    return {
      seconds: (answeredAt - began) / 1000,
      ...{ p50Ms: at(0.5), p99Ms: at(0.99), killed: sent.killed, again: sent.again },
      endedAfterS: (endedAt - answeredAt) / 1000,
      counts: Object.fromEntries([...byStatus].map(([status, those]) => [status, those.length])),
      attempts: calls.reduce((sum, { attempts }) => sum + attempts.length, 0),
      faults,
    };
  } finally {
    await scene.stop();
  }
}

async function heal(url: string): Promise<void> {
  await fetch(`${url}/_heal`, { method: 'POST' });
}

/** A tenant with an account at both providers, whose tokens are its own. */
async function connected(scene: Scene, id: string): Promise<Tenant> {
  const tenant = await scene.tenant(id);
  const credential = { kind: 'password', username: 'ada@analytical.example', password: 'made-up-password' };
  const body = { provider: 'demo', credential };
  const made = await scene.ask(`POST ${tenant.path}/connections`, { key: scene.hub.operatorKey, body });
  const github = await scene.connect(tenant, 'github');
  if (made.status !== 201 || github.status !== 200)
    throw new Error(`${id} is not connected: ${made.status}, ${github.status}`);
  return tenant;
}

async function tickUntil({ hub }: Scene, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await hub.tick('calls/plan');
    await wait(TICK_MS, undefined, { signal }).catch(() => {});
  }
}

async function askAll(scene: Scene, all: readonly Asking[], chance: () => number, say: (text: string) => void) {
  const faults: string[] = [];
  const tookMs: number[] = [];
  let [asked, answered, again, killed] = [0, 0, 0, 0];

  async function rehearse(): Promise<void> {
    const fault = faultFor(chance);
    const url = chance() < 0.8 ? scene.demo.apiUrl : scene.thirdParties.githubUrl;
    await heal(url); // what an open circuit kept from being met would add up to an outage of hours
    await fetch(`${url}/_faults`, { method: 'POST', body: JSON.stringify(fault) });
  }

  async function ask(asking: Asking): Promise<void> {
    for (;;) {
      if (++asked % FAULT_EACH === 0) await rehearse();
      const began = performance.now();
      const answer = await scene.ask(asking.route, asking).catch(() => undefined);
      if (++answered % KILL_EACH === 0 && scene.hub.kill(chance() < 0.5 ? 'calls/submit' : 'calls/run')) killed += 1;
      if (answered % TOLD_EACH === 0) say(`${answered} requests, of ${all.length} that are to be answered`);
      if (answer && answer.status < 300) {
        if (asking.atOnce) tookMs.push(performance.now() - began);
        faults.push(...asking.take(answer));
        return;
      }
      if (answer && answer.status < 500) {
        faults.push(`${asking.route} was answered ${answer.status} ${answer.body.detail}`);
        return;
      }
      if (!asking.repeatable) return; // nobody can tell whether it was kept
      again += 1;
      await wait(50);
    }
  }
  await inParallel(all, PARALLEL, ask);
  return { faults, tookMs, again, killed };
}

/** Waits until nothing is due any more, now or later, or the time is up: what has ended is not. */
async function ended(store: ReturnType<typeof callStore>, untilMs: number): Promise<void> {
  const isOpen = async (shard: string) => (await store.due(shard, Number.MAX_SAFE_INTEGER)).calls.length > 0;
  while ((await inParallel(dueShards, 1, isOpen)).includes(true) && performance.now() < untilMs) await wait(1_000);
}

async function callsOf(store: ReturnType<typeof callStore>, tenant: string): Promise<Entry[]> {
  const calls: Entry[] = [];
  let cursor: string | undefined;
  do {
    const page = await store.forTenant(TenantId.parse(tenant)).list({ limit: 100, cursor });
    calls.push(...page.calls);
    cursor = page.cursor;
  } while (cursor);
  return calls;
}
