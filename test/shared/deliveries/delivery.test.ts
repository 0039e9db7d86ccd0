import { describe, expect, test } from 'vitest';
import { hubEvents } from '../../../shared/core/event.ts';
import { err, ok } from '../../../shared/core/result.ts';
import { covers } from '../../../shared/deliveries/contract.ts';
import {
  born,
  claimed,
  type Delivery,
  delivered,
  failed,
  handedOver,
  held,
  parked,
  reopened,
  SCHEDULE_MS,
  toView,
  waiting,
} from '../../../shared/deliveries/delivery.ts';
import { judge } from '../../../shared/deliveries/judge.ts';
import { testMoment } from '../../support/moment.ts';

const about = { subscriptionId: 'sub_1', event: 'evt_1', type: 'call.succeeded', tenant: 'acme' };
const HOUR_MS = 3_600_000;

/** Fails until it is exhausted, each attempt exactly at its time; returns the waits in between. */
function waits(chance: number, retryAfterMs = 0): { last: Delivery; between: number[] } {
  const moment = { ...testMoment(), chance: () => chance };
  let last = born(about, moment);
  const between: number[] = [];
  while (last.status === 'pending') {
    last = failed(last, { atMs: moment.nowMs, ms: 0, error: 'http_500' }, retryAfterMs, moment);
    if (last.notBeforeMs === undefined) break;
    between.push(last.notBeforeMs - moment.nowMs);
    moment.nowMs = last.notBeforeMs;
  }
  return { last, between };
}

describe('the schedule', () => {
  test('E-22: ten attempts over 75 hours, 35 minutes and 5 seconds, then it is exhausted and nothing is due', () => {
    const { last, between } = waits(0.5);
    expect(between).toEqual([...SCHEDULE_MS]);
    expect(between.reduce((sum, ms) => sum + ms, 0)).toBe(75 * HOUR_MS + 35 * 60_000 + 5_000);
    expect(last).toMatchObject({ status: 'exhausted', tries: 10 });
    expect(last.dueAtMs).toBeUndefined();
    expect(last.attempts).toHaveLength(10);
  });

  test('each wait is a tenth shorter or longer by chance', () => {
    for (const [chance, factor] of [
      [0, 0.9],
      [0.999999, 1.1],
    ] as const) {
      for (const [index, ms] of waits(chance).between.entries()) {
        expect(ms / (SCHEDULE_MS[index] ?? 1)).toBeCloseTo(factor, 2);
      }
    }
  });

  test('a longer Retry-After wins, a shorter one does not', () => {
    expect(waits(0.5, 60_000).between.slice(0, 3)).toEqual([60_000, 300_000, 1_800_000]);
  });
});

describe('a row whose message was lost', () => {
  const moment = testMoment();
  const fresh = born(about, moment);
  const { nowMs } = moment;
  const due = ({ dueAtMs = 0 }: Delivery) => dueAtMs - nowMs;

  test('is due again when a message could no longer be on its way, not before', () => {
    expect(due(fresh)).toBe(600_000);
    expect(due(handedOver(fresh, nowMs))).toBe(600_000);
    expect(due(reopened(held(fresh), nowMs))).toBe(600_000);
    expect(due(waiting(fresh, nowMs + 30_000))).toBe(150_000);
    expect(due(parked(waiting(fresh, nowMs + 30_000)))).toBe(30_000);
  });

  test('is not due while somebody may be sending it', () => {
    expect(due(claimed(fresh, nowMs + 61_000))).toBe(600_000);
    expect(due(claimed(fresh, nowMs + 700_000))).toBe(700_000);
  });

  test('is due no more once it is over', () => {
    const attempt = { atMs: nowMs, ms: 5, status: 204 };
    for (const over of [delivered(fresh, attempt), held(fresh), held(fresh, attempt)])
      expect(over.dueAtMs).toBeUndefined();
  });

  test('is shown with its next attempt while there is one', () => {
    expect(toView(fresh)).not.toHaveProperty('nextAttemptAt');
    const next = waiting(fresh, nowMs + 30_000);
    expect(toView(next)).toMatchObject({ status: 'pending', nextAttemptAt: '2026-11-20T10:00:30.000Z', attempts: [] });
    expect(toView({ ...next, status: 'held' })).not.toHaveProperty('nextAttemptAt');
  });
});

