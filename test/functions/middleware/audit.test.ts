import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import * as z from 'zod';
import { direct } from '../../../functions/middleware/direct.ts';
import { http } from '../../../functions/middleware/http.ts';
import { page } from '../../../functions/middleware/page.ts';
import { contracts } from '../../../infra/contracts.ts';
import { type AuditEntry, auditedActs } from '../../../shared/core/audit.ts';
import { auditLog } from '../../../shared/core/audit-log.ts';
import { openTable } from '../../../shared/core/aws.ts';
import type { FeatureContract } from '../../../shared/core/contract.ts';
import { refuse } from '../../../shared/core/errors.ts';
import { TenantId } from '../../../shared/core/ids.ts';
import { connectionPath } from '../../../shared/core/paths.ts';
import { ok } from '../../../shared/core/result.ts';
import { startDynamo, type TestDynamo } from '../../support/dynamo.ts';
import { httpEvent, lambdaContext } from '../../support/http-event.ts';
import { captureOutput } from '../../support/output.ts';

let dynamo: TestDynamo;
beforeAll(async () => {
  dynamo = await startDynamo();
});
afterAll(() => dynamo.stop());

const ROUTE = '/v1/tenants/{tenant}/connections/{connection}/things';
const common = { env: z.object({}), timeoutS: 10 };
const log = () => auditLog(openTable('activity'));
const entriesOf = (tenant: string) =>
  log().list(tenant, { fromMs: Date.now() - 3_600_000, toMs: Date.now() + 1, limit: 100 });
let tenant = '';
let count = 0;
beforeEach(() => {
  count += 1;
  tenant = `acme${count}`;
});

type Handle = Parameters<typeof http>[1];

function route(handle: Handle, access: 'tenant' | 'operator' = 'tenant') {
  const body = z.strictObject({ note: z.string(), dryRun: z.boolean().optional() });
  return http(
    {
      ...common,
      entry: {
        ...{ kind: 'http', routes: [`POST ${ROUTE}`], access, summary: 'test', audit: 'endpoint.created' },
        ...{ path: connectionPath, body },
      },
    },
    handle,
  );
}

const asOperator = { kind: 'operator' };
const asKey = () => ({ kind: 'tenant', tenantId: tenant, keyId: `${tenant}.k1` });

function event(principal: Record<string, string>, body: object = { note: 'a text of somebody' }, of = tenant) {
  return httpEvent('POST', ROUTE, {
    path: { tenant: of, connection: 'slack:sales' },
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    principal,
  }) as APIGatewayProxyEventV2;
}

