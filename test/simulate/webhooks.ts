import type { Report } from './campaign.ts';
import { services, WebhookHub } from './webhook-hub.ts';
import { accounts, connectAll, judge, type Sent } from './webhook-judge.ts';
import { PUBLIC_URL, senders, signedHeaders, tell, tellEnd } from './webhook-senders.ts';
import { type Fault, type FaultKind, seeded, World } from './world.ts';

// One schedule: providers tell of events, again and again until they are heard, some twice, some forged; up to five faults;
// then quiet; and what must be true of the inboxes and the bus.

export interface Plan {
  readonly seed: number;
  readonly events: number;
  /** The shorter, the more often two workers have the same message. */
  readonly visibilityMs: number;
  /** Of one body that does not fit a row, or a message; 0: none. */
  readonly largeBytes: number;
  readonly faults: readonly Fault[];
}

export const EVENTS = 25;
const WITHIN_MS = 10_000;
/** As providers do: growing pauses, and an end. */
const RETRIES_MS = [11_000, 61_000, 301_000, 1_201_000, 4_801_000, 9_601_000];
/** The tightest provider gives up after this. */
const PATIENCE_MS = 3_000;
const FOREIGN = `whsec_${Buffer.from('the-secret-of-somebody-else').toString('base64')}`;

/** Where faults strike: a service, and which of its requests. */
const targets = [
  { service: services.send, upTo: 5 },
  { service: services.send, upTo: 30 },
  { service: services.table, upTo: 10 },
  { service: services.table, upTo: 40 },
  { service: services.bus, upTo: 10 },
  { service: services.owners, upTo: 30 },
  { service: services.secrets, upTo: 4 },
  { service: services.lateSecrets, upTo: 3 },
  { service: services.objects, upTo: 3 },
  { service: services.intake, upTo: 2 },
  { service: services.lookup, upTo: 4 },
  { service: services.unwrap, upTo: 2 },
  { service: services.lateLookup, upTo: 2 },
  { service: services.lateUnwrap, upTo: 2 },
  { service: services.handlers, upTo: 5 },
  { service: services.records, upTo: 5 },
  { service: services.end, upTo: 2 },
] as const;

/** Returns the plan that a seed stands for. */
export function planOf(seed: number): Plan {
  const chance = seeded(seed ^ 0x5bd1e995);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(chance() * from.length)] as T;
  return {
    seed,
    events: EVENTS,
    visibilityMs: pick([180_000, 180_000, 20_000, 2_000]),
    largeBytes: chance() < 0.01 ? pick([310_000, 700_000]) : 0,
    faults: Array.from({ length: Math.floor(chance() * 6) }, () => {
      const { service, upTo } = pick(targets);
      return { service: service.name, at: 1 + Math.floor(chance() * upTo), kind: pick<FaultKind>(service.faults) };
    }),
  };
}

/** Returns plans of few events, with every fault there is, alone, at every request of receive, process and handle. */
export function* singleFaults(): Generator<Plan> {
  for (const fault of everyFault()) yield planWith(fault);
}

/** Returns plans with every two of these faults. */
export function* pairsOfFaults(): Generator<Plan> {
  const all = [...everyFault()];
  for (const [at, first] of all.entries()) for (const second of all.slice(at)) yield planWith(first, second);
}

function* everyFault(): Generator<Fault> {
  for (const { name: service, faults } of Object.values(services)) {
    const most = largeOnly.has(service) || service === services.end.name ? 2 : 4;
    for (const kind of faults) for (let at = 1; at <= most; at++) yield { service, at, kind };
  }
}

/** What is asked for large bodies alone: those that do not fit a message, and a row. */
const largeOnly: ReadonlyMap<string, number> = new Map([
  [services.intake.name, 700_000],
  [services.objects.name, 310_000],
]);

function planWith(...faults: readonly Fault[]): Plan {
  const largeBytes = Math.max(...faults.map(({ service }) => largeOnly.get(service) ?? 0));
  return { seed: 3, events: 4, visibilityMs: 20_000, largeBytes, faults };
}

/** Runs one plan to its end: whether something was verified late, and whether an operator had to hand over again what had
 *  been given up. */
export async function run(plan: Plan): Promise<Report<Plan>> {
  const world = new World(plan.seed, { parallel: true });
  const hub = new WebhookHub(world, plan.visibilityMs);
  const violations: string[] = [];
  const sent: Sent[] = [];
  for (const provider of senders) connectAll(hub, provider);

  world.arm(plan.faults);
  for (let n = 0; n < plan.events; n++) send(newEvent(n));
  await world.settle();
  world.arm([]);
  const givenUp = hub.redrive();
  await world.settle();

  const deferred = world.met.some((fault) => /^(secrets|lookup|unwrap) /.test(fault));
  violations.push(...judge(hub, sent, deferred));
  const ending = `${givenUp > 0 ? 'handed over again' : 'drained'}${deferred ? ', some verified late' : ''}`;
  return { plan, violations, ending, trace: world.trace };

  function newEvent(n: number): Sent {
    const pick = <T>(from: readonly T[]): T => from[world.between(0, from.length - 1)] as T;
    const [provider, account] = [pick(senders), pick(accounts)];
    const earlier = sent.find((one) => one.provider === provider && one.account === account && !one.ends);
    const id = earlier && world.chance() < 0.05 ? earlier.id : `event-${n}`; // another body under an id that was used
    const text = n === 0 ? 'x'.repeat(plan.largeBytes) : '';
    const told = n === 1 ? tellEnd(`event-${n}`, 'ending') : tell(provider, id, account, n, text);
    return { ...told, forged: n > 1 && world.chance() < 0.1, acknowledged: false, heard: false };
  }

  function send(event: Sent): void {
    sent.push(event);
    const offMs = world.between(0, WITHIN_MS);
    attempt(event, offMs, 0);
    if (world.chance() < 0.08) hub.later(offMs + 3_600_000, () => post(event)); // heard or not
  }

  function attempt(event: Sent, delayMs: number, turn: number): void {
    hub.later(delayMs, () => {
      if (event.heard) return;
      post(event);
      const pauseMs = RETRIES_MS[turn];
      if (pauseMs !== undefined) attempt(event, pauseMs, turn + 1);
    });
  }

  function post(event: Sent): void {
    const headers = signedHeaders(event, world.nowMs, PUBLIC_URL, event.forged ? FOREIGN : undefined);
    hub.post(event, headers, (status, tookMs) => {
      if (status === 200) event.acknowledged = true;
      if (world.chance() > 0.03) event.heard = status === 200 || event.forged; // the answer may be lost on its way
      if (![200, 401, 503].includes(status)) violations.push(`${event.id} was answered ${status}`);
      if (status === 401 && !event.forged) violations.push(`D-01: ${event.id} is genuine and was refused`);
      if (tookMs > PATIENCE_MS) violations.push(`D-16: answered after ${tookMs} ms`);
    });
  }
}
