import { afterEach, expect, test, vi } from 'vitest';
import { openSchedules, readExpression } from '../../../infra/local/schedules.ts';
import { att, newAssembly } from './assembly.ts';

const at = (text: string) => Date.parse(text);

test.each([
  ['rate(1 minute)', 'UTC', '2026-01-01T00:07:00Z', true],
  ['rate(5 minutes)', 'UTC', '2026-01-01T00:07:00Z', false],
  ['rate(5 minutes)', 'UTC', '2026-01-01T00:10:00Z', true],
  ['rate(2 hours)', 'UTC', '2026-01-01T02:00:00Z', true],
  ['rate(1 day)', 'UTC', '2026-01-01T02:00:00Z', false],
  ['cron(0 8 * * ? *)', 'UTC', '2026-03-02T08:00:00Z', true],
  ['cron(0 8 * * ? *)', 'Europe/Berlin', '2026-03-02T07:00:00Z', true],
  ['cron(0 8 * * ? *)', 'Europe/Berlin', '2026-07-02T06:00:00Z', true],
  ['cron(0/15 * * * ? *)', 'UTC', '2026-03-02T08:45:00Z', true],
  ['cron(0/15 * * * ? *)', 'UTC', '2026-03-02T08:46:00Z', false],
  ['cron(*/10 9-17 ? * MON-FRI *)', 'UTC', '2026-11-20T17:20:00Z', true],
  ['cron(*/10 9-17 ? * MON-FRI *)', 'UTC', '2026-11-21T17:20:00Z', false],
  ['cron(30 6 1,15 JAN,NOV ? 2026)', 'UTC', '2026-11-15T06:30:00Z', true],
  ['cron(30 6 1,15 JAN,NOV ? 2026)', 'UTC', '2027-01-15T06:30:00Z', false],
  ['at(2026-05-06T07:08:00)', 'UTC', '2026-05-06T07:08:00Z', true],
  ['at(2026-05-06T07:08:00)', 'UTC', '2026-05-06T07:09:00Z', false],
])('%s in %s is due at %s: %s', (expression, zone, when, due) => {
  expect(readExpression(expression, zone)(at(when), at('2026-01-01T00:00:30Z'))).toBe(due);
});

test.each(['rate(1 week)', 'cron(0 8 L * ? *)', 'cron(0 8 ? * 6#3 *)', 'cron(0 8 * * *)', 'every minute'])(
  '%s is refused',
  (expression) => {
    expect(() => readExpression(expression)).toThrow(
      `The schedule expression ${expression} is not known on this computer`,
    );
  },
);

test('a tick fires one schedule by hand, with its input filled in, and says what its function came to', async () => {
  const hub = await newAssembly()
    .add('Letters', 'SQS::Queue')
    .fn('Plan', 'export const handler = async (event) => event;', { Description: 'sync/plan' })
    .add('Tick', 'Scheduler::Schedule', {
      ...{
        Name: 'sync-tick',
        ScheduleExpression: 'rate(1 minute)',
        ScheduleExpressionTimezone: 'Etc/UTC',
        State: 'ENABLED',
      },
      FlexibleTimeWindow: { Mode: 'OFF' },
      Target: {
        Arn: att('Plan'),
        RoleArn: 'x',
        Input: '{"due":"<aws.scheduler.scheduled-time>","by":"<aws.scheduler.schedule-arn>"}',
      },
    })
    .add('Bare', 'Scheduler::Schedule', {
      ...{ ScheduleExpression: 'rate(1 hour)', FlexibleTimeWindow: { Mode: 'OFF' } },
      Target: { Arn: att('Plan'), RoleArn: 'x' },
    })
    .add('Hourly', 'Scheduler::Schedule', {
      ...{ ScheduleExpression: 'rate(1 hour)', FlexibleTimeWindow: { Mode: 'OFF' } },
      Target: { Arn: att('Letters'), RoleArn: 'x', Input: '{"a":1}', SqsParameters: {} },
    })
    .start();
  try {
    const outcome = await hub.tick('sync-tick');
    expect(outcome?.ok && JSON.parse(outcome.payload)).toEqual({
      due: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      by: 'arn:aws:scheduler:us-east-1:111111111111:schedule/default/sync-tick',
    });
    const bare = await hub.tick('Bare');
    expect(bare?.ok && JSON.parse(bare.payload)).toMatchObject({
      source: 'aws.scheduler',
      'detail-type': 'Scheduled Event',
    });
    await hub.tick('Hourly');
    expect(await hub.queueDepth('Letters')).toBe(1);
    await expect(hub.tick('none')).rejects.toThrow(/There is no schedule none; there are sync\/plan, .*fix-Hourly/);
  } finally {
    await hub.stop();
  }
});

test('by the clock each schedule fires at its minutes, a disabled one never', async () => {
  vi.useFakeTimers({ now: at('2026-01-01T00:00:30Z') });
  const fired: string[] = [];
  const schedule = (id: string, ScheduleExpression: string, State = 'ENABLED') => ({
    ...{
      id,
      name: id,
      arn: id,
      properties: { ScheduleExpression, State, Target: { Arn: `${id} ${ScheduleExpression}` } },
    },
  });
  const all = [
    schedule('a', 'rate(1 minute)'),
    schedule('b', 'rate(2 minutes)'),
    schedule('c', 'rate(1 minute)', 'DISABLED'),
  ];
  const said: string[] = [];
  const invoke = async (target: string) => {
    fired.push(target[0] ?? '');
    if (target.startsWith('b')) throw new Error('no');
  };
  const fakes = [{ all: () => all }, { all: [] }, { invoke }, {}] as unknown as Parameters<typeof openSchedules>;
  const schedules = openSchedules(fakes[0], fakes[1], fakes[2], fakes[3], (line) => said.push(line));
  schedules.start();
  await vi.advanceTimersByTimeAsync(29_000);
  expect(fired).toEqual([]);
  await vi.advanceTimersByTimeAsync(100_000);
  expect(fired).toEqual(['a', 'a', 'b']);
  expect(said).toEqual(['Schedule b: no']);
  schedules.stop();
  await vi.advanceTimersByTimeAsync(300_000);
  expect(fired).toHaveLength(3);
});
afterEach(() => vi.useRealTimers());
