import { type CallStatus, hasEnded } from '../../shared/calls/call.ts';
import { callStore } from '../../shared/calls/store.ts';
import type { OutboundRequest } from '../../shared/core/fetch.ts';
import { TenantId } from '../../shared/core/ids.ts';
import { catalogue } from '../../shared/providers/catalogue.ts';
import type { Limit } from '../../shared/providers/provider.ts';
import { CallsHub } from './calls-hub.ts';
import { CallsProvider } from './calls-provider.ts';
import { VirtualTime } from './calls-time.ts';

const MINUTE_MS = 60_000;
/** What a provider takes to answer. */
const ANSWER_MS = 200;

/** Kinds of calls: which provider and limits they meet, and whether a repetition is told apart by a key. */
const kinds = {
  slack: (mark: number) => ({ action: 'chat.postMessage', input: { channel: `C${mark % 3}`, text: `mark-${mark}` } }),
  github: (mark: number) => ({ action: 'issues.create', input: { owner: 'o', repo: 'r', title: `mark-${mark}` } }),
  demo: (mark: number) => ({ request: { method: 'POST', path: '/x', body: { mark: `mark-${mark}` } } }),
  notion: (mark: number) => ({ request: { method: 'PATCH', path: `/pages/mark-${mark}`, body: {} } }),
  quickbooks: (mark: number) => ({ request: { method: 'GET', path: `/query/mark-${mark}` } }),
  google: (mark: number) => ({
    action: 'values.append',
    input: { spreadsheet: 'S', range: 'A1', values: [[`mark-${mark}`]] },
  }),
} as const;
const hosts: Readonly<Record<string, keyof typeof kinds>> = {
  'slack.com': 'slack',
  'api.github.com': 'github',
  'api.demo.invalid': 'demo',
  'api.notion.com': 'notion',
  'sheets.googleapis.com': 'google',
};

/** Which of a provider's limits a request counts under, read from the request alone. */
function limitsMet({ url, body = '' }: OutboundRequest) {
  const { hostname, pathname } = new URL(url);
  const provider = hosts[hostname] ?? 'quickbooks';
  const action = { slack: 'chat.postMessage', github: 'issues.create', google: 'values.append' }[provider as string];
  const limits: readonly Limit[] = catalogue[provider]?.provider.limits ?? [];
  return limits
    .filter((limit) => limit.action === undefined || (limit.action === action && pathname !== '/x'))
    .map((limit, at) => {
      const value = limit.perInput ? (JSON.parse(String(body)) as Record<string, unknown>)[limit.perInput] : '';
      return { scope: `${provider} ${at} ${limit.action ?? ''} ${value}`, limit };
    });
}

/** Returns how every call ended, and what was wrong with it. */
async function endings(hub: CallsHub, tenants: readonly string[]) {
  const counts: Partial<Record<CallStatus, number>> = {};
  const open: string[] = [];
  for (const tenant of tenants) {
    let cursor: string | undefined;
    do {
      const page = await callStore(hub.calls).forTenant(TenantId.parse(tenant)).list({ limit: 100, cursor });
      for (const call of page.calls) {
        counts[call.status] = (counts[call.status] ?? 0) + 1;
        if (!hasEnded(call)) open.push(`${call.id} is ${call.status}`);
      }
      cursor = page.cursor;
    } while (cursor);
  }
  return { counts, open };
}

export interface LimitsReport {
  readonly violations: readonly string[];
  readonly open: readonly string[];
  readonly doubled: number;
  readonly lost: number;
  readonly counts: Partial<Record<CallStatus, number>>;
  /** Of the calls that the declared limits allow while there was work, for the worst connection. */
  readonly used: number;
  readonly receives: number;
  readonly crashed: number;
}

/** As many calls of as many tenants as asked for, at once: every declared limit is enforced by the provider in any window,
 *  and with `faults` instances die, replies of the provider and of the table are lost, and messages come twice. */
export async function runLimits(
  seed: number,
  calls: number,
  tenantCount: number,
  faults: boolean,
  ids: readonly (keyof typeof kinds)[] = ['slack', 'github', 'demo', 'notion', 'quickbooks'],
): Promise<LimitsReport> {
  const time = new VirtualTime(seed);
  const provider = new CallsProvider(time, limitsMet);
  const hub = new CallsHub(time, provider, 400);
  const tenants = Array.from({ length: tenantCount }, (_, at) => `t${at}`);
  for (let mark = 0; mark < calls; mark++) {
    const at = mark % tenantCount;
    const kind = ids[at % ids.length] ?? 'demo';
    const lane = time.chance() < 0.7 ? 'bulk' : 'interactive';
    await hub.submit(`t${at}`, kind, { ...kinds[kind](mark), mode: 'async', lane });
  }
  if (faults) {
    Object.assign(hub, { crashes: 0.002, repeats: 0.02 });
    Object.assign(hub.queue, { duplicates: 0.03 });
    Object.assign(provider, { losses: 0.01 });
  }
  const startMs = time.nowMs;
  hub.tickUntil(startMs);
  await time.run();

  const { counts, open } = await endings(hub, tenants);
  const done = (counts.succeeded ?? 0) + (counts.outcome_unknown ?? 0) + (counts.failed ?? 0) + (counts.expired ?? 0);
  return {
    ...{ violations: provider.violations, open, counts, crashed: hub.crashed },
    doubled: [...provider.effects.values()].filter((count) => count > 1).length,
    lost: calls - done,
    used: Math.min(
      ...tenants.map((tenant, at) => shareUsed(provider, tenant, ids[at % ids.length] ?? 'demo', startMs)),
    ),
    receives: hub.queue.received / hub.queue.sent,
  };
}

