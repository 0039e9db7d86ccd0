import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Send } from '../../../shared/core/fetch.ts';
import { TenantId } from '../../../shared/core/ids.ts';
import { ok } from '../../../shared/core/result.ts';
import { githubWebhooks } from '../../../shared/providers/github/webhooks.ts';
import { findWebhooks } from '../../../shared/providers/senders.ts';
import type { Delivery } from '../../../shared/webhooks/contract.ts';
import { openPlatformKeys } from '../../../shared/webhooks/platform-keys.ts';
import { type ProcessPorts, processDelivery } from '../../../shared/webhooks/process.ts';
import { inboxStore } from '../../../shared/webhooks/store.ts';
import { memoryTable } from '../../support/memory-table.ts';
import { captureOutput } from '../../support/output.ts';
import { samplesOf, sign } from '../../support/samples.ts';

let output: ReturnType<typeof captureOutput>;
beforeAll(() => {
  output = captureOutput();
});
afterAll(() => output.restore());

const unreachable: Send = () => Promise.reject(new Error('nobody is asked'));
const SECRET = 'example-github-webhook-secret';
const acme = TenantId.parse('acme');
const globex = TenantId.parse('globex');

/** A world that fails at its `failAt`th input or output, before it has an effect or after. */
function world(large: boolean) {
  const table = memoryTable();
  const objects = new Map<string, Buffer>();
  const published: { id: string; type: string; tenant: string }[] = [];
  const handed: string[] = [];
  const active = new Set<string>([acme, globex]);
  const fault = { at: Number.POSITIVE_INFINITY, when: 'before' as 'before' | 'after', count: 0 };

  async function io<T>(effect: () => T | Promise<T>): Promise<T> {
    const mine = fault.count++ === fault.at;
    if (mine && fault.when === 'before') throw new Error('crash');
    const result = await effect();
    if (mine) throw new Error('crash');
    return result;
  }

  const text = JSON.stringify({ action: 'revoked', sender: { id: 7 }, text: large ? 'x'.repeat(700_000) : '' });
  const bytes = Buffer.from(text);
  objects.set('intake/r1', bytes);
  const delivery: Delivery = {
    provider: 'github',
    receivedAt: '2023-11-14T22:13:20.000Z',
    requestId: 'r1',
    headers: {
      'content-type': 'application/json',
      'x-github-event': 'github_app_authorization',
      'x-github-delivery': 'd1',
      ...sign(githubWebhooks, SECRET, bytes),
    },
    body: large ? { object: 'intake/r1' } : { base64: bytes.toString('base64') },
    deferred: true,
  };
  const ports: ProcessPorts = {
    findWebhooks,
    readApp: () => io(() => ({ webhookSecrets: [SECRET] })),
    inbox: inboxStore({ ...table, put: (item, expression) => io(() => table.put(item, expression)) }),
    objects: {
      get: (key) => io(() => objects.get(key)),
      put: (key, body) => io(() => void objects.set(key, body)),
    },
    publish: (events) => io(() => void published.push(...events)),
    captured: { open: () => Promise.reject(new Error('nobody is asked')) },
    tenantSince: () => io(() => 0),
    findOwners: (provider) =>
      io(() =>
        [...active].map((tenant) => ({ tenantId: TenantId.parse(tenant), connection: { provider, name: 'default' } })),
      ),
    renewSoon: async () => undefined,
    endConnection: ({ tenantId }) => io(() => void active.delete(tenantId)),
    handlersOf: () => [{ name: 'first' }, { name: 'second' }],
    handlerQueue: { sendAll: (messages) => io(() => void handed.push(...messages.map(({ body }) => body))) },
    readEndpoint: async () => undefined,
    keys: openPlatformKeys(unreachable, () => 0),
    send: unreachable,
  };
  return { table, objects, published, handed, active, fault, delivery, ports };
}

/** What nobody owns is left out: an ending that is processed again finds its connections ended, and is nobody's. */
const shapeOf = ({ table, published, handed, active }: ReturnType<typeof world>) => ({
  rows: [...table.rows.keys()].filter((key) => !key.includes('_unrouted')).sort(),
  events: [...new Set(published.map(({ id, type, tenant }) => `${tenant} ${type} ${id}`))]
    .filter((event) => !event.startsWith('_unrouted'))
    .sort(),
  handed: [...new Set(handed)].sort(),
  active: [...active],
});

test.each([false, true])(
  'a crash at any point, repeated, ends as if there had been none (large body: %s)',
  async (large) => {
    const sound = world(large);
    expect(await processDelivery(sound.delivery, sound.ports)).toEqual(ok('processed'));
    const steps = sound.fault.count;
    expect(shapeOf(sound)).toMatchObject({
      rows: { length: 2 },
      events: { length: 3 },
      handed: { length: 4 },
      active: [],
    });

    for (const when of ['before', 'after'] as const) {
      for (let at = 0; at < steps; at++) {
        const crashed = world(large);
        Object.assign(crashed.fault, { at, when });
        const first = await processDelivery(crashed.delivery, crashed.ports).catch(() => undefined);
        if (first?.ok) throw new Error(`nothing failed at step ${at}`);
        expect(await processDelivery(crashed.delivery, crashed.ports)).toMatchObject({ ok: true });
        expect({ when, at, ...shapeOf(crashed) }).toEqual({ when, at, ...shapeOf(sound) });
      }
    }
  },
);

test('two workers with the same message write one row and say one thing', async () => {
  const both = world(false);
  await Promise.all([processDelivery(both.delivery, both.ports), processDelivery(both.delivery, both.ports)]);
  expect(shapeOf(both)).toMatchObject({ rows: { length: 2 }, events: { length: 3 }, handed: { length: 4 } });
});

test('a second signal of Graph, days later, is published too; one that is sent again at once is not (D-08)', async () => {
  const { ports, published } = world(false);
  for (const file of ['lifecycle-missed.json', 'drive-changed.json']) {
    const sample = samplesOf('microsoft').find((one) => one.file === file);
    if (!sample) throw new Error(`there is no ${file}`);
    for (const receivedAt of ['2023-11-14T22:13:20.000Z', '2023-11-14T22:13:24.000Z', '2023-11-16T22:13:20.000Z']) {
      const delivery: Delivery = {
        ...{ provider: 'microsoft', endpoint: 'e1', owner: { tenantId: acme }, receivedAt, requestId: receivedAt },
        ...{ headers: sample.headers, body: { base64: Buffer.from(sample.body).toString('base64') }, deferred: false },
      };
      await processDelivery(delivery, ports);
    }
  }
  expect(published.map(({ type }) => type)).toEqual(Array(4).fill('webhook.received'));
});
