import { ReceiveMessageCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { att, clientTo, eventually, newAssembly, ref, sdk } from './assembly.ts';

/** Notes each record by its body; a body `bad…` fails, `throw` throws, `odd` answers nonsense. */
const consumer = `
export const handler = async ({ Records }) => {
  console.log(JSON.stringify({ batch: Records.map(({ body }) => body), first: Records[0] }));
  if (Records.some(({ body }) => body === 'throw')) throw new Error('no');
  if (Records.some(({ body }) => body === 'odd')) return { batchItemFailures: [{ itemIdentifier: 'nobody' }] };
  return { batchItemFailures: Records.filter(({ body }) => body.startsWith('bad')).map(({ messageId }) => ({ itemIdentifier: messageId })) };
};`;
const redrive = { RedrivePolicy: { deadLetterTargetArn: att('Letters'), maxReceiveCount: 2 }, VisibilityTimeout: 1 };

let hub: Awaited<ReturnType<ReturnType<typeof newAssembly>['start']>>;
beforeAll(async () => {
  hub = await newAssembly()
    .add('Letters', 'SQS::Queue')
    .add('Work', 'SQS::Queue', redrive)
    .add('Slow', 'SQS::Queue', { VisibilityTimeout: 600 })
    .add('Idle', 'SQS::Queue', redrive)
    .add('Whole', 'SQS::Queue', redrive)
    .fn('Consumer', consumer)
    .fn('All', consumer)
    .fn(
      'Sender',
      `import { SQSClient, SendMessageBatchCommand } from ${sdk('sqs')};
      export const handler = async (bodies) => (await new SQSClient({}).send(new SendMessageBatchCommand({
        QueueUrl: process.env.QUEUE_URL, Entries: bodies.map((MessageBody, Id) => ({ Id: String(Id), MessageBody, MessageGroupId: 'g' })),
      }))).Successful.length;`,
      { grants: [['sqs:SendMessage', att('Work')]], Environment: { Variables: { QUEUE_URL: ref('Work') } } },
    )
    .add('Mapping', 'Lambda::EventSourceMapping', {
      ...{ FunctionName: ref('Consumer'), EventSourceArn: att('Work'), BatchSize: 5 },
      ...{ FunctionResponseTypes: ['ReportBatchItemFailures'], ScalingConfig: { MaximumConcurrency: 2 } },
    })
    .add('WholeMapping', 'Lambda::EventSourceMapping', {
      FunctionName: ref('All'),
      EventSourceArn: att('Whole'),
      BatchSize: 5,
    })
    .add('IdleMapping', 'Lambda::EventSourceMapping', {
      FunctionName: ref('All'),
      EventSourceArn: att('Idle'),
      Enabled: false,
    })
    .add('Many', 'SQS::Queue')
    .fn('Gathers', consumer)
    .add('ManyMapping', 'Lambda::EventSourceMapping', {
      ...{
        FunctionName: ref('Gathers'),
        EventSourceArn: att('Many'),
        BatchSize: 30,
        MaximumBatchingWindowInSeconds: 1,
      },
      ScalingConfig: { MaximumConcurrency: 1 },
    })
    .start({ longestVisibilityS: 1 });
});
afterAll(() => hub.stop());

const send = (queue: string, body: string, more = {}) =>
  new SQSClient(clientTo(hub)).send(
    new SendMessageCommand({ QueueUrl: `${hub.awsUrl}/111111111111/fix-${queue}`, MessageBody: body, ...more }),
  );
const batches = (fn: string) =>
  hub
    .logs()
    .flatMap(({ function: name, entry }) =>
      name.endsWith(fn) && entry?.batch ? [entry as { batch: string[]; first: unknown }] : [],
    );
const timesSeen = (body: string) => batches('Consumer').filter(({ batch }) => batch.includes(body)).length;

test('a record has the fields SQS gives it', async () => {
  await send('Work', 'fields', {
    MessageAttributes: { kind: { DataType: 'String', StringValue: 'test' } },
    MessageGroupId: 'tenant',
  });
  await eventually(() => timesSeen('fields') === 1);
  const first = batches('Consumer').find(({ batch }) => batch.includes('fields'))?.first;
  expect(first).toMatchObject({
    body: 'fields',
    attributes: { ApproximateReceiveCount: '1', SentTimestamp: expect.stringMatching(/^\d{13}$/) },
    messageAttributes: { kind: { stringValue: 'test', dataType: 'String' } },
    eventSource: 'aws:sqs',
    eventSourceARN: 'arn:aws:sqs:us-east-1:111111111111:fix-Work',
    awsRegion: 'us-east-1',
  });
});

test('of a batch only the failed messages come back, and go to the dead letters after maxReceiveCount', async () => {
  const bodies = ['good-1', 'bad-1', 'good-2'];
  expect(await hub.invoke('fix-Sender', bodies)).toMatchObject({ ok: true, payload: '3' });
  await eventually(async () => (await hub.queueDepth('Letters')) === 1);
  expect([timesSeen('good-1'), timesSeen('good-2'), timesSeen('bad-1')]).toEqual([1, 1, 2]);
  expect(await hub.queueDepth('Work')).toBe(0);
  const letters = `${hub.awsUrl}/111111111111/fix-Letters`;
  const { Messages = [] } = await new SQSClient(clientTo(hub)).send(new ReceiveMessageCommand({ QueueUrl: letters }));
  expect(Messages.map(({ Body }) => Body)).toEqual(['bad-1']);
});

test('an answer that names no message of its batch fails all of it', async () => {
  await send('Work', 'odd');
  await eventually(() => timesSeen('odd') === 2);
});

test('without partial batches a throw keeps the messages and any answer takes them', async () => {
  await send('Whole', 'bad but nobody asked');
  await send('Whole', 'throw');
  await eventually(() => batches('All').filter(({ batch }) => batch.includes('throw')).length === 2);
  await eventually(async () => (await hub.queueDepth('Whole')) === 0);
});

test('a batch over ten messages is gathered within its window', async () => {
  await Promise.all(Array.from({ length: 14 }, (_, index) => send('Many', `one-${index}`)));
  await eventually(() => new Set(batches('Gathers').flatMap(({ batch }) => batch)).size === 14);
  expect(Math.max(...batches('Gathers').map(({ batch }) => batch.length))).toBeGreaterThan(10);
});

test('a disabled mapping does not poll', async () => {
  await send('Idle', 'untouched');
  expect(await hub.queueDepth('Idle')).toBe(1);
});

test('a queue with a name nobody bears lists the choices', async () => {
  await expect(hub.queueDepth('none')).rejects.toThrow(/There is no queue none; there are fix-Letters/);
});
