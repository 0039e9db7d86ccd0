import { randomUUID } from 'node:crypto';
import type { AsyncInvoke } from './async-invoke.ts';
import { checkPattern, covers } from './event-pattern.ts';
import { account, arn, region } from './resources.ts';
import { AwsError, type Input, jsonService, type Say } from './service.ts';
import type { Sqs } from './sqs-s3.ts';
import type { Template } from './template.ts';

type Envelope = ReturnType<typeof envelop>;

interface Target {
  readonly Id: string;
  readonly Arn: string;
  readonly Input?: string;
  readonly InputPath?: string;
  readonly DeadLetterConfig?: { readonly Arn?: string };
  readonly SqsParameters?: { readonly MessageGroupId?: string };
  readonly RetryPolicy?: unknown;
}

interface RuleProperties {
  readonly EventBusName?: string;
  readonly EventPattern: unknown;
  readonly State?: string;
  readonly Targets?: readonly Target[];
}

const understood = ['Id', 'Arn', 'Input', 'InputPath', 'DeadLetterConfig', 'SqsParameters', 'RetryPolicy'];
const MOST_BYTES = 1024 * 1024;
const MOST_ENTRIES = 10;

/** Returns EventBridge with the template's buses and rules; `events` are all it took, oldest first. */
export function openEventBus(template: Template, sqs: Sqs, invoker: AsyncInvoke, say: Say) {
  const buses = new Map(template.all('AWS::Events::EventBus').map(({ name, arn }) => [name, arn]));
  buses.set('default', arn('events', 'event-bus/default'));
  const rules = template.all<RuleProperties>('AWS::Events::Rule');
  for (const { id, properties } of rules) {
    checkPattern(properties.EventPattern);
    const odd = properties.Targets?.flatMap(Object.keys).find((key) => !understood.includes(key));
    if (odd) throw new Error(`Rule ${id}: ${odd} of a target is not known on this computer`);
  }
  const taken: (Envelope & { readonly bus: string })[] = [];

  const busOf = (named: unknown) => {
    const wanted = typeof named === 'string' ? named.replace(/^arn:.*event-bus\//, '') : 'default';
    return { name: wanted, arn: buses.get(wanted) };
  };

  async function deliver(target: Target, envelope: Envelope): Promise<void> {
    try {
      const event = shape(target, envelope);
      if (target.Arn.startsWith('arn:aws:sqs:')) {
        await sqs.send(target.Arn, JSON.stringify(event), target.SqsParameters?.MessageGroupId);
      } else void invoker.invoke(target.Arn, event).catch((error) => say(error.message));
    } catch (error) {
      const letters = target.DeadLetterConfig?.Arn;
      if (letters) await sqs.send(letters, JSON.stringify(envelope));
      else say(`Target ${target.Id} lost an event: ${error instanceof Error ? error.message : error}`);
    }
  }

  async function put(entry: Input): Promise<object> {
    const fault = check(entry);
    if (fault) return fault;
    const { name: bus, arn: busArn } = busOf(entry.EventBusName);
    const envelope = envelop(entry);
    const { id } = envelope;
    if (!busArn) return { EventId: id }; // AWS takes and drops an event for a bus that does not exist
    taken.push({ ...envelope, bus });
    if (taken.length > 10_000) taken.shift();
    const matching = rules.filter(({ properties }) => {
      const here = busOf(properties.EventBusName).name === bus && properties.State !== 'DISABLED';
      return here && covers(properties.EventPattern, envelope);
    });
    await Promise.all(
      matching.flatMap(({ properties }) => properties.Targets ?? []).map((one) => deliver(one, envelope)),
    );
    return { EventId: id };
  }

  async function putEvents({ Entries }: Input) {
    const entries = Array.isArray(Entries) ? (Entries as readonly Input[]) : [];
    if (entries.length < 1 || entries.length > MOST_ENTRIES) {
      throw new AwsError('ValidationException', `PutEvents takes 1 to ${MOST_ENTRIES} entries, got ${entries.length}`);
    }
    const bytes = entries.reduce((sum, entry) => sum + sizeOf(entry), 0);
    if (bytes > MOST_BYTES) throw new AwsError('ValidationException', `The entries are over 1 MB: ${bytes} bytes`);
    const answers = await Promise.all(entries.map(put));
    return { Entries: answers, FailedEntryCount: answers.filter((answer) => 'ErrorCode' in answer).length };
  }

  const service = jsonService({ PutEvents: putEvents }, (operation, { Entries = [] }) => {
    const named = (Entries as readonly Input[]).map(
      (entry) => busOf(entry.EventBusName).arn ?? String(entry.EventBusName),
    );
    return [...new Set(named)].map((resource) => ({ action: `events:${operation}`, resource }));
  });
  return { service, events: () => [...taken] };
}

function envelop({ DetailType, Source, Time, Resources = [], Detail }: Input) {
  const at = Time === undefined ? new Date() : new Date(Number(Time) * 1000);
  return {
    ...{ version: '0', id: randomUUID(), 'detail-type': String(DetailType), source: String(Source), account, region },
    time: `${at.toISOString().slice(0, 19)}Z`,
    resources: Resources as readonly string[],
    detail: JSON.parse(String(Detail)) as Readonly<Record<string, unknown>>,
  };
}

/** Returns an entry's own failure, beside which the others go through. */
function check({ Source, DetailType, Detail }: Input): object | undefined {
  const missing = Object.entries({ Source, DetailType, Detail }).find(([, value]) => !value);
  if (missing) return { ErrorCode: 'InvalidArgument', ErrorMessage: `Parameter ${missing[0]} is required.` };
  if (String(Source).startsWith('aws.')) {
    return { ErrorCode: 'NotAuthorizedForSourceException', ErrorMessage: `Not authorized for the source ${Source}` };
  }
  try {
    const detail: unknown = JSON.parse(String(Detail));
    if (typeof detail === 'object' && detail !== null && !Array.isArray(detail)) return undefined;
  } catch {
    // refused below
  }
  return { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' };
}

/** https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html#eb-putevent-size */
function sizeOf({ Time, Source, DetailType, Detail, Resources = [] }: Input): number {
  const texts = [Source, DetailType, Detail, ...(Resources as readonly unknown[])].map((one) => String(one ?? ''));
  return texts.reduce((sum, one) => sum + Buffer.byteLength(one), Time === undefined ? 0 : 14);
}

function shape({ Input, InputPath }: Target, envelope: Envelope): unknown {
  if (Input !== undefined) return JSON.parse(Input);
  const steps = InputPath?.split('.').slice(1) ?? [];
  return steps.reduce<unknown>((value, step) => (value as Record<string, unknown> | undefined)?.[step], envelope);
}