describe('a route that is audited', () => {
  test('enters who did what to whom, by ids alone, under the id of the request', async () => {
    const handler = route(async () => ok({ id: 'ep-1', secret: 'made-up-secret', name: 'a name' }));
    await handler(event(asKey()), lambdaContext('req-7'));
    await handler(event(asOperator), lambdaContext('req-8'));
    const [second, first] = await entriesOf(tenant);
    expect(first).toEqual({
      ...{ id: expect.stringMatching(/^aud_[0-9a-z]{26}$/), tenant, atMs: expect.any(Number) },
      ...{ action: 'endpoint.created', actor: { kind: 'key', id: `${tenant}.k1` }, requestId: 'req-7' },
      target: { connection: 'slack:sales', endpoint: 'ep-1' },
    });
    expect(second).toMatchObject({ actor: { kind: 'operator' }, requestId: 'req-8' });
    const rows = await openTable('activity').scan({});
    expect(JSON.stringify(rows)).not.toMatch(/made-up-secret|a text of|a name/);
    const days = (Number(rows.items[0]?.ttl) * 1000 - Date.now()) / 86_400_000;
    expect(Math.round(days)).toBe(400);
  });

  test('enters what was refused or broke, with its code', async () => {
    await route(async () => refuse('conflict', 'A text.'))(event(asKey()), lambdaContext());
    const broken = route(async () => {
      throw new Error('a bug');
    });
    expect(await broken(event(asKey()), lambdaContext())).toMatchObject({ statusCode: 500 });
    expect((await entriesOf(tenant)).map(({ error }) => error)).toEqual(['internal', 'conflict']);
  });

  test('enters what a known key was tried for beyond its rights, as its own tenant; nothing of who is not known (A-52)', async () => {
    const handler = route(async () => ok({ id: 'x' }), 'operator');
    expect(await handler(event(asKey()), lambdaContext())).toMatchObject({ statusCode: 403 });
    const foreign = route(async () => ok({ id: 'x' }));
    expect(await foreign(event(asKey(), {}, 'globex'), lambdaContext())).toMatchObject({ statusCode: 404 });
    expect(await handler(event({ kind: 'unknown' }), lambdaContext())).toMatchObject({ statusCode: 401 });
    const entries = await entriesOf(tenant);
    expect(entries.map(({ error, actor }) => [error, actor.kind])).toEqual([
      ['not_found', 'key'],
      ['forbidden', 'key'],
    ]);
    expect(await entriesOf('globex')).toEqual([]);
  });

  test('enters nothing of a dry run, nor of a request that is not valid', async () => {
    const handler = route(async () => ok({ id: 'x' }));
    expect(await handler(event(asKey(), { note: 'x', dryRun: true }), lambdaContext())).toMatchObject({
      statusCode: 200,
    });
    expect(await handler(event(asKey(), { nothing: 1 }), lambdaContext())).toMatchObject({ statusCode: 400 });
    expect(await entriesOf(tenant)).toEqual([]);
  });

  test('answers as it would when the entry cannot be written: the log has all of it, and someone is called', async () => {
    vi.stubEnv('ACTIVITY_TABLE', 'no-such-table');
    vi.stubEnv('POWERTOOLS_METRICS_DISABLED', 'false');
    vi.stubEnv('POWERTOOLS_LOG_LEVEL', 'INFO');
    vi.resetModules();
    const output = captureOutput();
    const { http: fresh } = await import('../../../functions/middleware/http.ts');
    const entry = { kind: 'http', routes: [`POST ${ROUTE}`], access: 'tenant', summary: 'test' } as const;
    const handler = fresh(
      { ...common, entry: { ...entry, audit: 'endpoint.created', path: connectionPath, body: z.looseObject({}) } },
      async () => ok({ id: 'ep-2', secret: 'made-up-secret' }),
    );
    const answer = await handler(event(asKey()), lambdaContext('req-9'));
    const lines = output.lines();
    output.restore();
    vi.unstubAllEnvs();
    expect(answer).toMatchObject({ statusCode: 200 });
    expect(lines).toContainEqual(
      expect.objectContaining({
        ...{ message: 'an audit entry was not written', requestId: 'req-9', tenant, action: 'endpoint.created' },
        ...{ actor: `key:${tenant}.k1`, endpoint: 'ep-2', connection: 'slack:sales' },
      }),
    );
    expect(lines).toContainEqual(expect.objectContaining({ AuditLost: 1 }));
    expect(JSON.stringify(lines)).not.toMatch(/made-up-secret|a text of/);
  });
});

describe('a direct invocation', () => {
  const contract = {
    ...common,
    entry: {
      kind: 'direct',
      audit: 'token.exported',
      input: z.strictObject({ tenant: TenantId, provider: z.string() }),
    },
  } as const;

  test('is entered as a caller with IAM, under the request that CloudTrail knows', async () => {
    const handler = direct(contract, async () => ok({ accessToken: 'made-up-token' }));
    expect(await handler({ tenant, provider: 'slack' }, lambdaContext('inv-1'))).toEqual({
      value: { accessToken: 'made-up-token' },
    });
    const entries = await entriesOf(tenant);
    expect(entries).toMatchObject([
      { action: 'token.exported', actor: { kind: 'iam' }, target: { provider: 'slack' }, requestId: 'inv-1' },
    ]);
    expect(JSON.stringify(entries)).not.toContain('made-up-token');
  });

  test('hands out no token whose entry cannot be written, and none before it is (A-55)', async () => {
    let standing: AuditEntry[] = [];
    const seen = direct(contract, async () => {
      standing = await entriesOf(tenant);
      return ok({ accessToken: 'made-up-token' });
    });
    await seen({ tenant, provider: 'slack' }, lambdaContext());
    expect([standing.length, (await entriesOf(tenant)).length]).toEqual([0, 1]);

    vi.stubEnv('ACTIVITY_TABLE', 'no-such-table');
    const handler = direct(contract, async () => ok({ accessToken: 'made-up-token' }));
    vi.unstubAllEnvs();
    const answer = await handler({ tenant, provider: 'slack' }, lambdaContext());
    expect(answer).toMatchObject({ error: { code: 'unavailable' } });
    expect(JSON.stringify(answer)).not.toContain('made-up-token');
  });
});

