import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkPattern, covers } from '../../../infra/local/event-pattern.ts';
import { att, clientTo, eventually, newAssembly, ref } from './assembly.ts';

const bus = { EventBusName: ref('Bus') };
let hub: Awaited<ReturnType<ReturnType<typeof newAssembly>['start']>>;
beforeAll(async () => {
  hub = await newAssembly()
    .add('Bus', 'Events::EventBus', { Name: 'hub-bus' })
    .add('Letters', 'SQS::Queue')
    .add('Failures', 'SQS::Queue')
    .add('Subscriptions', 'SQS::Queue')
    .fn('Listens', 'export const handler = async (event) => { console.log(JSON.stringify({ got: event })); };')
    .fn(
      'Fails',
      'export const handler = async (event) => { console.log(JSON.stringify({ tried: event.id })); throw new Error("no"); };',
      {
        DeadLetterConfig: { TargetArn: att('Letters') },
      },
    )
    .add('FailsConfig', 'Lambda::EventInvokeConfig', {
      ...{ FunctionName: ref('Fails'), Qualifier: '$LATEST', MaximumRetryAttempts: 1 },
      DestinationConfig: { OnFailure: { Destination: att('Failures') } },
    })
    .add('ToFunction', 'Events::Rule', {
      ...bus,
      EventPattern: { source: ['patchbay'], 'detail-type': [{ prefix: 'tenant.' }] },
      Targets: [{ Id: 'one', Arn: att('Listens') }],
    })
    .add('ToFailing', 'Events::Rule', {
      ...bus,
      EventPattern: { 'detail-type': ['doomed'] },
      Targets: [{ Id: 'one', Arn: att('Fails') }],
    })
    .add('ToQueue', 'Events::Rule', {
      ...bus,
      EventPattern: { detail: { tenant: [{ exists: true }] } },
      Targets: [
        { Id: 'all', Arn: att('Subscriptions') },
        { Id: 'part', Arn: att('Subscriptions'), InputPath: '$.detail.tenant' },
        { Id: 'lost', Arn: 'arn:aws:sqs:us-east-1:111111111111:gone', DeadLetterConfig: { Arn: att('Letters') } },
      ],
    })
    .add('Off', 'Events::Rule', {
      ...bus,
      State: 'DISABLED',
      EventPattern: { source: ['patchbay'] },
      Targets: [{ Id: 'x', Arn: att('Letters') }],
    })
    .start({ retryMs: 10 });
});
afterAll(() => hub.stop());

const entry = (DetailType: string, detail: object = {}, more = {}) => ({
  ...{ EventBusName: 'hub-bus', Source: 'patchbay', DetailType, Detail: JSON.stringify(detail) },
  ...more,
});
const put = (...Entries: ReturnType<typeof entry>[]) =>
  new EventBridgeClient(clientTo(hub)).send(new PutEventsCommand({ Entries }));
const heard = () => hub.logs().flatMap(({ entry }) => (entry?.got ? [entry.got] : []));
const receive = async (queue: string) => {
  const QueueUrl = `${hub.awsUrl}/111111111111/fix-${queue}`;
  const { Messages = [] } = await new SQSClient(clientTo(hub)).send(
    new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }),
  );
  return Messages.map(({ Body }) => JSON.parse(Body ?? ''));
};

test('an event reaches the function whose rule covers it, in the shape EventBridge gives it', async () => {
  await put(entry('tenant.removed', { n: 1 }, { Time: new Date('2026-01-02T03:04:05.678Z') }), entry('other'));
  await eventually(() => heard().length === 1);
  expect(heard()).toEqual([
    {
      version: '0',
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      'detail-type': 'tenant.removed',
      source: 'patchbay',
      account: '111111111111',
      time: '2026-01-02T03:04:05Z',
      region: 'us-east-1',
      resources: [],
      detail: { n: 1 },
    },
  ]);
  expect(hub.busEvents().map((event) => event['detail-type'])).toEqual(['tenant.removed', 'other']);
});