describe('the verdict on an attempt', () => {
  const answer = (status: number, headers: Record<string, string> = {}, body = '') =>
    judge(ok({ status, headers, body: Buffer.from(body) }), Date.parse('2026-11-20T10:00:00Z'));

  test.each([200, 201, 202, 204, 299])('%i is accepted', (status) => {
    expect(answer(status)).toEqual({ kind: 'accepted', status });
  });

  test.each([100, 300, 301, 302, 304, 307, 308, 400, 401, 404, 409, 422, 429, 500, 502, 503, 504])(
    '%i fails',
    (status) => {
      expect(answer(status)).toEqual({ kind: 'failed', status, error: `http_${status}`, retryAfterMs: 0 });
    },
  );

  test('410 ends the subscription', () => {
    expect(answer(410)).toMatchObject({ kind: 'gone', status: 410 });
  });

  test.each(['blocked', 'timeout', 'network', 'too_large'] as const)(
    'no answer (%s) fails, and is tried again',
    (reason) => {
      const failure = err({ reason, sent: true, cause: '10.0.0.1 refused' });
      expect(judge(failure, 0)).toEqual({ kind: 'failed', error: reason, retryAfterMs: 0 });
    },
  );

  test.each(['timeout', 'network', 'too_large'] as const)(
    'an answer whose body cannot be read (%s) counts by its status',
    (reason) => {
      const statusOnly = (status: number) => judge(err({ reason, sent: true, status, cause: 'x' }), 0);
      expect(statusOnly(200)).toEqual({ kind: 'accepted', status: 200 });
      expect(statusOnly(410)).toMatchObject({ kind: 'gone', status: 410 });
      expect(statusOnly(500)).toEqual({ kind: 'failed', status: 500, error: 'http_500', retryAfterMs: 0 });
    },
  );

  test.each([
    ['120', 120_000],
    ['Fri, 20 Nov 2026 10:05:00 GMT', 300_000],
    ['Fri, 20 Nov 2026 09:00:00 GMT', 0], // over
    ['999999999', 24 * HOUR_MS], // not believed beyond a day
    ['soon', 0],
    ['-5', 0],
  ])('E-22: Retry-After %s is %i ms', (value, ms) => {
    for (const status of [429, 502, 503, 504]) {
      expect(answer(status, { 'retry-after': value })).toMatchObject({ retryAfterMs: ms });
    }
    expect(answer(400, { 'retry-after': value })).toMatchObject({ retryAfterMs: 0 });
  });

  test('E-06: of a refusing answer its beginning is kept, as text', () => {
    expect(answer(500, {}, 'x'.repeat(10_000))).toMatchObject({ answer: 'x'.repeat(200) });
    const binary = judge(ok({ status: 500, headers: {}, body: Buffer.from([0xff, 0xfe]) }), 0);
    expect(binary).not.toHaveProperty('answer');
  });
});

describe('the types of events', () => {
  test('each has an example that is exactly what its schema says, and a name that Standard Webhooks allows', () => {
    for (const [type, { data, example, says }] of Object.entries(hubEvents)) {
      expect(data.strict().parse(example), type).toEqual(example);
      expect(type).toMatch(/^[a-z_]+(\.[a-z_]+)+$/);
      expect(says, type).toMatch(/\.$/);
    }
  });

  test.each([
    ['*', 'call.failed', true],
    ['call.*', 'call.failed', true],
    ['call.failed', 'call.failed', true],
    ['call.*', 'callback.made', false],
    ['call', 'call.failed', false],
    ['call.fail', 'call.failed', false],
    ['*.failed', 'call.failed', false],
  ])('%s covers %s: %s', (pattern, type, expected) => {
    expect(covers(pattern, type)).toBe(expected);
  });
});