test("a page enters what its handler says was done, as the session's end user; a look at a page is nothing done", async () => {
  const shown = { title: 't', style: { css: '', hash: '' }, body: '' } as never;
  const contract = {
    ...common,
    entry: { kind: 'http', routes: ['GET /connect'], access: 'public', summary: 'test', audit: 'link.started' },
  } as const;
  const options = { secure: true, failure: () => shown };
  const done = {
    tenant,
    actor: { kind: 'end_user', id: 'cs_1' },
    given: { session: 'cs_1', link: 'made-up-link' },
  } as const;
  const went = page(contract, options, async () => ok({ goTo: 'https://app.example.com/', done }));
  expect(await went(httpEvent('GET', '/connect'), lambdaContext('req-3'))).toMatchObject({ statusCode: 303 });
  const entries = await entriesOf(tenant);
  expect(entries).toMatchObject([{ actor: done.actor, target: { session: 'cs_1' }, requestId: 'req-3' }]);
  expect(JSON.stringify(entries)).not.toContain('made-up-link');
  const other = page(contract, options, async () => ok({ goTo: 'https://app.example.com/' }));
  await other(httpEvent('GET', '/connect'), lambdaContext());
  expect(await entriesOf(tenant)).toHaveLength(1);
});

describe('reading', () => {
  test('goes back over the months, newest first, and on from where it was', async () => {
    const table = openTable('activity');
    const { auditWriter } = await import('../../../shared/core/audit-log.ts');
    const { openService } = await import('../../../shared/core/service.ts');
    const { newId } = await import('../../../shared/core/ids.ts');
    const write = auditWriter(openService('dynamodb'), { table: 'activity', keptDays: 400 });
    const times = [
      '2026-01-31T23:59:59.999Z',
      '2026-02-01T00:00:00.000Z',
      '2026-02-28T12:00:00.000Z',
      '2026-04-01T00:00:00.000Z',
    ];
    let chance = 0;
    for (const time of times) {
      const atMs = Date.parse(time);
      for (const action of ['key.created', 'key.revoked'] as const) {
        const token = () => Buffer.alloc(16, ++chance).toString('base64url');
        await write({
          id: newId('aud', { nowMs: atMs, token }),
          tenant,
          atMs,
          action,
          actor: { kind: 'operator' },
          target: {},
        });
      }
    }
    const within = { fromMs: Date.parse('2026-01-31T23:59:59.999Z'), toMs: Date.parse('2026-04-01T00:00:00.000Z') };
    const all = await auditLog(table).list(tenant, { ...within, limit: 100 });
    expect(all.map(({ atMs }) => new Date(atMs).toISOString())).toEqual(
      times.flatMap((time) => [time, time]).reverse(),
    );
    const walked: string[] = [];
    for (let after: string | undefined; ; after = walked.at(-1)) {
      const some = await auditLog(table).list(tenant, { ...within, limit: 3, after });
      if (some.length === 0) break;
      walked.push(...some.map(({ id }) => id));
    }
    expect(walked).toEqual(all.map(({ id }) => id));
    const narrow = {
      fromMs: Date.parse('2026-02-01T00:00:00Z'),
      toMs: Date.parse('2026-02-28T11:59:59.999Z'),
      limit: 9,
    };
    expect(await auditLog(table).list(tenant, narrow)).toHaveLength(2);
  });
});

describe('the contracts', () => {
  const functions = Object.entries<FeatureContract>(contracts).flatMap(([feature, contract]) =>
    Object.entries(contract).map(([verb, { entry }]) => ({ name: `${feature}/${verb}`, entry })),
  );

  test('every function that changes something at the request of others is audited, or has rows of its own that tell of it', () => {
    const unaudited = functions
      .filter(
        ({ entry }) =>
          entry.kind === 'direct' || (entry.kind === 'http' && entry.routes.some((one) => !one.startsWith('GET'))),
      )
      .filter(({ entry }) => !('audit' in entry))
      .map(({ name }) => name);
    expect(unaudited).toEqual([
      'webhooks/receive', // the inbox has each event
      'calls/submit', // the row of the call
      'calls/invoke',
      'console/nowhere', // says that nothing is there
    ]);
  });

  test('every act is done by one function, and no function but a page enters what it reads', () => {
    const actsOf = (some: typeof functions) =>
      some.flatMap(({ entry }) => ('audit' in entry && entry.audit ? [entry.audit].flat() : []));
    const isConsole = ({ name }: { readonly name: string }) => name.startsWith('console/'); // its buttons do what routes do
    const own = [...actsOf(functions.filter((one) => !isConsole(one))), 'console.signed_in'];
    expect(own.sort()).toEqual(Object.keys(auditedActs).sort());
    expect(actsOf(functions.filter(isConsole)).filter((act) => !own.includes(act))).toEqual([]);
    const reading = functions.filter(
      ({ entry }) => 'audit' in entry && entry.kind === 'http' && entry.routes.every((one) => one.startsWith('GET')),
    );
    expect(reading.map(({ name }) => name)).toEqual(['connections/callback']);
  });
});
