import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import middy from '@middy/core';
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import type * as z from 'zod';
import { type Moment, realMoment } from '../../shared/core/clock.ts';
import type { FunctionContract, QueueEntry } from '../../shared/core/contract.ts';
import { outcomes } from '../../shared/core/errors.ts';
import { parseJson, textAt } from '../../shared/core/json.ts';
import { log, underRequest } from '../../shared/core/log.ts';
import type { Result } from '../../shared/core/result.ts';
import { observe } from './observe.ts';
import { traced } from './traced.ts';

export interface QueueInput<Entry extends QueueEntry> {
  readonly message: z.output<Entry['message']>;
  /** For `hide`: how a message waits. */
  readonly receiptHandle: string;
  /** How often this message was received, this time included. */
  readonly receives: number;
  readonly moment: Moment;
  readonly requestId: string;
  readonly remainingMs: () => number;
}

/** Comes back to the queue without being a fault: it waits, or met a refusal whose fate is `retry`. */
class ComesBack extends Error {}

/** What a handler returns when the message has been hidden and shall be received again later. */
export const later = Symbol('later');

/** The stack of every queue: each message alone, in parallel; settled ones leave, the others come back (E-27).
 *  A message that does not fit its schema, or whose handling throws, comes back until the DLQ has it. */
export function queue<Entry extends QueueEntry>(
  contract: FunctionContract & { readonly entry: Entry },
  handle: (input: QueueInput<Entry>) => Promise<Result<unknown>>,
) {
  const schema: z.ZodType = contract.entry.message;

  async function one(record: SQSRecord, context: Context): Promise<void> {
    const message = schema.safeParse(parseJson(record.body));
    if (!message.success) throw new Error('the message does not fit its schema');
    const result = await underRequest(idsOf(record, context), () =>
      handle({
        message: message.data as z.output<Entry['message']>,
        receiptHandle: record.receiptHandle,
        receives: Number(record.attributes?.ApproximateReceiveCount ?? 1),
        moment: realMoment,
        requestId: context.awsRequestId,
        remainingMs: () => context.getRemainingTimeInMillis(),
      }),
    );
    if (!result.ok && outcomes[result.error.code].fate === 'retry') throw new ComesBack(result.error.code);
    if (result.ok && result.value === later) throw new ComesBack('later');
  }

  return middy<SQSEvent, SQSBatchResponse, Error, Context>()
    .use(observe())
    .handler((event, context) =>
      processPartialResponse(
        event,
        async (record: SQSRecord) => {
          try {
            await one(record, context);
          } catch (error) {
            if (!(error instanceof ComesBack)) log.bug('a message was not processed', error, idsOf(record, context));
            throw error;
          }
        },
        new BatchProcessor(EventType.SQS),
        { context, throwOnFullBatchFailure: false },
      ),
    );
}

function idsOf({ body }: SQSRecord, context: Context) {
  return traced(textAt(parseJson(body), 'requestId'), context);
}
