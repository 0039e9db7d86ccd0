import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context, EventBridgeEvent } from 'aws-lambda';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openTable } from '../../../shared/core/aws.ts';
import { UNROUTED } from '../../../shared/core/keys.ts';
import type { InboxEvent } from '../../../shared/webhooks/event.ts';
import { inboxStore } from '../../../shared/webhooks/store.ts';
import { startDynamo, type TestDynamo } from '../../support/dynamo.ts';
import { httpEvent, lambdaContext } from '../../support/http-event.ts';
import { startS3, type TestS3 } from '../../support/s3.ts';
import { readEvent } from '../../support/samples.ts';

let dynamo: TestDynamo;
let s3: TestS3;
let list: (event: APIGatewayProxyEventV2, context: Context) => Promise<APIGatewayProxyStructuredResultV2>;
let clear: (event: EventBridgeEvent<string, unknown>, context: Context) => Promise<void>;

beforeAll(async () => {
  [dynamo, s3] = await Promise.all([startDynamo(), startS3()]);
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_S3: s3.endpoint,
    STAGE: 'prod',
    INBOX_TABLE: dynamo.tables.inbox,
    ENDPOINTS_TABLE: dynamo.tables.endpoints,
    PAYLOAD_BUCKET: 'payloads',
  });
  list = (await import('../../../functions/webhooks/list.ts')).handler as unknown as typeof list;
  clear = (await import('../../../functions/webhooks/clear.ts')).handler as unknown as typeof clear;
});
beforeEach(() => s3.objects.clear());
afterAll(async () => {
  delete process.env.AWS_ENDPOINT_URL_S3;
  await Promise.all([dynamo.stop(), s3.stop()]);
});

let count = 0;
const freshTenant = () => `list-${++count}`;
const START_MS = Date.parse('2026-01-01T00:00:00.000Z');

async function keep(tenantId: string, events: readonly Partial<InboxEvent>[]): Promise<void> {
  const store = inboxStore(openTable(dynamo.tables.inbox)).forTenant(tenantId);
  for (const [n, event] of events.entries()) {
    await store.keepOnce({
      id: `e${String(n).padStart(3, '0')}`,
      tenantId,
      provider: 'github',
      type: 'issues.opened',
      receivedAtMs: START_MS + n * 1000,
      connection: { provider: 'github', name: 'default' },
      outcome: 'routed',
      bodyHash: 'h',
      requestId: 'r',
      content: { json: JSON.stringify({ n }) },
      ...event,
    });
  }
}

const operator = { kind: 'operator' };
async function get(tenant: string, query = '', principal: Record<string, string> = operator) {
  const event = httpEvent('GET', '/v1/tenants/{tenant}/events', { path: { tenant }, query, principal });
  const answer = await list(event, lambdaContext());
  return { status: answer.statusCode, ...JSON.parse(answer.body ?? '{}') };
}

