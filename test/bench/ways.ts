import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { signedAsGithub } from '../../infra/local/demo/third-parties.ts';
import { close, listen } from '../../infra/local/server.ts';
import { type Counts, type Meter, openMeter } from './meter.ts';

const SECRET = 'a-made-up-webhook-secret';
const TENANT = '/v1/tenants/acme';
const FAR_AHEAD_MS = '9999999999999';
/** The tick lets the index catch up for so long. */
const SETTLED_MS = 2_000;
const contact = { id: 'c1', name: 'Ada', email: 'ada@example.com', updatedAt: '2026-11-01T00:00:00.000Z' };
const app = { clientId: 'client', clientSecret: 'made-up-client-secret' };

/** The counts of one alone, as in a hub with little to do, and of ten that queues hand over in one batch. */
export interface Counted {
  readonly alone: Counts;
  readonly ofTen: Counts;
}

export type Way = 'webhook' | 'call' | 'queuedCall' | 'delivery' | 'quietPoll' | 'refresh';

export interface Measured {
  readonly ways: Readonly<Record<Way, Counted>>;
  /** One tick of each schedule that finds nothing due, by its function. */
  readonly ticks: Readonly<Record<string, Counts>>;
  readonly standing: Standing;
}

/** What is paid for by its being there, as the template has it. */
export interface Standing {
  readonly keys: number;
  readonly dashboards: number;
  /** Queues that are polled. */
  readonly mappings: number;
  readonly alarms: number;
  readonly ticksPerMonth: Readonly<Record<string, number>>;
  /** About as long as a line of the access log. */
  readonly accessLogBytes: number;
  readonly memoryGb: number;
}

/** Returns what AWS counts on each way through the hub, warm and with nothing going wrong: one tenant with its own API key, a body of
 *  1 kB for a webhook that nudges no sync, a small action for a call. */
export async function countWays(): Promise<Measured> {
  const folder = mkdtempSync(join(tmpdir(), 'patchbay-meter-'));
  const outside = createServer((request, response) => {
    request.resume();
    const [path = '', query = ''] = (request.url ?? '').split('?');
    const [status, json] = answerOf(`${request.method} ${path}`, query);
    response.writeHead(status, { 'content-type': 'application/json' }).end(json && JSON.stringify(json));
  });
  const origin = await listen(outside);
  const meter = await openMeter(folder, {
    demo: { ...app, origins: { 'https://api.demo.invalid': origin, 'https://login.demo.invalid': origin } },
    github: { ...app, webhookSecrets: [SECRET], origins: { 'https://api.github.com': origin } },
  });
  try {
    return await measure(meter, origin);
  } finally {
    await meter.stop();
    await close(outside);
    rmSync(folder, { recursive: true, force: true });
  }
}

function answerOf(route: string, query: string): readonly [status: number, json?: object] {
  switch (route) {
    case 'GET /me':
      return [200, { id: 'account', name: 'Account' }];
    case 'GET /user':
      return [200, { id: 6811672, login: 'octocat' }];
    case 'GET /contacts':
      return [200, { items: query.includes('updated_since') ? [] : [contact], next: null }]; // nothing new since
    case 'POST /token':
      return [200, { access_token: 'another', refresh_token: 'another', token_type: 'bearer', expires_in: 3600 }];
    case 'POST /contacts':
      return [201, contact];
    default:
      return [204];
  }
}

