import type { Context, SQSRecord } from 'aws-lambda';
import { expect, test, vi } from 'vitest';
import * as z from 'zod';
import { later, queue } from '../../../functions/middleware/queue.ts';
import { refuse } from '../../../shared/core/errors.ts';
import { ok } from '../../../shared/core/result.ts';
import { captureOutput } from '../../support/output.ts';

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

test('what is logged bears the id of the request that a message comes from, and the function of its own (E-40)', async () => {
  vi.stubEnv('POWERTOOLS_LOG_LEVEL', 'INFO');
  vi.resetModules();
  const output = captureOutput();
  const { queue: fresh } = await import('../../../functions/middleware/queue.ts');
  const { log } = await import('../../../shared/core/log.ts');
  const contract = {
    ...{ env: z.object({}), timeoutS: 5 },
    entry: { kind: 'queue', message: z.looseObject({ call: z.string() }), batchSize: 10 },
  } as const;
  const worker = fresh(contract, async ({ message: { call } }) => {
    await new Promise((resolve) => setTimeout(resolve, call === 'c1' ? 5 : 1)); // they are under way at the same time
    log.info('worked', { call });
    if (call === 'c3') throw new Error('bug');
    return ok(undefined);
  });
  const bodies = [{ call: 'c1', requestId: 'req-a' }, { call: 'c2', requestId: 'req-b' }, { call: 'c3' }];
  const Records = bodies.map((body, at) => record(String(at), JSON.stringify(body)));
  await worker({ Records }, { ...context, awsRequestId: 'inv-1' });
  const lines = output.lines();
  output.restore();
  vi.unstubAllEnvs();
  const of = (call: string) => lines.find((line) => line.call === call);
  expect(of('c1')).toMatchObject({ requestId: 'req-a', invocation: 'inv-1' });
  expect(of('c2')).toMatchObject({ requestId: 'req-b', invocation: 'inv-1' });
  expect(of('c3')).toMatchObject({ requestId: 'inv-1' });
  expect(of('c3')).not.toHaveProperty('invocation');
  expect(lines.find((line) => line.message === 'a message was not processed')).toMatchObject({ requestId: 'inv-1' });
});