describe('the list of events', () => {
  test('answers its sample event: a tenant without events has none', async () => {
    const answer = await list(readEvent('webhooks/list') as APIGatewayProxyEventV2, lambdaContext());
    expect({ status: answer.statusCode, body: answer.body }).toEqual({ status: 200, body: '{"items":[]}' });
  });

  test('is newest first, in the public shape', async () => {
    const tenant = freshTenant();
    await keep(tenant, [
      {},
      { occurredAtMs: START_MS, provider: 'slack', type: 'message', connection: { provider: 'slack', name: 'sales' } },
      { connection: undefined, outcome: 'conflicting' },
    ]);
    expect(await get(tenant, '', { kind: 'tenant', tenantId: tenant })).toEqual({
      status: 200,
      items: [
        {
          id: 'e002',
          provider: 'github',
          type: 'issues.opened',
          receivedAt: '2026-01-01T00:00:02.000Z',
          outcome: 'conflicting',
          data: { n: 2 },
        },
        {
          id: 'e001',
          provider: 'slack',
          type: 'message',
          receivedAt: '2026-01-01T00:00:01.000Z',
          occurredAt: '2026-01-01T00:00:00.000Z',
          connection: 'slack:sales',
          outcome: 'routed',
          data: { n: 1 },
        },
        {
          id: 'e000',
          provider: 'github',
          type: 'issues.opened',
          receivedAt: '2026-01-01T00:00:00.000Z',
          connection: 'github',
          outcome: 'routed',
          data: { n: 0 },
        },
      ],
    });
  });

  test('is read page by page, each event once', async () => {
    const tenant = freshTenant();
    await keep(
      tenant,
      Array.from({ length: 25 }, () => ({})),
    );
    const seen: string[] = [];
    let cursor = '';
    for (let pages = 0; pages < 10; pages++) {
      const page = await get(tenant, `limit=10${cursor && `&cursor=${cursor}`}`);
      seen.push(...page.items.map(({ id }: { id: string }) => id));
      cursor = page.cursor ?? '';
      if (!cursor) break;
    }
    expect(seen).toEqual(Array.from({ length: 25 }, (_, n) => `e${String(24 - n).padStart(3, '0')}`));
  });

  test('is narrowed by provider, type and time, also where little fits', async () => {
    const tenant = freshTenant();
    await keep(tenant, [...Array.from({ length: 40 }, () => ({})), { provider: 'slack', type: 'message' }, {}]);
    await keep(tenant, [{ id: 'first', provider: 'slack', type: 'app_mention' }]);
    const ids = async (query: string) => (await get(tenant, query)).items.map(({ id }: { id: string }) => id);
    expect(await ids('provider=slack&limit=5')).toEqual(['e040', 'first']);
    expect(await ids('type=message')).toEqual(['e040']);
    expect(await ids('provider=github&type=message')).toEqual([]);
    expect(await ids('from=2026-01-01T00:00:40.000Z')).toEqual(['e041', 'e040']);
    expect(await ids('to=1960-01-01T00:00:00Z')).toEqual([]);
    expect(await ids('from=2026-01-01T00:00:01Z&to=2026-01-01T01:00:02%2B01:00')).toEqual(['e002', 'e001']);
  });

  test('fetches large data, ends a page before it grows too large, and says null for what is gone', async () => {
    const tenant = freshTenant();
    const large = Buffer.from(JSON.stringify({ text: 'x'.repeat(2_500_000) }));
    s3.objects.set('/payloads/inbox/large', large);
    const content = { object: 'inbox/large', bytes: large.length };
    await keep(tenant, [{ content }, { content }, { content: { object: 'inbox/gone', bytes: 400_000 } }]);
    const first = await get(tenant);
    expect(first.items.map(({ data }: { data: { text: string } | null }) => data?.text.length)).toEqual([
      undefined,
      2_500_000,
    ]);
    const second = await get(tenant, `cursor=${first.cursor}`);
    expect(second.items.map(({ id }: { id: string }) => id)).toEqual(['e000']);
    expect(second.cursor).toBeUndefined();
  });

  test("is never another tenant's, nor that of nobody", async () => {
    const [mine, other] = [freshTenant(), freshTenant()];
    await keep(other, [{}]);
    await keep(UNROUTED, [{ connection: undefined, outcome: 'unrouted' }]);
    expect(await get(other, '', { kind: 'tenant', tenantId: mine })).toMatchObject({ status: 404, code: 'not_found' });
    expect(await get(UNROUTED)).toMatchObject({ status: 404, code: 'not_found' });
    expect(await get(other, '', { kind: 'unknown' })).toMatchObject({ status: 401, code: 'unauthenticated' });
    expect((await get(mine)).items).toEqual([]);
  });

  test.each([
    'limit=0',
    'limit=101',
    'from=yesterday',
    'from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z',
    'provider=A',
    'unknown=1',
    'limit=1&limit=2',
    'cursor=%7B%7D',
  ])('refuses %s', async (query) => {
    expect(await get('acme', query)).toMatchObject({ status: 400, code: 'invalid_request' });
  });

  test("refuses another list's cursor", async () => {
    const cursor = Buffer.from(JSON.stringify({ pk: 'other', sk: 'x', receivedAt: 1 })).toString('base64url');
    expect((await get(freshTenant(), `cursor=${cursor}`)).items ?? []).toEqual([]);
  });
});

describe('when a tenant is removed', () => {
  const removed = (tenant: string) => {
    const sample = readEvent('webhooks/clear') as EventBridgeEvent<string, object>;
    return { ...sample, detail: { ...sample.detail, tenant } };
  };
  const left = async (tenant: string) =>
    (await inboxStore(openTable(dynamo.tables.inbox)).forTenant(tenant).some()).length;

  test('its events and their objects go, and nobody else loses any', async () => {
    const [gone, other] = [freshTenant(), freshTenant()];
    s3.objects.set('/payloads/inbox/gone', Buffer.from('{}'));
    s3.objects.set('/payloads/inbox/other', Buffer.from('{}'));
    await keep(gone, [...Array.from({ length: 230 }, () => ({})), { content: { object: 'inbox/gone', bytes: 2 } }]);
    await keep(other, [{ content: { object: 'inbox/other', bytes: 2 } }]);
    await clear(removed(gone), lambdaContext());
    expect([await left(gone), await left(other)]).toEqual([0, 1]);
    expect([...s3.objects.keys()]).toEqual(['/payloads/inbox/other']);
    await clear(removed(gone), lambdaContext());
  });

  test('and time runs out, the rest is left to the next attempt', async () => {
    const tenant = freshTenant();
    await keep(
      tenant,
      Array.from({ length: 120 }, () => ({})),
    );
    await expect(clear(removed(tenant), lambdaContext('r', 10_000))).rejects.toThrow('not all events are cleared yet');
    expect(await left(tenant)).toBeGreaterThan(0);
    await clear(removed(tenant), lambdaContext());
    expect(await left(tenant)).toBe(0);
  });
});
