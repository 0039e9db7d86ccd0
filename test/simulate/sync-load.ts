import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SQSClient } from '@aws-sdk/client-sqs';
import { startHub } from '../../infra/local/hub.ts';
import { synthesize } from '../../infra/local/synth.ts';
import { readTemplate } from '../../infra/local/template.ts';
import { openTable } from '../../shared/core/aws.ts';
import { openQueue } from '../../shared/core/bus.ts';
import { realMoment } from '../../shared/core/clock.ts';
import { TenantId } from '../../shared/core/ids.ts';
import { inParallel } from '../../shared/core/parallel.ts';
import { findSyncs } from '../../shared/providers/polled.ts';
import { syncsContract } from '../../shared/syncs/contract.ts';
import { plan } from '../../shared/syncs/plan.ts';
import { syncStore } from '../../shared/syncs/store.ts';
import { born } from '../../shared/syncs/sync.ts';

// Many syncs that are due at once, on the template's tables and queues: one tick hands all of them out, within its time.

const TENANTS = 50;
/** Nobody takes from the dead letters, so that they can be counted. */
const QUEUE = 'syncsqueuedead';
const DUE_SINCE_MS = 30_000;

export interface SyncLoadReport {
  readonly seconds: number;
  readonly limitS: number;
  readonly requests: Readonly<Record<string, number>>;
  readonly faults: readonly string[];
}

/** Has `count` syncs be due and three ticks come at once, then one more; returns how long it took, and what went wrong. */
export async function runSyncLoad(count: number): Promise<SyncLoadReport> {
  const folder = mkdtempSync(join(tmpdir(), 'patchbay-syncs-'));
  const assembly = await synthesize(join(folder, 'cdk.out'));
  const hub = await startHub({ assembly });
  try {
    Object.assign(process.env, {
      ...{ AWS_ENDPOINT_URL: hub.awsUrl, AWS_REGION: 'us-east-1' },
      ...{ AWS_ACCESS_KEY_ID: 'outside', AWS_SECRET_ACCESS_KEY: 'made-up' },
    });
    const template = readTemplate(assembly, hub.awsUrl, hub.url);
    const find = (type: string, id: string) => template.all(type).find((one) => one.id.startsWith(id)) ?? { ref: id };
    const syncs = syncStore(openTable(find('AWS::DynamoDB::GlobalTable', 'syncs').ref));
    const queue = openQueue(find('AWS::SQS::Queue', QUEUE).ref);
    await makeDue(syncs, count);

    const requests: Record<string, number> = {};
    const stop = countRequests(requests);
    const limitS = syncsContract.plan.timeoutS;
    const began = performance.now();
    const tick = () => plan({ syncs, queue }, realMoment, () => performance.now() - began > (limitS - 10) * 1000);
    const handedOut = await Promise.all([tick(), tick(), tick()]);
    const seconds = (performance.now() - began) / 1000;
    stop();

    const again = await tick();
    const queued = await hub.queueDepth(QUEUE);
    const faults = [
      ...(handedOut.toSorted((a, b) => b - a).join() === `${count},0,0` ? [] : [`the ticks handed out ${handedOut}`]),
      ...(queued === count ? [] : [`${queued} messages are in the queue`]),
      ...(again === 0 ? [] : [`the next tick handed out ${again} again`]),
      ...(seconds < limitS ? [] : [`it took longer than the ${limitS} s that a tick has`]),
    ];
    return { seconds, limitS, requests, faults };
  } finally {
    await hub.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function makeDue(syncs: ReturnType<typeof syncStore>, count: number): Promise<void> {
  const sync = findSyncs('demo').contacts;
  if (!sync) throw new Error('the demo provider has contacts');
  const nowMs = Date.now();
  await inParallel([...Array(count).keys()], 32, async (n) => {
    const about = {
      tenantId: TenantId.parse(`tenant-${n % TENANTS}`),
      connection: { provider: 'demo', name: `c${n}` },
      sync: 'contacts',
    };
    const row = born(about, sync, nowMs, realMoment);
    const dueAt = nowMs - DUE_SINCE_MS + (n % (DUE_SINCE_MS / 2));
    await syncs.forTenant(about.tenantId).create({ ...row, since: new Date(nowMs).toISOString(), dueAt });
  });
}

/** Counts by the command's name, until it is stopped. */
function countRequests(requests: Record<string, number>): () => void {
  const undo = [DynamoDBClient.prototype, SQSClient.prototype].map((client: { send: unknown }) => {
    const send = client.send as (...args: readonly object[]) => unknown;
    client.send = function (this: object, ...args: readonly object[]) {
      const name = args[0]?.constructor.name.replace('Command', '') ?? '';
      requests[name] = (requests[name] ?? 0) + 1;
      return send.apply(this, [...args]);
    };
    return () => {
      client.send = send;
    };
  });
  return () => {
    for (const one of undo) one();
  };
}
