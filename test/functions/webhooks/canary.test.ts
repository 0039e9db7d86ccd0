import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { canary, leaks, searchFor } from '../../support/canary.ts';
import { httpEvent, lambdaContext } from '../../support/http-event.ts';
import { startWebhooks, stripeDelivery, subscription, type WebhooksHub } from './hub.ts';

let hub: WebhooksHub;
beforeAll(async () => {
  vi.stubEnv('POWERTOOLS_LOG_LEVEL', 'DEBUG');
  vi.stubEnv('POWERTOOLS_METRICS_DISABLED', 'false');
  hub = await startWebhooks();
});
afterAll(async () => {
  await hub.stop();
  vi.unstubAllEnvs();
});

test('what webhooks bring is told to the owner, and to no log, metric, queue or list of what happened (E-40, G8)', async () => {
  const secrets: Record<string, string> = {};
  const hide = (name: string) => {
    secrets[name] = canary(name);
    return secrets[name];
  };
  await hub.connect('stripe', 'acct_1', 'acme' as never);
  const messages: string[] = [];
  const bodies = Array.from({ length: 15 }, (_, at) => ({
    fits: subscription(`sub_${at}`, 'active', { metadata: { token: hide(`metadata ${at}`) } }),
    odd: { id: `sub_${at}`, items: hide(`a shape that is none ${at}`), [hide(`a field ${at}`)]: 1 },
    strange: { deep: [{ password: hide(`deep ${at}`) }] },
  }));
  for (const [at, { fits, odd, strange }] of bodies.entries()) {
    const type = 'customer.subscription.updated';
    const about = { created: 1_763_600_000 + at };
    await hub.take(
      stripeDelivery('acct_1', { ...about, id: `evt_fits${at}`, type, object: fits }),
      stripeDelivery('acct_1', { ...about, id: `evt_odd${at}`, type, object: odd }),
      stripeDelivery('acct_2', { ...about, id: `evt_nobody${at}`, type: 'made.up', object: strange }),
    );
    messages.push(...hub.queues.handlers.map(({ body }) => body));
    await hub.deliver('handlers');
  }
  const broken = hide('no delivery at all');
  const back = await hub.feed('process', [JSON.stringify({ provider: 'stripe', body: broken }), broken]);
  expect(back).toHaveLength(2);

  const { handler } = await import('../../../functions/console/activity.ts');
  const asked = async (query: string) =>
    JSON.stringify(
      await handler(httpEvent('GET', '/v1/activity', { query, principal: { kind: 'operator' } }), lambdaContext()),
    );
  const places = {
    ...{ messages: messages.join(), output: JSON.stringify(hub.output.lines()) },
    ...{ activity: await asked('tenant=acme'), nobody: await asked('kind=webhook') },
  };
  expect(Object.keys(secrets).length).toBeGreaterThanOrEqual(60);
  expect(searchFor(secrets, places)).toEqual([]);
  expect(hub.output.lines().some((line) => '_aws' in line)).toBe(true);
  expect(leaks(JSON.stringify(hub.events), secrets['metadata 0'] ?? '')).toBe(true); // the owner's bus has it
});
