import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { type Hub, startHub } from '../../infra/local/hub.ts';
import { synthesize } from '../../infra/local/synth.ts';
import type { HubEvent } from '../../shared/core/event.ts';
import { inParallel } from '../../shared/core/parallel.ts';
import { type Order, pathOf, type Receipts } from './deliveries-receivers.ts';
import { pathOf as addressOf, secretOf, signedHeaders, tell } from './webhook-senders.ts';

// Events to many subscriptions on the real template, to receivers on this computer of every temper: each of them takes every
// event, and each request is signed.

/** In place of a minute: what a tick finds due does not change by that. */
const TICK_MS = 5_000;
/** Without anything more that is taken. A second failure of the same delivery waits five minutes. */
const QUIET_MS = 7 * 60_000;

export interface DeliveriesReport {
  readonly seconds: number;
  readonly perS: number;
  readonly requests: number;
  readonly refused: number;
  readonly faults: readonly string[];
}

/** Lets `events` events happen before `count` subscriptions; returns how fast, and what did not come, or came unsigned. */
export async function runDeliveries(
  count: number,
  events: number,
  say: (text: string) => void = () => {},
): Promise<DeliveriesReport> {
  const folder = mkdtempSync(join(tmpdir(), 'patchbay-load-'));
  const receivers = new Worker(new URL('./deliveries-receivers.ts', import.meta.url));
  const [address] = (await once(receivers, 'message')) as [string];
  const hub = await startHub({
    assembly: () => synthesize(join(folder, 'cdk.out')),
    providers: { github: { webhookSecrets: [secretOf('github')] } },
  });
  const ask = async <T>(order: Order): Promise<T> => {
    receivers.postMessage(order);
    return ((await once(receivers, 'message')) as [T])[0];
  };
  try {
    const secrets = await subscribe(hub, count, address);
    await ask({ kind: 'trust', secrets });

    const began = performance.now();
    await happen(hub, events);

    const total = count * events;
    const takenIn = ({ taken }: Receipts) => taken.reduce((sum, ids) => sum + ids.size, 0);
    let receipts: Receipts;
    let [best, changedAt] = [0, began];
    for (;;) {
      await wait(TICK_MS);
      await hub.tick('deliveries/plan');
      receipts = await ask<Receipts>({ kind: 'report' });
      const taken = takenIn(receipts);
      if (taken > best) [best, changedAt] = [taken, performance.now()];
      say(`${((performance.now() - began) / 1000).toFixed(0)} s: ${taken} of ${total} taken`);
      if (taken >= total || performance.now() - changedAt > QUIET_MS) break;
    }
    const seconds = (changedAt - began) / 1000;
    const told = new Set(hub.busEvents().map(({ detail }) => (detail as unknown as HubEvent).id));
    const lost = receipts.taken.flatMap((ids, at) =>
      ids.size === events && [...ids].every((id) => told.has(id))
        ? []
        : [`${pathOf(at)} took ${ids.size} of ${events} events`],
    );
    const dead = (await hub.queueDepth('deliveriesqueuedead')) + (await hub.queueDepth('deliverieseventsdead'));
    const given = dead > 0 ? [`${dead} messages were given up`] : [];
    const { requests, refused, strange } = receipts;
    return { seconds, perS: best / seconds, requests, refused, faults: [...given, ...strange, ...lost] };
  } finally {
    await Promise.all([hub.stop(), receivers.terminate()]);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Returns the secrets of as many subscriptions as there are receivers, in their order. */
function subscribe({ url, operatorKey }: Hub, count: number, address: string): Promise<string[]> {
  const headers = { authorization: `Bearer ${operatorKey}`, 'content-type': 'application/json' };
  return inParallel(
    Array.from({ length: count }, (_, at) => at),
    8,
    async (at) => {
      const body = JSON.stringify({ url: address + pathOf(at), types: ['webhook.received'] });
      const answer = await fetch(`${url}/v1/subscriptions`, { method: 'POST', headers, body });
      if (answer.status !== 201) throw new Error(`a subscription was answered ${answer.status}`);
      return ((await answer.json()) as { secret: string }).secret;
    },
  );
}

/** As many webhooks of nobody's come in: each is an event. */
async function happen({ url }: Hub, count: number): Promise<void> {
  await inParallel(
    Array.from({ length: count }, (_, at) => tell('github', `delivery-${at}`, 'nobody', at)),
    8,
    async (one) => {
      const headers = signedHeaders(one, Date.now(), url);
      const { status } = await fetch(url + addressOf(one), { method: 'POST', headers, body: one.body });
      if (status !== 200) throw new Error(`a webhook was answered ${status}`);
    },
  );
}
