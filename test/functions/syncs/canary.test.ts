import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { canary, leaks, readStores, searchFor } from '../../support/canary.ts';
import { type Syncs, startSyncs } from './hub.ts';

let hub: Syncs;
beforeAll(async () => {
  vi.stubEnv('POWERTOOLS_LOG_LEVEL', 'DEBUG');
  vi.stubEnv('POWERTOOLS_METRICS_DISABLED', 'false');
  hub = await startSyncs();
});
afterAll(async () => {
  await hub.stop();
  vi.unstubAllEnvs();
});

test('what is copied, the token it is read with and what the provider says is in no log, metric or queue (E-40, G8, B-15)', async () => {
  const copied: Record<string, string> = {};
  const said: Record<string, string> = {};
  const hide = (into: Record<string, string>, name: string) => {
    into[name] = canary(name);
    return into[name];
  };
  const token = Buffer.from(canary('access token')).toString('base64url');
  await hub.connect(token);
  await hub.call('follow', { detail: { type: 'connection.activated', time: new Date().toISOString() } });
  const messages: string[] = [];
  const run = async (body = {}) => {
    await hub.call('run-now', { body: JSON.stringify(body) });
    messages.push(...hub.queue.map((one) => one.body));
    await hub.deliver();
  };
  const change = (round: number) => {
    for (let at = 0; at < 5; at++) {
      const [name, email] = ['name', 'email'].map((field) => hide(copied, `${field} ${at}.${round}`));
      hub.put(`c${at}`, name ?? '', { email, deleted: round > 0 && at === 0 });
    }
  };
  change(0);
  await run();
  expect(hub.events).toHaveLength(5);
  change(1);
  await run({ full: true });
  expect(hub.events.map(({ type }) => type)).toContain('record.deleted');
  hub.contacts.set('c9', { id: 'c9', name: hide(copied, 'a misfit'), email: 1, updatedAt: 2 } as never);
  await run({ full: true });
  for (const status of [400, 403, 404, 410, 500, 429] as const) {
    hub.script.push([status, hide(said, `answer ${status}`)]);
    await run();
  }
  expect(hub.script).toEqual([]);
  const { json } = await hub.call('list'); // the owner may read what a provider says of an error

  const all = { ...copied, ...said, token: canary('access token') };
  expect(Object.keys(all).length).toBeGreaterThanOrEqual(25);
  const output = JSON.stringify(hub.output.lines());
  expect(searchFor(all, { output, messages: messages.join() })).toEqual([]);
  expect(output).not.toContain(token.slice(0, 24));
  expect(searchFor({ ...copied, token: all.token }, { list: JSON.stringify(json) })).toEqual([]);
  expect(searchFor({ token: all.token }, { stores: await readStores(Object.values(hub.tables)) })).toEqual([]);
  expect(hub.output.lines().some((line) => '_aws' in line)).toBe(true);
  expect(leaks(JSON.stringify((await hub.call('records')).json), copied['name 1.1'] ?? '')).toBe(true); // it was copied
});
