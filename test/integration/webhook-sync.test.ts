import { randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type EventInbox, startEventInbox } from '../../infra/local/demo/event-inbox.ts';
import { signedAsGithub, signedAsSlack } from '../../infra/local/demo/third-parties.ts';
import { until } from '../../infra/local/demo/tour/scene.ts';
import { openScene, type Scene, type Tenant } from './scene.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const definitions = createRequire(import.meta.url)('@octokit/webhooks-examples') as {
  readonly name: string;
  readonly examples: readonly object[];
}[];
const issue = JSON.stringify(definitions.find(({ name }) => name === 'issues')?.examples[0]);

/** Queues are named by the start of their logical id. */
const INTAKE = 'webhooksintakequeue';

let scene: Scene;
let acme: Tenant;
let inbox: EventInbox;
beforeAll(async () => {
  scene = await openScene({ longestVisibilityS: 3 });
  acme = await scene.tenant('acme');
  inbox = await startEventInbox();
  const wishes = { url: inbox.endpoint, types: ['webhook.*', 'record.*'] };
  const made = await scene.ask('POST /v1/subscriptions', { key: scene.hub.operatorKey, body: wishes });
  inbox.trust(made.body.secret ?? '');
  await scene.connect(acme, 'github');
  await scene.connect(acme, 'demo');
});
afterAll(async () => {
  await inbox.stop();
  await scene.stop();
});

const post = (path: string, headers: Record<string, string>, body: string) =>
  scene.ask(`POST /webhooks/${path}`, { body, headers });
const github = (delivery: string, body = issue, secret = scene.thirdParties.providers.github.webhookSecrets[0] ?? '') =>
  post('github', signedAsGithub(secret, 'issues', delivery, body), body);
const events = async () => (await scene.ask(`GET ${acme.path}/events?provider=github`, { key: acme.key })).body.items;

test('a signed delivery becomes one event of its tenant, and one on the bus', async () => {
  expect((await github('delivery-1')).status).toBe(200);
  const [event] = await until(async () => {
    const items = await events();
    return items.length > 0 && items;
  });
  expect(event).toMatchObject({ provider: 'github', type: 'issues.edited', outcome: 'routed' });
  expect(event?.data).toEqual(JSON.parse(issue));
  await until(async () => received() === 1);
});

test('acknowledging it took one AWS call, to SQS', async () => {
  await github(randomUUID()); // warm: the secret is in memory
  const before = scene.hub.awsCalls().filter((call) => call.function === 'webhooks/receive').length;
  await github('delivery-2');
  const calls = scene.hub
    .awsCalls()
    .filter((call) => call.function === 'webhooks/receive')
    .slice(before);
  expect(calls.map(({ service, action }) => `${service} ${action}`)).toEqual(['sqs SendMessage']);
});

test('the same delivery again is acknowledged and no second event', async () => {
  await until(async () => (await events()).length === 3 && received() === 3);
  expect((await github('delivery-1')).status).toBe(200);
  await until(async () => (await scene.hub.queueDepth(INTAKE)) === 0);
  expect(await events()).toHaveLength(3);
  expect(received()).toBe(3);
});

test('forged, unsigned and altered deliveries are 401 alike and leave nothing behind', async () => {
  const asked = () => scene.hub.awsCalls().filter((call) => call.function === 'webhooks/receive');
  const before = asked().length;
  const headers = signedAsGithub(
    scene.thirdParties.providers.github.webhookSecrets[0] ?? '',
    'issues',
    'forged',
    issue,
  );
  const { 'x-hub-signature-256': _, ...unsigned } = headers;
  const answers = [
    await github('forged', issue, 'another-secret-16'),
    await post('github', unsigned, issue),
    await post('github', headers, issue.replace('edited', 'opened')),
  ];
  for (const { status, type, body } of answers) {
    expect([status, type, body.code]).toEqual([401, 'application/problem+json', 'unauthenticated']);
  }
  expect(new Set(answers.map(({ body }) => body.detail)).size).toBe(1);
  expect(asked()).toHaveLength(before);
  expect((await post('nowhere', {}, '{}')).status).toBe(404);
});

test("Slack's handshake is answered with its challenge, once it is verified", async () => {
  const body = JSON.stringify({ token: 'made-up', challenge: 'a-challenge', type: 'url_verification' });
  const secret = scene.thirdParties.providers.slack.webhookSecrets[0] ?? '';
  const answer = await post('slack', signedAsSlack(secret, body), body);
  expect(answer).toMatchObject({ status: 200, body: 'a-challenge' });
  expect(answer.type).toContain('text/plain');
  expect((await post('slack', signedAsSlack('not-the-secret-16', body), body)).status).toBe(401);
  expect((await post('slack', signedAsSlack(secret, body, Date.now() - 400_000), body)).status).toBe(401);
});

const sync = () => `${acme.path}/connections/demo/syncs/contacts` as const;
const records = async () => {
  const items = [];
  for (let cursor = ''; ; ) {
    const query = `limit=100${cursor && `&cursor=${cursor}`}`;
    const { body } = await scene.ask(`GET ${acme.path}/records/demo/contacts?${query}`, { key: acme.key });
    items.push(...body.items);
    if (!body.cursor) return items;
    cursor = body.cursor;
  }
};
const request = (method: string, path: string, body?: object) =>
  scene.ask(`POST ${acme.path}/connections/demo/calls`, { key: acme.key, body: { request: { method, path, body } } });

test('a due sync is handed out by the tick and copies every page; each record is announced once', async () => {
  await until(async () => {
    await scene.hub.tick('syncs/plan');
    return (await records()).length === 128;
  }, 20_000);
  await until(async () => announced('record.created') === 128);
});

