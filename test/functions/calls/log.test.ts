import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type Calls, startCalls } from './hub.ts';

// What an attempt writes to the log, with log and metrics switched on.

let hub: Calls;
beforeAll(async () => {
  vi.stubEnv('POWERTOOLS_LOG_LEVEL', 'DEBUG');
  vi.stubEnv('POWERTOOLS_METRICS_DISABLED', 'false');
  hub = await startCalls();
});
afterAll(() => hub.stop());

test('each attempt is one line of the log: operation, method, status, time and size, and nothing that was said (E-40)', async () => {
  const before = hub.output.lines().length;
  hub.script.push([404, { error: 'no such contact' }, { 'x-request-id': 'r-1' }]);
  const path = '/contacts/ada-lovelace';
  const { json } = await hub.submit({ request: { method: 'GET', path, query: { secret: 'made-up-query' } } });
  const lines = hub.output.lines().slice(before);
  const [line, ...others] = lines.filter(({ message }) => message === 'a call was tried');
  expect(others).toEqual([]);
  expect(line).toMatchObject({
    ...{ provider: 'demo', connection: 'default', tenant: 'acme', call: json.id, attempt: 1 },
    ...{ operation: '/contacts/{}', method: 'GET', status: 404, outcome: 'failed' },
    ...{ ms: expect.any(Number), bytes: Buffer.byteLength(JSON.stringify({ error: 'no such contact' })) },
  });
  for (const said of ['ada-lovelace', 'made-up-query', 'made-up-access-token', 'no such contact'])
    expect(JSON.stringify(lines)).not.toContain(said);
  expect(json.attempts).toMatchObject([{ status: 404, bytes: line?.bytes, ms: expect.any(Number) }]);
  const measured = lines.filter((one) => 'CallAttempt' in one);
  expect(measured).toMatchObject([{ provider: 'demo', outcome: 'failed', CallAttempt: 1 }]);
  expect(Object.keys(measured[0] ?? {}).sort()).toEqual(['CallAttempt', '_aws', 'outcome', 'provider', 'service']);
});