async function measure(meter: Meter, origin: string): Promise<Measured> {
  const { ask, settle } = meter;
  const operator = (method: string, path: string, body?: object) =>
    request(meter, method, path, meter.operatorKey, body);
  await operator('POST', '/v1/tenants', { id: 'acme', name: 'Acme', returnUrls: ['https://app.example.com/back'] });
  const { key } = await operator('POST', `${TENANT}/keys`, {});
  const backend = (path: string, body: object) => request(meter, 'POST', TENANT + path, key, body);
  const tokens = { accessToken: 'a-made-up-access-token', refreshToken: 'a-made-up-refresh-token' };
  const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
  const credential = { kind: 'oauth2', ...tokens };
  for (let n = 0; n < 10; n++) {
    await backend('/connections', { provider: 'demo', name: `c${n}`, credential: { ...credential, expiresAt } });
  }
  await backend('/connections', { provider: 'github', name: 'default', credential });
  await settle();

  const call = (mode: string) => async (n: number) => {
    const input = { name: contact.name, email: contact.email };
    await backend(`/connections/demo:c${n}/calls`, { action: 'contacts.create', input, mode });
  };
  const repeat = (work: (n: number) => Promise<void>) => async (times: number) => {
    for (let n = 0; n < times; n++) await work(n);
  };
  const poll = async (times: number) => {
    await makeDue('syncs', ['dueAt'], times);
    await meter.tick('syncs/plan');
  };
  const refresh = async (times: number) => {
    await makeDue('connections', ['dueAt', 'refreshAtMs'], times);
    await meter.tick('connections/refresh');
  };
  const webhook = repeat(() => sendWebhook(meter));
  const count = async (work: (times: number) => Promise<void>): Promise<Counted> => {
    const all = (times: number) => async () => {
      await work(times);
      await settle();
    };
    await all(1)(); // secrets and data keys are in memory from now on
    // The tick itself comes whether something is due or not: it stands in the idle month.
    return {
      alone: { ...(await meter.count(all(1))), ticks: 0 },
      ofTen: { ...(await meter.count(all(10))), ticks: 0 },
    };
  };

  await poll(10);
  await settle(); // each has its checkpoint

  const ways = {
    webhook: await count(webhook),
    call: await count(repeat(call('sync'))),
    queuedCall: await count(repeat(call('async'))),
    quietPoll: await count(poll),
    refresh: await count(refresh),
  };
  const ticks: Record<string, Counts> = {};
  for (const name of meter.schedules) ticks[name] = await meter.count(() => meter.tick(name));

  await operator('POST', '/v1/subscriptions', { url: `${origin}/events`, types: ['webhook.received'] });
  await settle();
  const heard = await count(webhook);
  const delivery = {
    alone: minus(heard.alone, ways.webhook.alone),
    ofTen: minus(heard.ofTen, ways.webhook.ofTen),
  };
  return { ways: { ...ways, delivery }, ticks, standing: standingOf(meter.template) };

  /** Makes so many rows of a table due, and no other. */
  async function makeDue(table: string, attributes: readonly string[], times: number) {
    const TableName = meter.template.all('AWS::DynamoDB::GlobalTable').find(({ id }) => id.startsWith(table))?.name;
    const { Items } = (await ask('Scan', { TableName })) as { Items: Record<string, object>[] };
    const justDue = { N: String(Date.now() - SETTLED_MS) };
    const isDemo = (row: Record<string, object>) => JSON.stringify(row.provider) === '{"S":"demo"}';
    let left = times;
    for (const row of Items.filter(({ dueShard }) => dueShard)) {
      const isDue = isDemo(row) && left-- > 0;
      const changed = isDue ? attributes.map((name) => [name, justDue]) : [['dueAt', { N: FAR_AHEAD_MS }]];
      await ask('PutItem', { TableName, Item: { ...row, ...Object.fromEntries(changed) } });
    }
  }
}

async function request({ url, faults }: Meter, method: string, path: string, key: string, body?: object) {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const answer = await fetch(url + path, { method, headers, body: body && JSON.stringify(body) });
  const text = await answer.text();
  if (!answer.ok) throw new Error([`${method} ${path}: ${answer.status} ${text}`, ...faults].join(' '));
  return JSON.parse(text || '{}');
}

let deliveries = 0;

async function sendWebhook({ url }: Meter): Promise<void> {
  const body = JSON.stringify({
    ref: 'refs/heads/main',
    repository: { owner: { id: 6811672 } },
    text: 'x'.repeat(920),
  });
  const headers = signedAsGithub(SECRET, 'push', `delivery-${++deliveries}`, body);
  const { status } = await fetch(`${url}/webhooks/github`, { method: 'POST', headers, body });
  if (status !== 200) throw new Error(`the webhook was answered ${status}`);
}

/** Returns what `more` has beyond `less`. */
function minus(more: Counts, less: Counts): Counts {
  const numbers = (a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>) =>
    Object.fromEntries(Object.entries(a).map(([name, value]) => [name, value - (b[name] ?? 0)]));
  const { invocations, requests, metrics, ...sums } = more;
  const { invocations: fewer, requests: before, metrics: known, ...others } = less;
  return {
    ...(numbers(sums, others) as typeof sums),
    invocations: numbers(invocations, fewer),
    requests: numbers(requests, before),
    metrics: metrics.filter((metric) => !known.includes(metric)),
  };
}

function standingOf(template: Meter['template']): Standing {
  const count = (type: string) => template.all(type).length;
  const functions = template.all<{ Description: string; MemorySize: number }>('AWS::Lambda::Function');
  const [live] = template.all<{ AccessLogSettings: { Format: string } }>('AWS::ApiGatewayV2::Stage');
  const schedules = template.all<{ ScheduleExpression: string; Target: { Arn: string } }>('AWS::Scheduler::Schedule');
  const labelOf = (target: string) => functions.find(({ arn }) => arn === target)?.properties.Description ?? target;
  return {
    keys: count('AWS::KMS::Key'),
    dashboards: count('AWS::CloudWatch::Dashboard'),
    mappings: count('AWS::Lambda::EventSourceMapping'),
    alarms: count('AWS::CloudWatch::Alarm'),
    ticksPerMonth: Object.fromEntries(
      schedules.map(({ properties: { ScheduleExpression, Target } }) => [
        labelOf(Target.Arn),
        MINUTES_A_MONTH / Number(/^rate\((\d+) minutes?\)$/.exec(ScheduleExpression)?.[1]),
      ]),
    ),
    accessLogBytes: live?.properties.AccessLogSettings.Format.length ?? 0,
    memoryGb: Math.max(...functions.map(({ properties }) => properties.MemorySize)) / 1024,
  };
}

const MINUTES_A_MONTH = 30 * 24 * 60;