test('changes, new ones and deletions are picked up by the next run, each announced once', async () => {
  await request('PUT', '/contacts/con_0003', { name: 'Changed', email: 'changed@people.example' });
  await request('POST', '/contacts', { name: 'New', email: 'new@people.example' });
  await request('DELETE', '/contacts/con_0004');
  expect((await scene.ask(`POST ${sync()}/run`, { key: acme.key, body: {} })).status).toBe(202);
  await until(async () => announced('record.deleted') === 1);
  const names = (await records()).map(({ data }) => data.name);
  expect(names).toHaveLength(128);
  expect(names).toEqual(expect.arrayContaining(['Changed', 'New']));
  await until(async () => announced('record.updated') === 1);
  expect(announced('record.created')).toBe(129);

  await scene.ask(`POST ${sync()}/run`, { key: acme.key, body: {} });
  await until(async () => (await scene.arrivals()).at(-1)?.path === '/contacts');
  expect(['record.created', 'record.updated', 'record.deleted'].map(announced)).toEqual([129, 1, 1]);
});

test('whoever subscribed is sent each event that the bus took, signed', async () => {
  const wanted = scene.hub.busEvents().filter((event) => /^(webhook|record)\./.test(event['detail-type']));
  const ids = [...new Set(wanted.map(({ detail }) => String(detail.id)))].sort();
  expect(ids.length).toBeGreaterThan(130);
  await until(async () => inbox.events.length === ids.length);
  expect(inbox.events.map(({ id }) => id).sort()).toEqual(ids);
});

test('a replay tells them again as new events, and comes to its end', async () => {
  const before = received();
  const { status, body } = await scene.ask(`POST ${acme.path}/events/replay`, { key: acme.key, body: { rate: 100 } });
  expect(status).toBe(202);
  const replay = `GET ${acme.path}/events/replay/${body.id}` as const;
  await until(async () => (await scene.ask(replay, { key: acme.key })).body.status === 'finished');
  await until(async () => received() === before + (await events()).length);
  const told = scene.hub.busEvents().filter(({ detail }) => (detail.data as { replay?: string }).replay === body.id);
  expect(told.every(({ detail }) => (detail.data as { replayed?: boolean }).replayed)).toBe(true);
});

test('a subscription is heard for its window; what it misses is listed by the next run', async () => {
  const live = `${acme.path}/connections/demo/syncs/live-contacts` as const;
  const kept = async (id: string) => {
    const { body } = await scene.ask(`GET ${acme.path}/records/demo/live-contacts?limit=100`, { key: acme.key });
    return body.items.find((one) => one.id === id)?.data.name;
  };
  const run = () => scene.ask(`POST ${live}/run`, { key: acme.key, body: {} });
  const rename = (name: string) => request('PUT', '/contacts/con_0005', { name, email: 'e@people.example' });
  const heard = () =>
    until(async () => {
      await run();
      return scene.demo.listeners() === 1;
    }, 20_000);
  const feed = (end: string) => fetch(`${scene.demo.apiUrl}/_feed`, { method: 'POST', body: JSON.stringify({ end }) });

  await scene.ask(`PUT ${live}`, { key: acme.key, body: { settings: { windowS: 20 } } });
  await run();
  await until(async () => (await kept('con_0005')) !== undefined); // a first run reads what there is
  await heard();
  await rename('Heard');
  await feed('ping');
  await feed('complete');
  await until(async () => (await kept('con_0005')) === 'Heard'); // long before the window is over

  await heard();
  await feed('lost');
  await rename('Listed');
  await until(async () => {
    await run();
    return scene.demo.listeners() === 1 && (await kept('con_0005')) === 'Listed';
  }, 20_000);
  await feed('complete');
});

test('a message that no function can read ends in the dead-letter queue, and the rest goes on', async () => {
  const sqs = new SQSClient({ endpoint: scene.hub.awsUrl });
  const [account, name] =
    scene.hub
      .awsCalls()
      .find(({ action }) => action === 'SendMessage')
      ?.resource.split(':')
      .slice(-2) ?? [];
  const QueueUrl = `${scene.hub.awsUrl}/${account}/${name}`;
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: '{"poison": true}', MessageGroupId: 'x' }));
  const count = (await events()).length;
  await github('after-the-poison');
  await until(async () => (await events()).length === count + 1);
  await until(async () => (await scene.hub.queueDepth('webhooksintakedead')) === 1, 40_000);
});

test('a tenant that is erased leaves no connection, event or record behind', async () => {
  expect((await scene.ask(`DELETE ${acme.path}`, { key: scene.hub.operatorKey })).status).toBe(204);
  expect((await scene.ask(`GET ${acme.path}`, { key: acme.key })).status).toBe(401);
  // Its id is free once the erasure has come to its end.
  const again = await until(async () => {
    const tenant = await scene.tenant('acme');
    return tenant.key ? tenant : undefined;
  });
  await until(async () => {
    const lists = ['/connections', '/events', '/calls', '/records/demo/contacts'] as const;
    const left = await Promise.all(lists.map((list) => scene.ask(`GET ${again.path}${list}`, { key: again.key })));
    return left.every(({ body }) => body.items.length === 0);
  });
});

const received = () => announced('webhook.received');
/** How many different events of a type the bus took: the same one may come twice, under the same id. */
const announced = (type: string) => {
  const events = scene.hub.busEvents().filter((event) => event['detail-type'] === type);
  return new Set(events.map(({ detail }) => detail.id)).size;
};