/** All but the last tenth: what was in the hands of an instance that died comes back when its claim ends. */
function shareUsed({ visits }: CallsProvider, tenant: string, kind: keyof typeof kinds, startMs: number): number {
  const limits = catalogue[kind]?.provider.limits.filter(({ action }) => action !== 'conversations.list') ?? [];
  const shared = limits.some(({ of }) => of === 'app'); // whose share is which, nobody says: all of it is looked at
  const own = visits.filter((visit) => shared || visit.tenant === tenant).map(({ atMs }) => atMs);
  const count = Math.floor(own.length * 0.9);
  const perMs = Math.min(
    ...limits
      .filter(({ of }) => !shared || of === 'app')
      .map(({ requests, perS, perInput }) => ((perInput ? 3 : 1) * requests) / (perS * 1000)),
  );
  return count / (perMs * ((own[count] ?? startMs) - startMs));
}

export interface OutageReport {
  readonly asked: number;
  /** Sent while it was down, of the calls asked for meanwhile. */
  readonly amplification: number;
  /** The greatest number sent in one minute after the end, of the steady number. */
  readonly spike: number;
  readonly open: readonly string[];
  readonly counts: Partial<Record<CallStatus, number>>;
  /** Minutes from the end of the outage until its backlog was gone. */
  readonly drainedMin: number;
}

/** A provider that is down for so many minutes while each minute brings so many calls of many tenants. */
export async function runOutage(seed: number, minutes: number, perMinute: number): Promise<OutageReport> {
  const time = new VirtualTime(seed);
  const provider = new CallsProvider(time);
  const hub = new CallsHub(time, provider, 100);
  const tenants = Array.from({ length: 100 }, (_, at) => `t${at}`);
  const startMs = time.nowMs;
  const [fromMs, toMs] = [startMs + 5 * MINUTE_MS, startMs + (5 + minutes) * MINUTE_MS];
  provider.down = () => time.nowMs >= fromMs && time.nowMs < toMs;
  const endMs = toMs + 2 * minutes * MINUTE_MS;
  let asked = 0;
  const submit = () => {
    const mark = asked++;
    void hub.submit(`t${mark % 100}`, 'demo', { ...kinds.demo(mark), mode: 'async' });
    if (time.nowMs < endMs) time.at(time.nowMs + MINUTE_MS / perMinute, submit);
  };
  time.at(startMs, submit);
  hub.tickUntil(endMs);
  await time.run();

  const within = (visits: typeof provider.visits, a: number, b: number) =>
    visits.filter(({ atMs }) => atMs >= a && atMs < b);
  const after = Array.from({ length: 2 * minutes }, (_, minute) => {
    const at = toMs + minute * MINUTE_MS;
    return within(provider.visits, at, at + MINUTE_MS).length;
  });
  const { counts, open } = await endings(hub, tenants);
  return {
    ...{ asked, counts, open },
    amplification: within(provider.visits, fromMs, toMs).length / (minutes * perMinute),
    spike: Math.max(...after) / perMinute,
    drainedMin: after.findLastIndex((count) => count > 1.1 * perMinute) + 1,
  };
}

export interface IsolationReport {
  /** The 99th percentile of the others' waits, with the one tenant's load and without, in ms. */
  readonly p99Ms: { readonly quiet: number; readonly beset: number };
  readonly errors: number;
  readonly noisyDone: number;
}

/** One tenant at a thousand times the others' load, with calls that are slow, or that all fail. */
export async function runIsolation(
  seed: number,
  minutes: number,
  trouble: 'load' | 'slow' | 'failing',
): Promise<IsolationReport> {
  const [quiet, beset] = [await waits(seed, minutes, undefined), await waits(seed, minutes, trouble)];
  return { p99Ms: { quiet: quiet.p99Ms, beset: beset.p99Ms }, errors: beset.errors, noisyDone: beset.noisyDone };
}

async function waits(seed: number, minutes: number, trouble: string | undefined) {
  const time = new VirtualTime(seed);
  const provider = new CallsProvider(time);
  provider.down = (tenant) => tenant === 'noisy' && trouble === 'failing';
  provider.answerMs = (tenant) => (tenant === 'noisy' && trouble === 'slow' ? 10_000 : ANSWER_MS);
  const hub = new CallsHub(time, provider, 200);
  const askedAt: number[] = [];
  const endMs = time.nowMs + minutes * MINUTE_MS;
  const submit = () => {
    const mark = askedAt.push(time.nowMs) - 1;
    void hub.submit(`t${mark % 50}`, 'demo', { ...kinds.demo(mark), mode: 'async' });
    if (time.nowMs < endMs) time.at(time.nowMs + 1_000, submit);
  };
  time.at(time.nowMs, submit);
  const startMs = time.nowMs;
  if (trouble) {
    const count = trouble === 'load' ? 1_000 * minutes : 200 * minutes;
    for (let mark = 0; mark < count; mark++) {
      void hub.submit('noisy', 'demo', { ...kinds.demo(1_000_000 + mark), mode: 'async', lane: 'bulk' });
    }
  }
  hub.tickUntil(endMs + 10 * MINUTE_MS);
  await time.run(endMs + 10 * MINUTE_MS);
  const others = provider.visits.filter(({ tenant }) => tenant !== 'noisy');
  const took = others.map(({ atMs, mark }) => atMs + ANSWER_MS - (askedAt[mark] ?? startMs)).toSorted((a, b) => a - b);
  const missing = askedAt.length - new Set(others.map(({ mark }) => mark)).size;
  return {
    p99Ms: took[Math.floor(took.length * 0.99)] ?? Number.NaN,
    errors: missing,
    noisyDone: [...provider.effects.keys()].filter((mark) => mark >= 1_000_000).length,
  };
}
