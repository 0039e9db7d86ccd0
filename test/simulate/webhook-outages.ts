import { services, WebhookHub } from './webhook-hub.ts';
import { accounts, connectAll, judge, type Sent } from './webhook-judge.ts';
import { senders, signedHeaders, tell } from './webhook-senders.ts';
import { World } from './world.ts';

// Services of AWS that are down for minutes, alone and in pairs, while webhooks come in (G12, requirements G.2).

/** What each takes with it. SQS is not among them: without it nothing is durable, and nothing is acknowledged. */
export const outages = {
  'Secrets Manager': [services.secrets.name, services.lateSecrets.name],
  KMS: [services.unwrap.name, services.lateUnwrap.name],
  'the endpoints table': [services.lookup.name, services.lateLookup.name],
  'the inbox table': [services.table.name],
  'the connections table': [services.owners.name, services.end.name],
  S3: [services.intake.name, services.objects.name],
  EventBridge: [services.bus.name],
} as const;
export interface Situation {
  readonly down: readonly (keyof typeof outages)[];
  readonly instances: 'warm' | 'cold';
}

const names = Object.keys(outages) as (keyof typeof outages)[];
/** Every one of them, and every two, before instances that are warm and that are cold. */
export const situations: readonly Situation[] = names
  .flatMap((first, at) => [[first], ...names.slice(at + 1).map((second) => [first, second])])
  .flatMap((down) => [
    { down, instances: 'warm' },
    { down, instances: 'cold' },
  ]);

const OUTAGE_MS = 5 * 60_000;
/** As the template has it. */
const VISIBILITY_MS = 180_000;
const DRAINED_WITHIN_MS = 10 * 60_000;

export interface Outcome {
  /** How many requests were answered with each status, while it was down. */
  readonly answers: Readonly<Record<number, number>>;
  /** From the end of the outage until the last event was told. */
  readonly drainedAfterMs: number;
  /** Of invariants; and messages that were given up. */
  readonly faults: readonly string[];
}

/** Returns what became of `count` webhooks, spread over five minutes in which these services answer nothing. */
export async function runOutage(
  down: readonly string[],
  instances: Situation['instances'],
  count: number,
  seed = 1,
): Promise<Outcome> {
  const world = new World(seed, { parallel: true });
  const hub = new WebhookHub(world, VISIBILITY_MS, 0);
  for (const provider of senders) connectAll(hub, provider);
  const pick = <T>(from: readonly T[]): T => from[world.between(0, from.length - 1)] as T;
  const sent: Sent[] = [];
  const answers: Record<number, number> = {};

  function send(id: string, provider: string, account: string): void {
    const event: Sent = {
      ...tell(provider, id, account, sent.length),
      forged: false,
      acknowledged: false,
      heard: false,
    };
    sent.push(event);
    hub.post(event, signedHeaders(event, world.nowMs), (status) => {
      event.acknowledged ||= status === 200;
      if (id.startsWith('during')) answers[status] = (answers[status] ?? 0) + 1;
    });
  }

  if (instances === 'warm') {
    for (const provider of senders) {
      send(`before-${provider}`, provider, 'one');
      await world.settle(); // one instance, which knows every secret
    }
  }
  const healedAtMs = world.nowMs + OUTAGE_MS;
  world.blackOut(down, OUTAGE_MS);
  for (let n = 0; n < count; n++) {
    const [provider, account] = [pick(senders), pick(accounts)];
    hub.later(Math.floor((n / count) * OUTAGE_MS), () => send(`during-${n}`, provider, account));
  }
  await world.settle();
  const faults = judge(hub, sent, false);
  const givenUp = hub.queues.reduce((sum, { dead }) => sum + dead.length, 0);
  if (givenUp > 0) faults.push(`${givenUp} messages were given up`);
  return { answers, drainedAfterMs: hub.lastToldAtMs - healedAtMs, faults };
}

/** Returns what is not as it must be: every one of `count` webhooks acknowledged at once, and drained ten minutes later. */
export async function faultsIn({ down, instances }: Situation, count: number, seed = 1): Promise<string[]> {
  const gone = down.flatMap((name) => outages[name]);
  const { answers, drainedAfterMs, faults } = await runOutage(gone, instances, count, seed);
  const found = [...faults];
  if (answers[200] !== count) found.push(`answered ${JSON.stringify(answers)}`);
  if (drainedAfterMs > DRAINED_WITHIN_MS) found.push(`drained after ${drainedAfterMs} ms`);
  return found.map((fault) => `${down.join(' and ')} down, ${instances} instances: ${fault}`);
}
