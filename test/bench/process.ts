import type { Context, SQSBatchResponse } from 'aws-lambda';
import { queue } from '../../functions/middleware/queue.ts';
import { gathering } from '../../shared/core/bus.ts';
import { realMoment } from '../../shared/core/clock.ts';
import type { HubEvent } from '../../shared/core/event.ts';
import { TenantId } from '../../shared/core/ids.ts';
import { findWebhooks } from '../../shared/providers/senders.ts';
import { webhooksContract } from '../../shared/webhooks/contract.ts';
import { processDelivery } from '../../shared/webhooks/process.ts';
import { inboxStore } from '../../shared/webhooks/store.ts';
import { lambdaContext } from '../support/http-event.ts';
import { memoryTable } from '../support/memory-table.ts';

export interface Processed {
  /** Of one event that nobody handles. */
  readonly putsPerEvent: number;
  /** Of a full batch. */
  readonly eventsPerPutEvents: number;
}

/** EventBridge takes no more in one request. */
const MOST_ENTRIES = 10;

/** Returns what a batch of webhooks costs: conditional writes, and how many events share a request to the bus. */
export async function processCosts(): Promise<Processed> {
  const table = memoryTable();
  let puts = 0;
  let requests = 0;
  const publish = async (events: readonly HubEvent[]) => {
    requests += Math.ceil(events.length / MOST_ENTRIES);
  };
  const nobody = () => Promise.reject(new Error('nobody is asked'));
  const ports = {
    findWebhooks,
    ...{
      tenantSince: nobody,
      readApp: nobody,
      readEndpoint: nobody,
      send: nobody,
      keys: { keyOf: nobody, certificateKey: nobody },
    },
    ...{ handlersOf: () => [], handlerQueue: { sendAll: nobody }, endConnection: nobody, renewSoon: nobody },
    objects: { get: nobody, put: nobody },
    captured: { open: nobody },
    inbox: inboxStore({
      ...table,
      put(...written) {
        puts += 1;
        return table.put(...written);
      },
    }),
    publish: gathering({ publish }, realMoment.sleep),
    findOwners: async (provider: string) => [
      { tenantId: TenantId.parse('acme'), connection: { provider, name: 'default' } },
    ],
  };
  const { batchSize } = webhooksContract.process.entry;
  const handler = queue(webhooksContract.process, ({ message }) => processDelivery(message, ports));
  const run = handler as unknown as (event: object, context: Context) => Promise<SQSBatchResponse>;
  const answer = await run({ Records: Array.from({ length: batchSize }, (_, n) => recordOf(n)) }, lambdaContext());
  if (answer.batchItemFailures.length > 0) throw new Error('a webhook was not processed');
  return { putsPerEvent: puts / batchSize, eventsPerPutEvents: batchSize / requests };
}

function recordOf(n: number): object {
  const body = JSON.stringify({
    provider: 'github',
    receivedAt: '2026-11-20T10:00:00.000Z',
    requestId: `req-${n}`,
    headers: { 'content-type': 'application/json', 'x-github-event': 'push', 'x-github-delivery': `d-${n}` },
    body: { base64: Buffer.from(JSON.stringify({ repository: { owner: { id: 7 } }, n })).toString('base64') },
    deferred: false,
  });
  return { messageId: String(n), receiptHandle: String(n), body, attributes: {}, messageAttributes: {} };
}
