import type { Counts } from './meter.ts';
import { type Priced, prices } from './prices.ts';
import type { Counted, Measured, Standing, Way } from './ways.ts';

/** What a line is summed under. */
export const headings = ['HTTP API', 'Lambda', 'DynamoDB', 'SQS', 'EventBridge', 'KMS, secrets', 'logs'] as const;
export type Heading = (typeof headings)[number];
export type Bill = Readonly<Record<Heading | 'sum', number>>;

/** Lambda's time cannot be counted on this computer: so it is said. A function takes so long by itself, one that a queue gives ten
 *  messages longer, and one that waits for a provider or a receiver as long as that takes, once for a whole batch. */
export const assumed = { ownMs: 20, ownOfTenMs: 60, outsideMs: 300 } as const;

/** Who waits for somebody outside, on which way. */
const waiting: Readonly<Record<Way, readonly string[]>> = {
  webhook: [],
  call: ['calls/submit'],
  queuedCall: ['calls/run'],
  delivery: ['deliveries/send'],
  quietPoll: ['syncs/run'],
  refresh: ['connections/refresh'],
};

/** Returns USD for what was counted. */
function bill(counts: Counts, { memoryGb, accessLogBytes }: Standing, msOf: (fn: string) => number): Bill {
  const cost = (of: Priced, count: number) => prices[of].usd * count;
  const invocations = Object.entries(counts.invocations);
  const gbSeconds = invocations.reduce((sum, [fn, count]) => sum + (count * memoryGb * msOf(fn)) / 1000, 0);
  const lines: Record<Heading, number> = {
    'HTTP API': cost('httpRequest', counts.httpRequests),
    Lambda: invocations.reduce((sum, [, count]) => sum + cost('invocation', count), cost('gbSecond', gbSeconds)),
    DynamoDB: cost('writeUnit', counts.writeUnits) + cost('readUnit', counts.readUnits),
    SQS: cost('sqsRequest', counts.sqsRequests) + cost('fairMessage', counts.fairMessages),
    EventBridge: cost('busEvent', counts.busEvents) + cost('tick', counts.ticks),
    'KMS, secrets': cost('kmsRequest', counts.kmsRequests) + cost('secretRequest', counts.secretRequests),
    logs: cost('logByte', counts.logBytes + counts.httpRequests * accessLogBytes),
  };
  return { ...lines, sum: Object.values(lines).reduce((sum, usd) => sum + usd, 0) };
}

/** Returns USD for a million of a way: each alone, and in batches of ten. */
export function perMillion({ ways, standing }: Measured, way: Way): { readonly alone: Bill; readonly ofTen: Bill } {
  const counted: Counted = ways[way];
  const priced = (counts: Counts, many: number) => {
    const msOf = (fn: string) => {
      const isBatch = (counts.invocations[fn] ?? 0) < many;
      return (isBatch ? assumed.ownOfTenMs : assumed.ownMs) + (waiting[way].includes(fn) ? assumed.outsideMs : 0);
    };
    const whole = bill(counts, standing, msOf);
    return Object.fromEntries(Object.entries(whole).map(([name, usd]) => [name, (usd * 1e6) / many])) as Bill;
  };
  return { alone: priced(counted.alone, 1), ofTen: priced(counted.ofTen, 10) };
}

/** Lambda asks each queue with 5 pollers as long as a mapping has a greatest concurrency, each for 20 s at most.
 *  https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html */
const POLLS_A_MONTH = 5 * 3 * 60 * 24 * 30;

/** Returns USD for a month in which nothing happens, with so many providers named. */
export function idleMonth({ ticks, standing }: Measured, providers: number) {
  const ticking = Object.entries(standing.ticksPerMonth).map(
    ([fn, times]) => bill(ticks[fn] as Counts, standing, () => assumed.ownMs).sum * times,
  );
  const lines = {
    'KMS keys': standing.keys * prices.kmsKey.usd,
    secrets: (1 + providers) * prices.secret.usd,
    alarms: standing.alarms * prices.alarm.usd, // a query counts each metric that it finds: one, here
    dashboard: standing.dashboards * prices.dashboard.usd,
    'polling of queues': standing.mappings * POLLS_A_MONTH * prices.sqsRequest.usd,
    ticks: ticking.reduce((sum, usd) => sum + usd, 0),
  };
  return { ...lines, sum: Object.values(lines).reduce((sum, usd) => sum + usd, 0) };
}

/** What the design aims at, USD. Its sums leave out the way in over HTTP for calls, the event that tells of each, and the
 *  copies of a row in its indexes; the hub has them, and so is over. */
const aims: Readonly<Partial<Record<Way | 'idle', number>>> = { webhook: 3.5, call: 2.3, queuedCall: 2.3, idle: 15 };

const words: Readonly<Record<Way, string>> = {
  webhook: 'webhooks: taken in, kept, told on the bus',
  delivery: 'events delivered to a subscription',
  call: 'calls, answered at once',
  queuedCall: 'calls, queued',
  quietPoll: 'polls of a sync that find nothing new',
  refresh: 'refreshes of a token',
};

/** How many providers the example of an idle month names. */
export const PROVIDERS = 5;

export interface CostRow {
  readonly what: string;
  readonly ofTen: number;
  readonly alone: number;
  readonly aim?: number;
  /** Where it goes, in batches of ten. */
  readonly parts: Readonly<Record<string, number>>;
}

/** Returns the table of the README and of `npm run bench`: USD for a million of each way, and for an idle month. */
export function costTable(measured: Measured): readonly CostRow[] {
  const ways = (Object.keys(words) as Way[]).map((way) => {
    const { alone, ofTen } = perMillion(measured, way);
    const { sum, ...parts } = ofTen;
    return { what: `a million ${words[way]}`, ofTen: sum, alone: alone.sum, aim: aims[way], parts };
  });
  const { sum, ...parts } = idleMonth(measured, PROVIDERS);
  return [
    { what: `an idle month, ${PROVIDERS} providers named`, ofTen: sum, alone: sum, aim: aims.idle, parts },
    ...ways,
  ];
}

/** Returns USD a month for the metrics of one provider that sends webhooks and is called, polled and refreshed, all going well. */
export function metricsOfProvider({ ways }: Measured): number {
  const measured = new Set(Object.values(ways).flatMap(({ ofTen }) => ofTen.metrics));
  const own = [...measured].filter((metric) => / (demo|github)\b/.test(metric));
  return own.length * prices.metric.usd;
}
