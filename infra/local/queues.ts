import { pause } from './async-invoke.ts';
import type { Functions, Outcome } from './lambda.ts';
import { region } from './resources.ts';
import type { Say } from './service.ts';
import type { Message, MessageAttribute, Sqs } from './sqs-s3.ts';
import type { Resource, Template } from './template.ts';

interface MappingProperties {
  readonly FunctionName: string;
  readonly EventSourceArn: string;
  readonly BatchSize?: number;
  readonly MaximumBatchingWindowInSeconds?: number;
  readonly FunctionResponseTypes?: readonly string[];
  readonly ScalingConfig?: { readonly MaximumConcurrency?: number };
  readonly Enabled?: boolean;
}

/** AWS waits 20 s; a poll that has just begun when the hub stops would hold it up for as long. */
const POLL_S = 1;

/** Polls each event source of the template and feeds its function, until stopped. What fails, or is named in
 *  `batchItemFailures`, stays hidden until its visibility runs out; SQS's redrive counts and moves it. */
export function pollQueues(template: Template, functions: Functions, sqs: Sqs, say: Say, cap: number) {
  const stopping = new AbortController();
  const mappings = template.all<MappingProperties>('AWS::Lambda::EventSourceMapping');
  const queues = template.all('AWS::SQS::Queue');

  async function poll(id: string, mapping: MappingProperties, queue: Resource, target: string): Promise<void> {
    const partial = mapping.FunctionResponseTypes?.includes('ReportBatchItemFailures') ?? false;
    while (!stopping.signal.aborted) {
      try {
        const batch = await collect(queue.ref, mapping);
        if (batch.length === 0 || stopping.signal.aborted) continue;
        const outcome = await functions.invoke(target, { Records: batch.map((one) => record(one, queue.arn)) });
        const failed = failures(outcome, batch, partial);
        const done = batch.filter(({ MessageId }) => !failed.has(MessageId));
        await Promise.all(done.map(({ ReceiptHandle }) => sqs.remove(queue.ref, ReceiptHandle)));
      } catch (error) {
        if (stopping.signal.aborted) return;
        say(`Event source ${id}: ${error instanceof Error ? error.message : error}`);
        await pause(1_000, stopping.signal);
      }
    }
  }

  async function collect(queueUrl: string, mapping: MappingProperties): Promise<readonly Message[]> {
    const { BatchSize: size = 10, MaximumBatchingWindowInSeconds: windowS = 0 } = mapping;
    const batch = [...(await sqs.receive(queueUrl, Math.min(10, size), POLL_S))];
    const until = Date.now() + windowS * 1000;
    while (batch.length > 0 && batch.length < size && Date.now() < until && !stopping.signal.aborted) {
      const waitS = Math.min(POLL_S, Math.ceil((until - Date.now()) / 1000));
      batch.push(...(await sqs.receive(queueUrl, Math.min(10, size - batch.length), waitS)));
    }
    return batch;
  }

  for (const { id, properties } of mappings.filter(({ properties }) => properties.Enabled !== false)) {
    const queue = queues.find(({ arn }) => arn === properties.EventSourceArn);
    if (!queue) throw new Error(`Event source ${id}: ${properties.EventSourceArn} is no queue of the template`);
    const { id: target } = functions.find(properties.FunctionName);
    const many = Math.min(cap, properties.ScalingConfig?.MaximumConcurrency ?? cap);
    for (let poller = 0; poller < many; poller++) void poll(id, properties, queue, target);
  }
  return { stop: () => stopping.abort() };
}

/** Returns the ids that stay in the queue. An answer that names no message of the batch fails all of it
 *  (https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html). */
function failures(outcome: Outcome, batch: readonly Message[], partial: boolean): ReadonlySet<string> {
  const all = new Set(batch.map(({ MessageId }) => MessageId));
  if (!outcome.ok) return all;
  if (!partial) return new Set();
  const named: readonly { readonly itemIdentifier?: string }[] = JSON.parse(outcome.payload)?.batchItemFailures ?? [];
  const ids = named.map(({ itemIdentifier = '' }) => itemIdentifier);
  return ids.every((id) => all.has(id)) ? new Set(ids) : all;
}

function record(message: Message, eventSourceARN: string) {
  const attributes = Object.entries(message.MessageAttributes ?? {});
  return {
    messageId: message.MessageId,
    receiptHandle: message.ReceiptHandle,
    body: message.Body,
    attributes: message.Attributes ?? {},
    messageAttributes: Object.fromEntries(attributes.map(([name, value]) => [name, lowered(value)])),
    md5OfBody: message.MD5OfBody,
    eventSource: 'aws:sqs',
    eventSourceARN,
    awsRegion: region,
  };
}

function lowered({ DataType, StringValue, BinaryValue }: MessageAttribute) {
  const lists = { stringListValues: [], binaryListValues: [] };
  return { stringValue: StringValue, binaryValue: BinaryValue, ...lists, dataType: DataType };
}
