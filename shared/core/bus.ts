import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import {
  ChangeMessageVisibilityCommand,
  GetQueueAttributesCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { clientSettings } from './aws.ts';
import type { HubEvent } from './event.ts';

let sqs: SQSClient | undefined;
let eventBridge: EventBridgeClient | undefined;

/** The source of every hub event on the bus; the owner's rules match on it. */
export const EVENT_SOURCE = 'patchbay';

export interface Outgoing {
  readonly body: string;
  /** Keeps the queue fair: quiet groups are served before one that floods it. */
  readonly group: string;
  readonly delayS?: number;
}

/** Returns a queue's sending side. Each resolves only once SQS has the message. */
export function openQueue(queueUrl: string) {
  sqs ??= new SQSClient(clientSettings);
  const client = sqs;
  return {
    async send({ body, group, delayS }: Outgoing): Promise<void> {
      await client.send(
        new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: body, MessageGroupId: group, DelaySeconds: delayS }),
      );
    },

    /** Sends any number, ten at a time; throws when SQS did not take one of them. */
    async sendAll(messages: readonly Outgoing[]): Promise<void> {
      for (let at = 0; at < messages.length; at += 10) {
        const answer = await client.send(
          new SendMessageBatchCommand({
            QueueUrl: queueUrl,
            Entries: messages.slice(at, at + 10).map(({ body, group, delayS }, index) => ({
              Id: String(index),
              MessageBody: body,
              MessageGroupId: group,
              DelaySeconds: delayS,
            })),
          }),
        );
        if (answer.Failed?.length) throw new Error(`SQS did not take ${answer.Failed.length} messages`);
      }
    },

    /** Hides a received message for `waitMs` more (at most 12 h): how a call waits without a sleep or a re-send. */
    async hide(receiptHandle: string, waitMs: number): Promise<void> {
      const seconds = Math.min(43_200, Math.max(0, Math.ceil(waitMs / 1000)));
      await client.send(
        new ChangeMessageVisibilityCommand({
          QueueUrl: queueUrl,
          ReceiptHandle: receiptHandle,
          VisibilityTimeout: seconds,
        }),
      );
    },
  };
}

export type Queue = ReturnType<typeof openQueue>;

/** Returns about how many messages of the queue wait to be received. */
export async function countWaiting(queueUrl: string): Promise<number> {
  sqs ??= new SQSClient(clientSettings);
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ['ApproximateNumberOfMessages'] }),
  );
  return Number(Attributes?.ApproximateNumberOfMessages);
}

/** Returns the bus's publishing side. */
export function openBus(busName: string) {
  eventBridge ??= new EventBridgeClient(clientSettings);
  const client = eventBridge;

  async function put(events: readonly HubEvent[]): Promise<readonly HubEvent[]> {
    const answer = await client.send(
      new PutEventsCommand({
        Entries: events.map((event) => ({
          EventBusName: busName,
          Source: EVENT_SOURCE,
          DetailType: event.type,
          Time: new Date(event.time),
          Detail: JSON.stringify(event),
        })),
      }),
    );
    return events.filter((_, index) => answer.Entries?.[index]?.ErrorCode !== undefined);
  }

  return {
    /** Publishes any number, batched; entries that EventBridge refused are tried once more, then it throws. */
    async publish(events: readonly HubEvent[]): Promise<void> {
      for (const batch of batches(events)) {
        const refused = await put(batch);
        if (refused.length === 0) continue;
        const again = await put(refused);
        if (again.length > 0) throw new Error(`EventBridge did not take ${again.length} events`);
      }
    },
  };
}

export type Bus = ReturnType<typeof openBus>;

/** PutEvents takes ten entries and 1 MB; the margin is for names and times. */
function* batches(events: readonly HubEvent[]): Generator<HubEvent[]> {
  let batch: HubEvent[] = [];
  let bytes = 0;
  for (const event of events) {
    const size = Buffer.byteLength(JSON.stringify(event)) + 512;
    if (batch.length === 10 || (batch.length > 0 && bytes + size > 900_000)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(event);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}

/** Returns a publisher whose callers within the same few ms share requests: the messages of one batch. */
export function gathering(bus: Bus, sleep: (ms: number) => Promise<void>, windowMs = 10): Bus['publish'] {
  let gathered: { readonly events: HubEvent[]; readonly published: Promise<void> } | undefined;

  function open() {
    const events: HubEvent[] = [];
    const published = sleep(windowMs).then(() => {
      gathered = undefined;
      return bus.publish(events);
    });
    return { events, published };
  }

  return (events) => {
    gathered ??= open();
    gathered.events.push(...events);
    return gathered.published;
  };
}
