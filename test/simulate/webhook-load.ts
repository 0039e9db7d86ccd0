import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { DynamoDBClient, ScanCommand, type ScanCommandOutput } from '@aws-sdk/client-dynamodb';
import { startHub } from '../../infra/local/hub.ts';
import { synthesize } from '../../infra/local/synth.ts';
import { activated } from '../../shared/connections/connection.ts';
import { connectionStore } from '../../shared/connections/store.ts';
import { openTable } from '../../shared/core/aws.ts';
import { realMoment } from '../../shared/core/clock.ts';
import type { HubEvent } from '../../shared/core/event.ts';
import { TenantId } from '../../shared/core/ids.ts';
import { UNROUTED } from '../../shared/core/keys.ts';
import { inParallel } from '../../shared/core/parallel.ts';
import { listen, outside, percentile, tableOf } from './running-hub.ts';
import { senders as all, ofEndpoint, pathOf, secretOf, signedHeaders, type Told, tell } from './webhook-senders.ts';
import { seeded } from './world.ts';

// Webhooks from every provider at once on the real template, while the environments of both functions are killed: whatever
// was acknowledged is in one inbox once, and on the bus.

const PARALLEL = 64;
/** So many are acknowledged between two kills: a slow computer is not killed more. */
const KILL_EACH = 100;
/** Far less than the template's 180 s, and far more than a batch takes. */
const VISIBILITY_S = 15;
const QUIET_WITHIN_MS = 180_000;
const tenant = 'acme';
const senders = all.filter((sender) => sender !== ofEndpoint);

export interface LoadReport {
  readonly seconds: number;
  readonly perS: number;
  /** Of an acknowledged request, ms. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly killed: number;
  /** Requests that were answered with something else, and sent again. */
  readonly again: number;
  readonly drainedAfterS: number;
  readonly faults: readonly string[];
}

/** Of an inbox. */
interface Row {
  readonly tenant: string;
  /** Behind its provider, as it is keyed. */
  readonly event: string;
  readonly content: string;
}

/** Sends `count` webhooks, 64 at a time, each until it is acknowledged; returns how fast, and what was lost or doubled. */
export async function runLoad(count: number, seed: number): Promise<LoadReport> {
  const folder = mkdtempSync(join(tmpdir(), 'patchbay-load-'));
  const secrets = senders.map((provider) => [provider, { webhookSecrets: [secretOf(provider)] }] as const);
  const hub = await startHub({
    assembly: () => synthesize(join(folder, 'cdk.out')),
    providers: Object.fromEntries(secrets),
    longestVisibilityS: VISIBILITY_S,
  });
  try {
    outside(hub);
    const connections = await tableOf('connections');
    for (const provider of senders) await connect(connections, provider);

    const chance = seeded(seed);
    const events = Array.from({ length: count }, (_, n) => {
      const provider = senders[Math.floor(chance() * senders.length)] ?? 'github';
      return tell(provider, `event-${n}`, chance() < 0.8 ? 'one' : 'nobody', n);
    });
    const told = listen(hub.busEvents, ({ tenant: whose, provider, id, data }: HubEvent<'webhook.received'>) => ({
      ...{ about: `${whose} ${provider}#${data.event}`, id },
    }));
    const began = performance.now();
    const kill = () => hub.kill(chance() < 0.5 ? 'webhooks/receive' : 'webhooks/process');
    const sent = await sendAll(hub.url, events, kill);
    const seconds = (performance.now() - began) / 1000;

    const quietFrom = performance.now();
    while ((await hub.queueDepth('webhooksintakequeue')) > 0) {
      if (performance.now() - quietFrom > QUIET_WITHIN_MS) throw new Error('the queue does not come to rest');
      await wait(100);
    }
    const drainedAfterS = (performance.now() - quietFrom) / 1000;
    const dead = await hub.queueDepth('webhooksintakedead');
    const given = dead > 0 ? [`${dead} messages were given up`] : [];
    const faults = [...given, ...sent.faults, ...judge(events, await inbox(await tableOf('inbox')), told.stop())];
    const at = (part: number) => percentile(sent.tookMs, part);
    const figures = { p50Ms: at(0.5), p99Ms: at(0.99), again: sent.again, killed: sent.killed, drainedAfterS };
    return { seconds, perS: count / seconds, ...figures, faults };
  } finally {
    await hub.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function inbox(table: string): Promise<Row[]> {
  const client = new DynamoDBClient({});
  const rows: Row[] = [];
  let next: ScanCommandOutput['LastEvaluatedKey'];
  do {
    const page = await client.send(new ScanCommand({ TableName: table, ExclusiveStartKey: next }));
    for (const { pk, sk, json } of page.Items ?? []) {
      rows.push({ tenant: pk?.S ?? '', event: sk?.S ?? '', content: json?.S ?? '' });
    }
    next = page.LastEvaluatedKey;
  } while (next);
  return rows;
}

async function connect(table: string, provider: string): Promise<void> {
  const tenantId = TenantId.parse(tenant);
  const about = { tenantId, id: { provider, name: 'default' }, account: { id: 'one' }, sourceSession: 'cs_1' };
  const row = activated(about, { generation: 1, sealed: {}, scopes: [] }, undefined, realMoment);
  await connectionStore(openTable(table)).forTenant(tenantId).save(row, undefined);
}

async function sendAll(url: string, events: readonly Told[], kill: () => boolean) {
  const faults: string[] = [];
  const tookMs: number[] = [];
  let again = 0;
  let killed = 0;
  await inParallel(events, PARALLEL, async (event) => {
    for (;;) {
      const began = performance.now();
      const status = await post(url, event);
      if (status === 200) {
        tookMs.push(performance.now() - began);
        if (tookMs.length % KILL_EACH === 0 && kill()) killed += 1;
        return;
      }
      if (status < 500) faults.push(`${event.id} was answered ${status}`);
      again += 1;
      await wait(20);
    }
  });
  return { faults, tookMs, again, killed };
}

async function post(url: string, event: Told): Promise<number> {
  const headers = signedHeaders(event, Date.now(), url);
  const answer = await fetch(url + pathOf(event), { method: 'POST', headers, body: event.body });
  await answer.arrayBuffer();
  return answer.status;
}

function judge(
  events: readonly Told[],
  rows: readonly Row[],
  told: ReadonlyMap<string, ReadonlySet<string>>,
): string[] {
  const faults: string[] = [];
  const inbox = Map.groupBy(rows, ({ tenant: whose, content }) => `${whose} ${content}`);
  for (const { id, account, contents } of events) {
    const home = account === 'one' ? tenant : UNROUTED;
    for (const content of contents) {
      const found = inbox.get(`${home} ${content}`) ?? [];
      if (found.length !== 1) faults.push(`${id} is ${found.length} times in the inbox`);
      const ids = told.get(`${home} ${found[0]?.event}`)?.size ?? 0;
      if (ids !== 1) faults.push(`${id} was told under ${ids} ids`);
    }
  }
  const sent = events.flatMap(({ contents }) => contents).length;
  if (rows.length !== sent) faults.push(`${rows.length} rows of ${sent} events`);
  return faults;
}
