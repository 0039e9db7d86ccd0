import { randomUUID } from 'node:crypto';
import type { AsyncInvoke } from './async-invoke.ts';
import type { Functions, Outcome } from './lambda.ts';
import { account, region } from './resources.ts';
import type { Say } from './service.ts';
import type { Sqs } from './sqs-s3.ts';
import type { Resource, Template } from './template.ts';

interface ScheduleProperties {
  readonly ScheduleExpression: string;
  readonly ScheduleExpressionTimezone?: string;
  readonly State?: string;
  readonly Target: {
    readonly Arn: string;
    readonly Input?: string;
    readonly SqsParameters?: { MessageGroupId?: string };
  };
}

/** Whether a schedule is due at the minute that starts at `atMs`, for one that began at `startMs`. */
export type Due = (atMs: number, startMs: number) => boolean;

const MINUTE_MS = 60_000;
const unitMinutes: Readonly<Record<string, number>> = { minute: 1, hour: 60, day: 1440 };
const months = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const days = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

/** Returns the template's schedules: `start` lets them run by the clock, `tick` fires one by hand. */
export function openSchedules(template: Template, functions: Functions, invoker: AsyncInvoke, sqs: Sqs, say: Say) {
  const schedules = template.all<ScheduleProperties>('AWS::Scheduler::Schedule').map((one) => {
    const { ScheduleExpression, ScheduleExpressionTimezone, Target } = one.properties;
    const fn = functions.all.find(({ arn }) => arn === Target.Arn);
    return {
      ...one,
      label: fn?.label ?? one.name,
      due: readExpression(ScheduleExpression, ScheduleExpressionTimezone),
    };
  });
  let timer: NodeJS.Timeout | undefined;

  async function fire(
    { arn, properties }: Resource<ScheduleProperties>,
    at = new Date(),
  ): Promise<Outcome | undefined> {
    const { Arn, Input, SqsParameters } = properties.Target;
    const input = Input === undefined ? scheduledEvent(arn, at) : fill(Input, arn, at);
    if (!Arn.startsWith('arn:aws:sqs:')) return invoker.invoke(Arn, JSON.parse(input));
    await sqs.send(Arn, input, SqsParameters?.MessageGroupId);
    return undefined;
  }

  return {
    names: schedules.map(({ label }) => label),
    /** Fires a schedule, named by its function, name or logical id, and returns what the function came to. */
    async tick(wanted: string): Promise<Outcome | undefined> {
      const found = schedules.find(({ id, name, label }) => [id, name, label].includes(wanted));
      if (found) return fire(found);
      throw new Error(`There is no schedule ${wanted}; there are ${schedules.map(({ label }) => label).join(', ')}`);
    },
    start(): void {
      const startMs = Date.now();
      const next = (minuteMs: number) => {
        timer = setTimeout(() => {
          const due = schedules.filter((one) => one.properties.State !== 'DISABLED' && one.due(minuteMs, startMs));
          for (const one of due)
            fire(one, new Date(minuteMs)).catch((error) => say(`Schedule ${one.name}: ${error.message}`));
          next(minuteMs + MINUTE_MS);
        }, minuteMs - Date.now());
      };
      next(Math.ceil(startMs / MINUTE_MS) * MINUTE_MS);
    },
    stop: () => clearTimeout(timer),
  };
}

/** Returns when `rate(…)`, `cron(…)` or `at(…)` is due; throws on what is not known here, like cron's L, W and #. */
export function readExpression(expression: string, timezone = 'UTC'): Due {
  const refuse = () => new Error(`The schedule expression ${expression} is not known on this computer`);
  const [, kind, argument = ''] = /^(rate|cron|at)\((.+)\)$/.exec(expression) ?? [];
  if (kind === 'rate') {
    const [, count, unit = ''] = /^(\d+) (minute|hour|day)s?$/.exec(argument) ?? [];
    const every = Number(count) * (unitMinutes[unit] ?? 0);
    if (!every) throw refuse();
    return (atMs, startMs) => (Math.floor(atMs / MINUTE_MS) - Math.floor(startMs / MINUTE_MS)) % every === 0;
  }
  const clock = openClock(timezone);
  if (kind === 'at') return (atMs) => argument.startsWith(clock(atMs).text);
  if (kind !== 'cron') throw refuse();
  const fields = argument.trim().split(/\s+/);
  if (fields.length !== 6) throw refuse();
  const [minute, hour, dayOfMonth, month, dayOfWeek, year] = fields.map((field) => readField(field, refuse));
  return (atMs) => {
    const now = clock(atMs);
    const when = [minute?.(now.minute), hour?.(now.hour), dayOfMonth?.(now.day), month?.(now.month), year?.(now.year)];
    return when.every(Boolean) && Boolean(dayOfWeek?.(now.weekday));
  };
}

function readField(field: string, refuse: () => Error): (value: number) => boolean {
  const numbered = field
    .replace(/[A-Z]{3}/g, (name) => String(months.indexOf(name) + 1 || days.indexOf(name) + 1 || name))
    .split(',');
  const tests = numbered.map((part) => {
    const [, from, to, step] = /^(?:\*|\?|(\d+)(?:-(\d+))?)(?:\/(\d+))?$/.exec(part) ?? [part];
    if (!/^[\d*?/-]+$/.test(part) || (from === undefined && !/^[*?]/.test(part))) throw refuse();
    const first = Number(from ?? 0);
    const last = Number(to ?? (from === undefined || step ? Number.POSITIVE_INFINITY : from));
    return (value: number) => value >= first && value <= last && (value - first) % Number(step ?? 1) === 0;
  });
  return (value) => tests.some((test) => test(value));
}

/** Returns a reader of the wall clock in a time zone; weekdays count from Sunday = 1, as EventBridge has it. */
function openClock(timeZone: string) {
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'short' });
  return (atMs: number) => {
    const text = format.format(atMs).replace(' ', 'T');
    const [year = 0, month = 0, day = 0, hour = 0, minute = 0] = text.split(/[-T:]/).map(Number);
    return { text, year, month, day, hour, minute, weekday: new Date(Date.UTC(year, month - 1, day)).getUTCDay() + 1 };
  };
}

/** https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html */
function fill(input: string, scheduleArn: string, at: Date): string {
  return input
    .replaceAll('<aws.scheduler.schedule-arn>', scheduleArn)
    .replaceAll('<aws.scheduler.scheduled-time>', `${at.toISOString().slice(0, 19)}Z`)
    .replaceAll('<aws.scheduler.execution-id>', randomUUID())
    .replaceAll('<aws.scheduler.attempt-number>', '1');
}

function scheduledEvent(scheduleArn: string, at: Date): string {
  const time = `${at.toISOString().slice(0, 19)}Z`;
  const fixed = { version: '0', account, region, source: 'aws.scheduler', 'detail-type': 'Scheduled Event' };
  return JSON.stringify({ ...fixed, id: randomUUID(), time, resources: [scheduleArn], detail: '{}' });
}
