import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runApart } from './apart.ts';
import { costTable, metricsOfProvider } from './bill.ts';
import { type Item, readUnits, sizeOf, type TableShape, writeUnits } from './capacity.ts';
import { prices } from './prices.ts';
import type { Measured } from './ways.ts';

const readme = readFileSync(join(import.meta.dirname, '..', '..', 'README.md'), 'utf8');

describe('what the hub costs', () => {
  const measured = runApart<Measured>('ways.ts', 'countWays', 'await countWays()');

  test('a warm webhook is one request to SQS, one row and one event; a call four requests to DynamoDB; neither asks KMS', () => {
    const { webhook, call } = measured.ways;
    expect(webhook.alone).toMatchObject({ fairMessages: 1, busEvents: 1, kmsRequests: 0, secretRequests: 0 });
    expect(webhook.alone.requests).toMatchObject({ 'PutItem inbox': 1 });
    expect(Object.keys(webhook.alone.invocations).sort()).toEqual(
      ['deliveries/fan-out', 'webhooks/process', 'webhooks/receive'], // and no function that does nothing
    );
    const { 'GetItem tenants': ofTheAuthorizer, 'Query deliveries': ofTheFanOut, ...own } = call.alone.requests;
    expect([ofTheAuthorizer, ofTheFanOut]).toEqual([1, 1]);
    expect(Object.values(own).reduce((sum, count) => sum + count, 0)).toBe(4);
    expect(call.alone).toMatchObject({ kmsRequests: 0, secretRequests: 0 });
  });

  test('each way is gone to its end: what costs little does something', () => {
    const { call, queuedCall, delivery, quietPoll, refresh } = measured.ways;
    expect(call.ofTen.metrics).toContain('CallAttempt calls demo succeeded');
    expect(queuedCall.ofTen).toMatchObject({ busEvents: 10, invocations: { 'calls/submit': 10, 'calls/run': 1 } });
    expect(delivery.ofTen.metrics).toContain('Delivery deliveries accepted');
    const { 'Query syncs by-due': tick, 'GetItem syncs': last, ...own } = quietPoll.alone.requests;
    expect([tick, last]).toEqual([4, 1]);
    expect(own).toEqual({ 'GetItem connections': 1, 'UpdateItem limits': 1, 'PutItem syncs': 2 }); // one is the tick's
    expect(quietPoll.ofTen).toMatchObject({ fairMessages: 10, busEvents: 0 });
    expect(quietPoll.ofTen.metrics).toContain('SyncRun syncs demo finished');
    expect(refresh.ofTen.metrics).toEqual(['TokenRefreshed connections demo refreshed']);
    expect(refresh.ofTen.requests).toMatchObject({ 'PutItem connections': 20 });
    for (const [name, { invocations, writeUnits }] of Object.entries(measured.ticks)) {
      expect([invocations, writeUnits]).toEqual([{ [name]: 1 }, 0]); // nothing was due
    }
  });

  test('the table of the README is what production handlers are counted to ask for, at list prices', () => {
    const rows = [
      ...readme.matchAll(/^\| (a million [^|]+|an idle month[^|]+?)\s*\|\s*([\d.]+)\s*\|\s*([\d.]+)\s*\|/gm),
    ];
    const shown = rows.map(([, what = '', ofTen, alone]) => ({
      what: what.trim(),
      ofTen: Number(ofTen),
      alone: Number(alone),
    }));
    const computed = costTable(measured);
    expect(shown.map(({ what }) => what)).toEqual(computed.map(({ what }) => what));
    for (const [at, { what, ofTen, alone }] of computed.entries()) {
      // Within a twentieth: how often ten deliveries at once meet at their limit's row is left to chance.
      expect(Math.abs((shown[at]?.ofTen ?? 0) / ofTen - 1), `${what}: ${ofTen.toFixed(2)}`).toBeLessThan(0.05);
      expect(Math.abs((shown[at]?.alone ?? 0) / alone - 1), `${what}, alone: ${alone.toFixed(2)}`).toBeLessThan(0.05);
    }
    expect(readme).toContain(`${metricsOfProvider(measured).toFixed(2)} USD a month for its metrics`);
  });

  test('an idle month with five providers is within 15 USD', () => {
    expect(costTable(measured)[0]?.ofTen).toBeLessThanOrEqual(15);
  });
});

test('every price says what it is for and who says so', () => {
  for (const [name, { usd, per, source }] of Object.entries(prices)) {
    expect(usd, name).toBeGreaterThan(0);
    expect(per.length, name).toBeGreaterThan(2);
    expect(source, name).toMatch(/^https:\/\/aws\.amazon\.com\/.+\/pricing\//);
  }
});

describe('the units of DynamoDB', () => {
  const keys = (...names: string[]) => names.map((AttributeName) => ({ AttributeName }));
  const table: TableShape = {
    KeySchema: keys('pk', 'sk'),
    GlobalSecondaryIndexes: [
      { KeySchema: keys('dueShard', 'dueAt'), Projection: { ProjectionType: 'KEYS_ONLY' } },
      { KeySchema: keys('pk', 'createdAt'), Projection: { ProjectionType: 'ALL' } },
    ],
  };
  const row = (more: Item = {}): Item => ({ pk: { S: 'acme' }, sk: { S: 'call' }, createdAt: { N: '1' }, ...more });
  const due = (at: string) => ({ dueShard: { S: 'due#1' }, dueAt: { N: at } });

  test('names, texts, numbers, bytes and what is nested weigh what AWS says', () => {
    expect(sizeOf({ a: { S: 'größe' }, b: { N: '1795978271293' }, c: { B: 'AAAA' }, d: { BOOL: true } })).toBe(
      1 + 7 + 1 + 8 + 1 + 3 + 1 + 1,
    );
    expect(sizeOf({ m: { M: { x: { S: 'y' } } }, l: { L: [{ NULL: true }] } })).toBe(1 + 3 + 1 + 1 + 1 + 1 + 3 + 1 + 1);
  });

  test.each([
    ['a new row that is due: the table and both indexes', undefined, row(due('5')), 3],
    [
      'a row put back with another due time: its entry moves, the other one changes',
      row(due('5')),
      row(due('6')),
      1 + 2 + 1,
    ],
    ['a row that is done: its entry goes', row(due('5')), row(), 1 + 1 + 1],
    [
      'another value: an index of keys alone does not change',
      row(due('5')),
      row({ ...due('5'), x: { S: '' } }),
      1 + 0 + 1,
    ],
    ['the same again: the table alone', row(due('5')), row(due('5')), 1],
    [
      'a refused write is paid for by the row that stands there',
      row({ x: { S: 'x'.repeat(3_000) } }),
      row({ x: { S: 'x'.repeat(3_000) } }),
      3,
    ],
    ['a large row: every copy of it', undefined, row({ ...due('5'), x: { S: 'x'.repeat(1_500) } }), 2 + 1 + 2],
  ])('%s', (_, before, after, units) => {
    expect(writeUnits(table, before, after)).toBe(units);
  });

  test('a read is of 4 KB, half where an index is asked', () => {
    expect([readUnits(0, true), readUnits(4_097, true), readUnits(100, false)]).toEqual([1, 2, 0.5]);
  });
});
