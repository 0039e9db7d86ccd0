import type { Context, SQSRecord } from 'aws-lambda';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { later, queue } from '../../../functions/middleware/queue.ts';
import { refuse } from '../../../shared/core/errors.ts';
import { ok } from '../../../shared/core/result.ts';

const context = { awsRequestId: 'req-1', getRemainingTimeInMillis: () => 5_000 } as Context;
const handler = queue(
  { env: z.object({}), timeoutS: 5, entry: { kind: 'queue', message: z.object({ do: z.string() }), batchSize: 10 } },
  async ({ message }) => {
    if (message.do === 'throw') throw new Error('bug');
    if (message.do === 'settle') return refuse('provider_error', 'no');
    if (message.do === 'retry') return refuse('unavailable', 'later');
    if (message.do === 'wait') return ok(later);
    return ok(undefined);
  },
);

const record = (messageId: string, body: string) =>
  ({
    messageId,
    body,
    receiptHandle: messageId,
    attributes: { ApproximateReceiveCount: '2' },
    eventSource: 'aws:sqs',
  }) as SQSRecord;
const failures = async (...records: SQSRecord[]) =>
  (await handler({ Records: records }, context)).batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);

test('E-27: exactly the failed, waiting and unreadable messages come back; the others leave', async () => {
  expect(
    (
      await failures(
        record('good', '{"do":"x"}'),
        record('bug', '{"do":"throw"}'),
        record('settled', '{"do":"settle"}'),
        record('again', '{"do":"retry"}'),
        record('waits', '{"do":"wait"}'),
        record('odd', '{"done":1}'),
        record('junk', 'not json'),
      )
    ).sort(),
  ).toEqual(['again', 'bug', 'junk', 'odd', 'waits']);
});

test('no failure and nothing but failures both answer in the right shape', async () => {
  expect(await failures(record('a', '{"do":"x"}'))).toEqual([]);
  expect(await failures(record('a', 'x'), record('b', 'y'))).toEqual(['a', 'b']);
});
