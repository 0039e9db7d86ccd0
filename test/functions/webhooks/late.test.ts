import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import type { Delivery } from '../../../shared/webhooks/contract.ts';
import { lambdaContext } from '../../support/http-event.ts';
import { readEvent, type Sample, samplesOf } from '../../support/samples.ts';

// What a platform vouches for is verified by `process`: over the network, with keys that a server of this test has.

const dynamo = mockClient(DynamoDBClient);
const bus = mockClient(EventBridgeClient);
const secretsManager = mockClient(SecretsManagerClient);

let platform: Server;
/** What is there, by path; all else is missing. */
const files = new Map<string, string>();
const asked: string[] = [];
let handler: (event: SQSEvent, context: Context) => Promise<SQSBatchResponse>;

beforeAll(async () => {
  platform = createServer((request, response) => {
    const path = request.url ?? '';
    asked.push(path);
    const file = path.startsWith('/?Action=ConfirmSubscription') ? 'confirmed' : files.get(path);
    response.writeHead(file === undefined ? 404 : file === 'down' ? 503 : 200).end(file);
  }).listen(0, '127.0.0.1');
  await once(platform, 'listening');
  Object.assign(process.env, {
    STAGE: 'local',
    INBOX_TABLE: 'inbox',
    ENDPOINTS_TABLE: 'endpoints',
    ENDPOINT_KEY_ID: 'endpoint-key',
    TENANTS_TABLE: 'tenants',
    CONNECTIONS_TABLE: 'connections',
    PAYLOAD_BUCKET: 'payloads',
    PROVIDER_SECRETS: 'patchbay/local/',
    BUS_NAME: 'hub',
    HANDLER_QUEUE_URL: 'http://127.0.0.1:9/handlers',
  });
});
afterAll(() => platform.close());
beforeEach(async () => {
  for (const mock of [dynamo, bus, secretsManager]) mock.reset();
  dynamo.onAnyCommand().resolves({ Items: [] } as never);
  bus.on(PutEventsCommand).callsFake(({ Entries }) => ({ Entries: Entries.map(() => ({ EventId: '1' })) }));
  files.clear();
  asked.length = 0;
  vi.resetModules();
  handler = (await import('../../../functions/webhooks/process.ts')).handler as unknown as typeof handler;
});

const late = ['google', 'microsoft', 's3'].flatMap((provider) =>
  samplesOf(provider)
    .filter((sample) => sample.platform)
    .map((sample) => [`${provider}/${sample.file}`, { provider, sample }] as const),
);

/** Runs one delivery, as `receive` keeps it; what the platform has at a URL, the server has at its path. */
async function run(provider: string, sample: Sample, change: Partial<Delivery> = {}): Promise<SQSBatchResponse> {
  const { clientId, secret, settings, headers, body, url, sentAt } = sample;
  const here = `http://127.0.0.1:${(platform.address() as AddressInfo).port}`;
  const origins = Object.fromEntries(Object.keys(sample.platform ?? {}).map((at) => [new URL(at).origin, here]));
  const app = { clientId, webhookSecrets: [secret], webhookSettings: settings, origins };
  secretsManager.on(GetSecretValueCommand).resolves({ SecretString: JSON.stringify(app) });
  const delivery = {
    ...{ provider, receivedAt: sentAt, requestId: 'req-1', headers, url, deferred: true },
    ...{ body: { base64: Buffer.from(body).toString('base64') }, ...change },
  };
  const [record] = (readEvent('webhooks/process') as SQSEvent).Records;
  const message = { ...record, messageId: 'm1', body: JSON.stringify(delivery) };
  return handler({ Records: [message] } as SQSEvent, lambdaContext());
}

function serve({ platform: at = {} }: Sample): void {
  for (const [url, text] of Object.entries(at)) files.set(new URL(url).pathname, text);
}

const kept = () => dynamo.commandCalls(PutItemCommand).map(({ args: [{ input }] }) => unmarshall(input.Item ?? {}));
const settled = { batchItemFailures: [] };

test.each(late)('%s is verified with the key of its platform, and kept', async (_file, { provider, sample }) => {
  serve(sample);
  expect(await run(provider, sample)).toEqual(settled);
  const { events = [], handshake } = sample.expect;
  expect(kept().map(({ type }) => type)).toEqual(handshake ? [] : events.map(({ type }) => type));
  expect(asked[0]).toBe(new URL(Object.keys(sample.platform ?? {})[0] ?? '').pathname);
  expect(asked.slice(1).every((path) => path.startsWith('/?Action=ConfirmSubscription'))).toBe(true);
  expect(asked).toHaveLength(handshake ? 2 : 1);
});

test.each(late)('%s that somebody else signed leaves nothing', async (_file, { provider, sample }) => {
  serve(sample);
  for (const [path, text] of files) files.set(path, text.startsWith('{') ? '{"keys":[]}' : 'no certificate');
  expect(await run(provider, sample)).toEqual(settled);
  expect(kept()).toEqual([]);
});

test.each(late)('%s comes again while its platform does not answer', async (_file, { provider, sample }) => {
  serve(sample);
  for (const path of files.keys()) files.set(path, 'down');
  expect(await run(provider, sample)).toEqual({ batchItemFailures: [{ itemIdentifier: 'm1' }] });
  expect(kept()).toEqual([]);
});
