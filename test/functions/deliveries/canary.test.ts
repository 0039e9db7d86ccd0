import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { hubEvent } from '../../../shared/core/event.ts';
import { canary, leaks, searchFor } from '../../support/canary.ts';
import { testMoment } from '../../support/moment.ts';
import { startDeliveries } from './hub.ts';

let hub: Awaited<ReturnType<typeof startDeliveries>>;
beforeAll(async () => {
  vi.stubEnv('POWERTOOLS_LOG_LEVEL', 'DEBUG');
  vi.stubEnv('POWERTOOLS_METRICS_DISABLED', 'false');
  hub = await startDeliveries();
});
afterAll(async () => {
  await hub.stop();
  vi.unstubAllEnvs();
});

test('what is delivered, how it is signed and what the receiver says is in no log, metric or queue (E-40, G8, B-15)', async () => {
  const secrets: Record<string, string> = {};
  const hide = (name: string) => {
    secrets[name] = canary(name);
    return secrets[name];
  };
  const path = `/hook/${Buffer.from(hide('path of the URL')).toString('hex')}?token=${encodeURIComponent(hide('query of the URL'))}`;
  const made = await hub.call('subscribe', { body: { url: hub.url + path, types: ['*'] } });
  expect(made.status).toBe(201);
  const sealed = made.json.secret ?? made.json.secrets?.[0];
  expect(String(sealed).length).toBeGreaterThan(20);
  const messages: string[] = [];
  for (let at = 0; at < 12; at++) {
    hub.script.push({
      status: at === 11 ? 429 : ([204, 500, 400, 302][at % 4] ?? 204),
      headers: { location: `https://h.invalid/?t=${hide(`location ${at}`).slice(4, 44)}` },
      body: at % 4 === 0 ? undefined : hide(`answer ${at}`),
    });
    const data = { model: 'contacts', id: String(at), data: { token: hide(`data ${at}`) } };
    await hub.tell(hubEvent('record.created', { tenant: 'acme', id: `evt_${at}` }, data, testMoment(Date.now())));
    messages.push(...hub.queue.map(({ body }) => body));
    await hub.deliver();
  }
  const arrived = hub.arrivals.map(({ headers }) => headers['webhook-signature'] ?? '');
  expect(arrived.length).toBeGreaterThanOrEqual(8); // one that fails is left alone for a while
  const output = JSON.stringify(hub.output.lines());
  expect(Object.keys(secrets).length).toBeGreaterThanOrEqual(30);
  expect(searchFor(secrets, { messages: messages.join(), output })).toEqual([]);
  for (const text of [String(sealed).slice(-24), ...arrived.map((signature) => signature.slice(-24))])
    expect(output).not.toContain(text);
  expect(hub.output.lines().some((line) => '_aws' in line)).toBe(true);
  expect(leaks(JSON.stringify(hub.arrivals), secrets['data 0'] ?? '')).toBe(true); // it did arrive
  const listed = await hub.call('list', {});
  expect(JSON.stringify(listed.json)).not.toContain(String(sealed).slice(-24));
});
