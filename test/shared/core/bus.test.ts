import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import {
  ChangeMessageVisibilityCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, test } from 'vitest';
import { openBus, openQueue } from '../../../shared/core/bus.ts';
import { realMoment } from '../../../shared/core/clock.ts';
import { hubEvent } from '../../../shared/core/event.ts';

const events = mockClient(EventBridgeClient);
const sqs = mockClient(SQSClient);
beforeEach(() => {
  events.reset();
  sqs.reset();
});

const someEvents = (count: number, bytes = 10) =>
  Array.from({ length: count }, (_, index) =>
    hubEvent(
      'record.created',
      { tenant: 'acme', id: `evt_${index}` },
      { model: 'm', id: String(index), data: 'x'.repeat(bytes) },
      realMoment,
    ),
  );
const batchSizes = () => events.commandCalls(PutEventsCommand).map((call) => call.args[0].input.Entries?.length);

describe('the bus', () => {
  test('publishes at most ten events and 1 MB at a time', async () => {
    events.on(PutEventsCommand).resolves({ Entries: [] });
    await openBus('hub').publish(someEvents(23));
    expect(batchSizes()).toEqual([10, 10, 3]);
    events.resetHistory();
    await openBus('hub').publish(someEvents(5, 250_000));
    expect(batchSizes()).toEqual([3, 2]);
  });

  test('sends again exactly the entries that were refused', async () => {
    events
      .on(PutEventsCommand)
      .resolvesOnce({ FailedEntryCount: 1, Entries: [{ EventId: 'a' }, { ErrorCode: 'ThrottlingException' }] })
      .resolves({ Entries: [{ EventId: 'b' }] });
    await openBus('hub').publish(someEvents(2));
    const again = events.commandCalls(PutEventsCommand)[1]?.args[0].input.Entries;
    expect(again?.map((entry) => JSON.parse(entry.Detail ?? '').id)).toEqual(['evt_1']);
    expect(again?.[0]).toMatchObject({ Source: 'patchbay', DetailType: 'record.created', EventBusName: 'hub' });
  });

  test('throws when an entry is refused twice: the caller keeps its marker', async () => {
    events.on(PutEventsCommand).resolves({ FailedEntryCount: 1, Entries: [{ ErrorCode: 'InternalFailure' }] });
    await expect(openBus('hub').publish(someEvents(1))).rejects.toThrow('did not take 1');
  });

  test('nothing to say is no request', async () => {
    await openBus('hub').publish([]);
    expect(events.calls()).toHaveLength(0);
  });
});

describe('a queue', () => {
  test('sends one message with its fair group', async () => {
    sqs.on(SendMessageCommand).resolves({});
    await openQueue('http://q').send({ body: '{}', group: 'acme', delayS: 3 });
    expect(sqs.commandCalls(SendMessageCommand)[0]?.args[0].input).toEqual({
      QueueUrl: 'http://q',
      MessageBody: '{}',
      MessageGroupId: 'acme',
      DelaySeconds: 3,
    });
  });

  test('sends many by tens, and throws when SQS left one out', async () => {
    sqs.on(SendMessageBatchCommand).resolves({});
    await openQueue('http://q').sendAll(Array.from({ length: 12 }, () => ({ body: '{}', group: 'acme' })));
    expect(sqs.commandCalls(SendMessageBatchCommand).map((call) => call.args[0].input.Entries?.length)).toEqual([
      10, 2,
    ]);
    sqs.on(SendMessageBatchCommand).resolves({ Failed: [{ Id: '0', Code: 'x', SenderFault: false }] });
    await expect(openQueue('http://q').sendAll([{ body: '{}', group: 'acme' }])).rejects.toThrow('did not take 1');
  });

  test('hides a message for whole seconds, at most the twelve hours SQS allows', async () => {
    sqs.on(ChangeMessageVisibilityCommand).resolves({});
    await openQueue('http://q').hide('r', 1_500);
    await openQueue('http://q').hide('r', 10 ** 9);
    const waits = sqs.commandCalls(ChangeMessageVisibilityCommand).map((call) => call.args[0].input.VisibilityTimeout);
    expect(waits).toEqual([2, 43_200]);
  });
});