test('an event reaches a queue whole or in part, and one that cannot be delivered the dead letters', async () => {
  await put(entry('call.failed', { tenant: 'acme' }));
  const [letter] = await receive('Letters');
  expect(letter).toMatchObject({ 'detail-type': 'call.failed' });
  const bodies = await receive('Subscriptions');
  expect(bodies).toContain('acme');
  expect(bodies).toContainEqual(expect.objectContaining({ detail: { tenant: 'acme' } }));
});

test('a function that keeps failing is tried again, then its event goes to both places of failure', async () => {
  await put(entry('doomed', { x: 1 }));
  await eventually(async () => (await hub.queueDepth('Letters')) >= 1 && (await hub.queueDepth('Failures')) === 1);
  expect(hub.logs().filter(({ entry }) => entry?.tried)).toHaveLength(2);
  const [failure] = await receive('Failures');
  expect(failure).toMatchObject({
    requestContext: { condition: 'RetriesExhausted', approximateInvokeCount: 2 },
    requestPayload: { 'detail-type': 'doomed' },
    responsePayload: { errorMessage: 'no' },
  });
});

test('a faulty entry fails alone, the others go through', async () => {
  const answer = await put(
    entry('fine'),
    { ...entry('broken'), Detail: '{' },
    { ...entry('foreign'), Source: 'aws.s3' },
    { ...entry('x'), Source: '' },
  );
  expect(answer.FailedEntryCount).toBe(3);
  const codes = answer.Entries?.map(({ ErrorCode, EventId }) => ErrorCode ?? typeof EventId);
  expect(codes).toEqual(['string', 'MalformedDetail', 'NotAuthorizedForSourceException', 'InvalidArgument']);
});

test('eleven entries, or more than a megabyte of them, are refused', async () => {
  await expect(put(...Array.from({ length: 11 }, () => entry('many')))).rejects.toThrow('1 to 10 entries');
  await expect(put(entry('big', { text: 'x'.repeat(1024 * 1024) }))).rejects.toThrow('over 1 MB');
});

test('an event for a bus that does not exist is taken and dropped, as on AWS', async () => {
  const before = hub.busEvents().length;
  expect(await put(entry('gone', {}, { EventBusName: 'no-such-bus' }))).toMatchObject({ FailedEntryCount: 0 });
  expect(hub.busEvents()).toHaveLength(before);
});

test.each([
  [{ a: ['x'] }, { a: 'x' }, true],
  [{ a: ['x'] }, { a: ['y', 'x'] }, true],
  [{ a: ['x'] }, { b: 'x' }, false],
  [{ a: { b: [1, 2] } }, { a: { b: 2 } }, true],
  [{ a: { b: [1] } }, { a: null }, false],
  [{ a: [{ suffix: '.ok' }] }, { a: 'x.ok' }, true],
  [{ a: [{ 'anything-but': ['x', 'y'] }] }, { a: 'z' }, true],
  [{ a: [{ 'anything-but': { prefix: 'x' } }] }, { a: 'xyz' }, false],
  [{ a: [{ exists: false }] }, {}, true],
  [{ a: [{ 'equals-ignore-case': 'ABC' }] }, { a: 'abc' }, true],
  [{ a: [{ wildcard: 'a*c.d' }] }, { a: 'abbc.d' }, true],
  [{ $or: [{ a: ['x'] }, { b: ['y'] }] }, { b: 'y' }, true],
  [{ $or: [{ a: ['x'] }, { b: ['y'] }] }, { b: 'z' }, false],
])('pattern %j covers %j: %s', (pattern, event, expected) => {
  expect(covers(pattern, event)).toBe(expected);
});

test('a pattern operator that is not known here ends the start', () => {
  expect(() => checkPattern({ a: ['x'], b: { c: [{ numeric: ['>', 1] }] } })).toThrow('operator numeric is not known');
});
