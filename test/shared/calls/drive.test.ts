import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AttemptOutcome, Job } from '../../../shared/calls/attempt.ts';
import { type Call, hasEnded } from '../../../shared/calls/call.ts';
import { drive } from '../../../shared/calls/drive.ts';
import { TenantId } from '../../../shared/core/ids.ts';
import { VirtualMoment } from './virtual-moment.ts';

const call = (moment: VirtualMoment, more: Partial<Call> = {}): Call => ({
  tenantId: TenantId.parse('acme'),
  id: 'call_1',
  connection: { provider: 'demo', name: 'default' },
  endpoint: 'contacts.get',
  asked: { action: 'contacts.get', input: { id: 'c1' } },
  lane: 'interactive',
  status: 'running',
  attempts: [],
  tries: 0,
  createdAtMs: moment.nowMs,
  expiresAtMs: moment.nowMs + 86_400_000,
  ...more,
});

const error = { provider: 'demo', code: 'down', message: 'Down.', retryable: true };
const contact = { id: 'c1', name: 'Ada', email: 'a@b.co', updatedAt: 'now' };
const done: AttemptOutcome = { kind: 'succeeded', status: 200, headers: {}, body: contact };

/** Attempts that take their time and then come to these outcomes. */
function scripted(moment: VirtualMoment, script: readonly { takesMs: number; outcome: AttemptOutcome }[]) {
  const jobs: (Job & { startMs: number; endMs: number })[] = [];
  const attempt = async (job: Job) => {
    const { takesMs, outcome } = script[jobs.length] ?? { takesMs: 1, outcome: done };
    const startMs = moment.nowMs;
    moment.nowMs += Math.min(takesMs, job.timeoutMs);
    jobs.push({ ...job, startMs, endMs: moment.nowMs });
    return outcome;
  };
  return { jobs, ports: { attempts: { attempt }, stage: 'local' } };
}

const outcome = fc.oneof(
  fc.integer({ min: 0, max: 5_000 }).map((waitMs): AttemptOutcome => ({ kind: 'retry', error, waitMs })),
  fc.integer({ min: 0, max: 5_000 }).map((waitMs): AttemptOutcome => ({ kind: 'deferred', waitMs })),
  fc.constant<AttemptOutcome>(done),
  fc.constant<AttemptOutcome>({ kind: 'failed', error }),
);
const script = fc.array(fc.record({ takesMs: fc.integer({ min: 0, max: 40_000 }), outcome }), { maxLength: 12 });

describe('E-21: attempts within the time there is', () => {
  test('none ends after the deadline, no sleep is longer than a second, and the call has ended or waits', async () => {
    await fc.assert(
      fc.asyncProperty(script, fc.integer({ min: 0, max: 60_000 }), async (steps, budgetMs) => {
        const moment = new VirtualMoment();
        const naps: number[] = [];
        moment.sleep = async (ms) => {
          naps.push(ms);
          moment.nowMs += ms;
        };
        const deadlineMs = moment.nowMs + budgetMs;
        const { jobs, ports } = scripted(moment, steps);
        const after = await drive(call(moment), ports, { deadlineMs }, moment);
        for (const { endMs } of jobs) expect(endMs).toBeLessThanOrEqual(deadlineMs);
        expect(moment.nowMs).toBeLessThanOrEqual(deadlineMs);
        for (const ms of naps) expect(ms).toBeLessThanOrEqual(1_000);
        expect(hasEnded(after) || after.status === 'waiting').toBe(true);
        expect(after.claim).toBe(undefined);
        expect(after.dueAtMs === undefined).toBe(hasEnded(after));
      }),
      { numRuns: 500 },
    );
  });

  test('a deferral is no attempt; its slot comes along to the next one and is used up there', async () => {
    const moment = new VirtualMoment();
    const slot = { atMs: moment.nowMs + 500, held: 1 };
    const { jobs, ports } = scripted(moment, [
      { takesMs: 1, outcome: { kind: 'deferred', waitMs: 500, slot } },
      { takesMs: 1, outcome: { kind: 'retry', error, waitMs: 100 } },
    ]);
    const after = await drive(call(moment), ports, { deadlineMs: moment.nowMs + 20_000 }, moment);
    expect(jobs.map(({ attempt, slot: taken }) => ({ attempt, taken }))).toEqual([
      { attempt: 1, taken: undefined },
      { attempt: 1, taken: slot },
      { attempt: 2, taken: undefined },
    ]);
    expect(after).toMatchObject({ status: 'succeeded', tries: 2 });
    expect(after.attempts).toHaveLength(2);
  });

  test('bulk work has twenty attempts, a person five', async () => {
    for (const [lane, most] of [
      ['interactive', 5],
      ['bulk', 20],
    ] as const) {
      const moment = new VirtualMoment();
      const steps = Array.from({ length: 30 }, () => ({
        takesMs: 1,
        outcome: { kind: 'retry', error, waitMs: 1 } as const,
      }));
      const after = await drive(
        call(moment, { lane }),
        scripted(moment, steps).ports,
        { deadlineMs: moment.nowMs + 1e6 },
        moment,
      );
      expect(after).toMatchObject({ status: 'failed', tries: most, error: { code: 'down' } });
    }
  });

  test('an action that is offered no more has failed, and nothing is sent', async () => {
    const moment = new VirtualMoment();
    const { jobs, ports } = scripted(moment, []);
    const gone = call(moment, { asked: { action: 'contacts.forget', input: {} } });
    expect(await drive(gone, ports, { deadlineMs: moment.nowMs + 20_000 }, moment)).toMatchObject({
      status: 'failed',
      error: { code: 'invalid_request' },
    });
    expect(jobs).toEqual([]);
  });
});
