import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { canary, leaks, readStores, searchFor } from '../../support/canary.ts';
import { httpEvent, lambdaContext } from '../../support/http-event.ts';
import { type Calls, startCalls } from './hub.ts';

let hub: Calls;
beforeAll(async () => {
  vi.stubEnv('POWERTOOLS_LOG_LEVEL', 'DEBUG');
  vi.stubEnv('POWERTOOLS_METRICS_DISABLED', 'false');
  hub = await startCalls();
});
afterAll(async () => {
  await hub.stop();
  vi.unstubAllEnvs();
});

test('what calls send and bring stands in no store, message, event, log line, metric or list, in any form (E-40, G8, B-15)', async () => {
  const sent: Record<string, string> = {};
  const said: Record<string, string> = {};
  const hide = (into: Record<string, string>, name: string) => {
    into[name] = canary(name);
    return into[name];
  };
  const ids: string[] = [];
  const ways = ['sync', 'async'] as const;
  const answers: readonly (readonly [number, string])[] = [
    [200, 'a'],
    [201, 'b'],
    [400, 'c'],
    [429, 'd'],
    [500, 'e'],
    [302, 'f'],
  ];
  for (const mode of ways) {
    for (const [status, letter] of answers) {
      const at = `${mode} ${status}`;
      hub.script.push([
        status,
        {
          [letter]: hide(status < 300 ? sent : said, `result ${at}`),
          error: { message: hide(status < 300 ? sent : said, `message ${at}`) },
        },
        {
          'x-extra': 'v',
          location: `https://h.invalid/?t=${encodeURIComponent(hide(status < 300 ? sent : said, `location ${at}`))}`,
        },
      ]);
      const key = canary(`idempotency key ${at}`).replaceAll(/[^0-9a-f]/g, '');
      sent[`idempotency key ${at}`] = key;
      const { json } = await hub.submit(
        {
          mode,
          request: {
            method: 'POST',
            path: `/contacts/${Buffer.from(hide(sent, `path ${at}`)).toString('hex')}`,
            query: { token: hide(sent, `query ${at}`), [`q${key.slice(0, 2)}`]: 'x' },
            headers: { 'if-match': `"${Buffer.from(hide(sent, `header ${at}`)).toString('base64')}"` },
            body: {
              deep: [{ password: hide(sent, `body ${at}`) }],
              base64: Buffer.from(hide(sent, `encoded ${at}`)).toString('base64'),
            },
          },
        },
        { 'idempotency-key': key },
      );
      ids.push(json.id);
      if (mode === 'async') await hub.deliver();
      await hub.freeLimits();
    }
  }
  // What is not valid is refused, and its answer does not say it again.
  const refused = [
    await hub.submit({ request: { method: 'GET', path: `//${hide(sent, 'a path that is none')}` } }),
    await hub.submit({
      action: 'contacts.create',
      input: { name: 1, [hide(sent, 'a field that is none')]: hide(sent, 'its value') },
    }),
    await hub.submit(`{"request": "${hide(sent, 'no JSON').slice(5)}`),
    await hub.submit({
      request: { method: 'GET', path: '/x', headers: { authorization: hide(sent, 'a header of its own') } },
    }),
    await hub.one('retry', ids[0] ?? ''),
  ].map(({ json }) => JSON.stringify(json));

  await hub.one('cancel', ids.at(-1) ?? '');
  const { handler: activity } = await import('../../../functions/console/activity.ts');
  const event = httpEvent('GET', '/v1/activity', { query: 'tenant=acme', principal: { kind: 'operator' } });
  const places = {
    ...{ queue: JSON.stringify(hub.messages), events: JSON.stringify(hub.events), refused: refused.slice(0, 2).join() },
    ...{ output: JSON.stringify(hub.output.lines()), activity: JSON.stringify(await activity(event, lambdaContext())) },
  };
  const list = JSON.stringify((await hub.list('limit=100')).json);
  const stores = await readStores(Object.values(hub.dynamo.tables));
  expect(Object.keys(sent).length + Object.keys(said).length).toBeGreaterThanOrEqual(100);
  // A field that is none is named in its refusal; nobody else hears of it.
  const { 'a field that is none': field = '', ...others } = sent;
  expect(searchFor({ ...others, ...said }, places)).toEqual([]);
  expect(searchFor({ field }, { ...places, refused: ' '.repeat(50) })).toEqual([]);
  // The owner may read what a provider says of an error; what was asked and what came stays sealed.
  expect(searchFor(sent, { stores, list })).toEqual([]);
  expect(hub.output.lines().some((line) => '_aws' in line)).toBe(true);
  const read = await Promise.all(ids.slice(0, 2).map((id) => hub.one('get', id)));
  expect(leaks(JSON.stringify(read), said['result sync 200'] ?? sent['result sync 200'] ?? '')).toBe(true); // its own answer has it
});
