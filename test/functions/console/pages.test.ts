import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DecryptCommand } from '@aws-sdk/client-kms';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { next } from '../../../shared/connections/connection.ts';
import { realMoment } from '../../../shared/core/clock.ts';
import type { HubEventType } from '../../../shared/core/event.ts';
import type { ConnectionId, TenantId } from '../../../shared/core/ids.ts';
import { dueShard, UNROUTED } from '../../../shared/core/keys.ts';
import { born as bornDelivery, failed as failedDelivery, held } from '../../../shared/deliveries/delivery.ts';
import { created, disabled } from '../../../shared/deliveries/subscription.ts';
import { findSyncs } from '../../../shared/providers/polled.ts';
import type { SyncRow } from '../../../shared/syncs/row.ts';
import { born as bornSync } from '../../../shared/syncs/sync.ts';
import { makeApiKey } from '../../../shared/tenants/api-key.ts';
import { countEvents } from '../../../shared/webhooks/count.ts';
import type { InboxEvent } from '../../../shared/webhooks/event.ts';
import { lambdaContext } from '../../support/http-event.ts';
import { readEvent } from '../../support/samples.ts';
import { type Browser, csrfOf, type Forged, type Handler } from './browser.ts';
import { type Console, startConsole } from './hub.ts';

let hub: Console;
let browser: Browser;
let acme: TenantId;
let demo: ConnectionId;
const NEVER = () => false;

beforeAll(async () => {
  hub = await startConsole();
  acme = await hub.tenant('acme', 'Acme Ltd');
  demo = await hub.connect(acme, 'demo');
  await hub.tenant('globex');
});
beforeEach(async () => {
  browser = hub.browser();
  hub.sent.length = 0;
  await browser.signIn();
});
afterAll(() => hub.stop());

const text = (body: string) =>
  body
    .replace(/<style>.*?<\/style>/s, '')
    .replace(/<[^>]+>/g, ' ')
    .replace(/\s+/g, ' ');

async function event(change: Partial<InboxEvent> = {}): Promise<InboxEvent> {
  const one: InboxEvent = {
    ...{ id: `delivery-${Math.random()}`, tenantId: acme, provider: 'github', type: 'issues.opened' },
    ...{ receivedAtMs: Date.now(), outcome: 'failed', bodyHash: 'h', requestId: 'r', revision: 3 },
    handling: { issues: { outcome: 'failed', tries: 3, atMs: Date.now(), error: 'ZodError' } },
    content: { json: JSON.stringify({ title: 'CANARY-payload', access_token: 'CANARY-token' }) },
    ...change,
  };
  await hub.stores.inbox.forTenant(one.tenantId).keepOnce(one);
  return one;
}

async function subscription(change: 'gone' | 'none' = 'none') {
  const keys = { secret: 'CANARY-secret', privateKey: 'CANARY-key', publicKey: 'whpk_public' };
  const id = `sub_${Math.random().toString(36).slice(2)}`;
  const wishes = { id, url: 'https://app.example.com/hub', types: ['*'], perSecond: 50 };
  const one = created(wishes, keys as never, realMoment);
  await hub.stores.deliveries.subscriptions.save(one);
  if (change === 'gone') await hub.stores.deliveries.subscriptions.save(disabled(one, 'gone'));
  const about = {
    subscriptionId: id,
    event: `evt_${id}`,
    type: 'webhook.received' satisfies HubEventType,
    tenant: acme,
  };
  const first = bornDelivery(about, realMoment);
  const attempt = { atMs: Date.now(), ms: 12, status: 503, error: 'http_503', answer: 'CANARY-answer' };
  const log = hub.stores.deliveries.deliveriesOf(id);
  await log.save(first);
  await log.save(change === 'gone' ? held(first, attempt) : failedDelivery(first, attempt, 0, realMoment));
  return { id, event: about.event, log };
}

describe('every page', () => {
  test.each(['tenant', 'work', 'subscription'])(
    'of %s is for who is signed in: else it leads to the form, and back',
    async (verb) => {
      const { handler } = (await import(`../../../functions/console/${verb}.ts`)) as { handler: Handler };
      const sample = readEvent(`console/${verb}`) as Parameters<Handler>[0];
      const { statusCode, headers } = await handler(sample, lambdaContext());
      const wanted = `${sample.rawPath}${sample.rawQueryString && `?${sample.rawQueryString}`}`;
      expect([statusCode, headers?.location]).toEqual([303, `/console?${new URLSearchParams({ to: wanted })}`]);
    },
  );

  test('that is asked for with another tenant, call, event or subscription than there is says so, with the way back', async () => {
    const pages = [
      ...[
        '/console/tenants/nobody',
        '/console/tenants/acme/connections/slack',
        '/console/tenants/acme/calls?call=call_none',
      ],
      ...['/console/tenants/acme/events?event=none', '/console/subscriptions/sub_none'],
      ...['/console/tenants/a%23b', '/console/tenants/acme/connections/..', '/console/tenants/_unrouted/calls'],
    ];
    for (const page of pages) {
      const { status, body } = await browser.visit(page);
      expect([page, status]).toEqual([page, 404]);
      expect(body).toContain('href="/console"');
    }
  });

  test('has forms that no other page can send: nothing is done, nothing is queued', async () => {
    const call = await hub.call(acme, { status: 'failed' });
    const forms: [string, Record<string, string>][] = [
      ['/console/tenants/acme/connections/demo', { action: 'disconnect' }],
      [`/console/tenants/acme/calls?call=${call.id}`, { action: 'retry' }],
      ['/console/tenants/acme/events', { action: 'cancel-replay', replay: 'rpl_1' }],
      ['/console/subscriptions/sub_1', { action: 'pause' }],
    ];
    const own = browser.jar.get('__Host-pb_console') ?? '';
    const other = hub.browser();
    await other.signIn();
    const { body } = await other.visit('/console');
    const csrf = csrfOf((await browser.visit('/console')).body);
    const forgeries: readonly Forged[] = [
      ...[{ csrf: null }, { csrf: csrfOf(body) }, { csrf: own }, { csrf: '' }],
      { csrf, headers: { origin: 'https://evil.example' } },
      { csrf, headers: { 'sec-fetch-site': 'cross-site' } },
    ];
    for (const [page, fields] of forms) {
      for (const forged of forgeries) {
        const { status } = await browser.press(page, fields, forged);
        expect([page, forged, status]).toEqual([page, forged, 403]);
      }
      const unknown = await browser.press(page, { ...fields, action: 'delete-everything' }, { csrf });
      expect([page, unknown.status]).toEqual([page, 400]);
    }
    expect(hub.sent).toEqual([]);
    expect((await hub.stores.connections.forTenant(acme).get(demo))?.status).toBe('active');
    expect((await hub.stores.calls.forTenant(acme).get(call.id))?.status).toBe('failed');
  });

  test('shows what others wrote as its text alone, wherever it stands (A-40)', async () => {
    const hostile = `"><script>alert(1)</script><img src=x onerror=alert(2)>'\`{{x}}</title></style>\u202e`;
    const evil = await hub.tenant('evil', hostile);
    await hub.connect(evil, 'demo', { account: hostile, reason: hostile });
    const call = await hub.call(evil, {
      ...{ status: 'failed', result: { [hostile]: hostile } },
      error: {
        provider: 'demo',
        code: hostile,
        message: hostile,
        requestId: hostile,
        retryable: false,
        details: hostile,
      },
      attempts: [{ atMs: 0, ms: 1, error: { provider: 'demo', code: hostile, message: hostile, retryable: false } }],
    });
    const one = await event({
      tenantId: evil,
      id: hostile,
      type: hostile,
      content: { json: JSON.stringify({ [hostile]: hostile }) },
    });
    const query = new URLSearchParams({ provider: 'github', event: one.id, show: 'payload', begun: hostile });
    const pages = [
      ...['/console', '/console/tenants/evil', '/console/tenants/evil/connections/demo?confirm=disconnect'],
      ...['/console/tenants/evil/calls', '/console/tenants/evil/events', `/console/tenants/evil/events?${query}`],
      ...[
        `/console/tenants/evil/calls?call=${call.id}&show=payload`,
        `/console?${new URLSearchParams({ tenant: hostile })}`,
      ],
      ...[
        `/console?${new URLSearchParams({ tenant: 'evil', id: hostile })}`,
        `/console?${new URLSearchParams({ to: hostile })}`,
      ],
    ];
    for (const page of pages) {
      const { status, body } = await browser.visit(page);
      expect([page, status < 400]).toEqual([page, true]);
      expect([page, body.match(/<script|<img|onerror=alert\(2\)>(?!&)|'`|<\/style>\u202e/g)]).toEqual([page, null]);
    }
    expect((await browser.visit('/console/tenants/evil')).body).toContain(
      '&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;',
    );
  });
});

describe('the first page', () => {
  test('says whether the hub is well, and names tenants, subscriptions and what nobody owns', async () => {
    await subscription('gone');
    await event({ tenantId: UNROUTED, outcome: 'unrouted', type: 'push', accountIds: ['1'] });
    const { body } = await browser.visit('/console');
    expect(text(body)).toMatch(/Health ok Checks database ok dead letters none Stage prod Version 1\.2\.3/);
    expect(body).toContain('<a href="/console/tenants/acme"><bdi>Acme Ltd</bdi></a>');
    expect(body).toContain('href="/docs"');
    expect(text(body)).toMatch(/app\.example\.com\/hub \* all gone disabled: its events are held/);
    expect(text(body)).toMatch(/push github unrouted/);
  });

  test('says so, and nothing else, while the database cannot be reached', async () => {
    const down = vi.spyOn(DynamoDBClient.prototype, 'send').mockRejectedValue(new Error('down') as never);
    const { status, body } = await browser.visit('/console');
    down.mockRestore();
    expect([status, text(body)]).toEqual([200, expect.stringMatching(/Health degraded Checks database unreachable/)]);
    expect(body).toContain('load the page again in a minute');
  });

  test('names all tenants, page by page, each once, whatever keys stand between them', async () => {
    await Promise.all(
      Array.from({ length: 60 }, async (_, at) => {
        const tenantId = await hub.tenant(`many-${at}`);
        await hub.stores.tenants.keysOf(tenantId).add(makeApiKey('prod', tenantId, {}, realMoment).row);
      }),
    );
    const seen: string[] = [];
    let next: string | undefined = '/console';
    for (let turns = 0; next && turns < 20; turns++) {
      const { body } = await browser.visit(next);
      seen.push(...[...body.matchAll(/href="\/console\/tenants\/(many-\d+)"/g)].map(([, id = '']) => id));
      next = /href="([^"]+)">More tenants/.exec(body)?.[1]?.replaceAll('&amp;', '&');
    }
    expect(new Set(seen).size).toBe(60);
    expect(seen).toHaveLength(60);
  });

  test('finds a tenant, a call or an event of one, a subscription; else says what is missing', async () => {
    const find = async (tenant: string, id: string) => {
      const { goTo, body } = await browser.visit(`/console?${new URLSearchParams({ tenant, id })}`);
      return goTo ?? /class="notice warn"><p>([^<]+)/.exec(body)?.[1];
    };
    expect(await find('acme', '')).toBe('/console/tenants/acme');
    expect(await find(' acme ', 'call_01')).toBe('/console/tenants/acme/calls?call=call_01');
    expect(await find('acme', 'a/b#c')).toBe('/console/tenants/acme/events?event=a%2Fb%23c');
    expect(await find('', 'sub_01')).toBe('/console/subscriptions/sub_01');
    expect(await find('', 'call_01')).toBe('Calls and events are kept by tenant: say whose it is.');
    expect(await find('nobody', '')).toBe('There is no tenant nobody.');
    expect(await find('a b', '')).toBe('That is no tenant’s id.');
    expect(await find('', '')).toBe(undefined);
  });
});

describe('a tenant', () => {
  test('shows first what is broken, and why', async () => {
    const bad = await hub.tenant('bad');
    await hub.connect(bad, 'slack', { name: 'sales', reason: 'grant_revoked' });
    const connection = await hub.connect(bad, 'demo');
    await hub.call(bad, {
      status: 'outcome_unknown',
      error: { provider: 'demo', code: 'timeout', message: 'x', retryable: true },
    });
    await event({ tenantId: bad });
    const { contacts } = findSyncs('demo');
    if (!contacts) throw new Error('demo has no such sync');
    const row = bornSync({ tenantId: bad, connection, sync: 'contacts' }, contacts, 0, realMoment);
    const error = { code: 'http_502', message: 'Bad gateway', at: new Date().toISOString() };
    await hub.stores.syncs.forTenant(bad).create({ ...row, status: 'failing', error } as SyncRow);

    const { body } = await browser.visit('/console/tenants/bad');
    expect(text(body)).toMatch(/slack:sales needs its end user to connect again: grant_revoked/);
    expect(text(body)).toMatch(/Syncs that fail .*demo: contacts failing .*http_502 Bad gateway/);
    expect(text(body)).toMatch(/Calls that failed .*contacts\.create demo outcome_unknown timeout/);
    expect(text(body)).toMatch(/Events that failed .*issues\.opened github failed/);
    expect(body).toContain('href="/console/tenants/bad/connections/slack%3Asales"');
  });

  test('says that nothing has failed where nothing has', async () => {
    expect((await browser.visit('/console/tenants/globex')).body).toContain('Nothing has failed of late.');
  });
});

describe('a connection', () => {
  test('shows account, scopes, the end of its token and its circuits, and no part of its credential', async () => {
    const { body } = await browser.visit('/console/tenants/acme/connections/demo');
    expect(text(body)).toMatch(/Status active .*Account acc .*Scopes read .*Connected by oauth2/);
    expect(text(body)).toMatch(/Token ends .* in 1 h/);
    expect(text(body)).toMatch(/Of this connection closed Of the provider closed/);
    expect(body).not.toContain('CANARY');
  });

  test('tells how its refreshes fare; one that is under way has not failed', async () => {
    const id = await hub.connect(acme, 'slack', { name: 'late' });
    const page = '/console/tenants/acme/connections/slack%3Alate';
    const tried = async (attempt: number, leaseMs: number) => {
      const nowMs = Date.now();
      const lease = { owner: 'CANARY-owner', untilMs: nowMs + leaseMs, generation: 2 };
      const intent = {
        tokenHash: 'CANARY-hash',
        firstTriedAtMs: nowMs,
        attempt,
        ambiguous: true,
        notBeforeMs: nowMs + 600_000,
      };
      await hub.stores.connections.forTenant(acme).change(id, (row) => next(row, { lease, intent }));
      return (await browser.visit(page)).body;
    };
    const first = await tried(1, 30_000);
    expect(text(first)).toContain('Under way a refresh, at this moment');
    expect(first).not.toContain('Failed refreshes');
    const later = await tried(3, -60_000);
    expect(text(later)).toMatch(/Failed refreshes 3 \(an answer was lost\) Next may be .* in 10 min/);
    expect(later).not.toContain('CANARY');
  });

  test('is named as paths name it, and the default one by its provider', async () => {
    await hub.connect(acme, 'slack', { name: 'sales' });
    expect((await browser.visit('/console/tenants/acme/connections/slack%3Asales')).body).toContain(
      '<h1>slack:sales</h1>',
    );
  });

  test('runs a sync now, and from the start, under the operator’s name', async () => {
    await hub.connect(acme, 'github');
    const page = '/console/tenants/acme/connections/github';
    const csrf = csrfOf((await browser.visit(page)).body);
    const run = (action: string, sync: string) => browser.press(page, { action, sync }, { csrf });
    expect(await run('run', 'repositories')).toMatchObject({ status: 303, goTo: page });
    expect(hub.sent).toMatchObject([{ queue: 'syncs', body: { tenant: 'acme', sync: 'repositories' } }]);
    const shown = await browser.visit(page);
    expect(text(shown.body)).toMatch(/repositories running/);
    expect(shown.body).toContain('aria-label="Read all again: repositories"');
    expect((await run('run-full', 'repositories')).status).toBe(303);
    expect((await run('run', 'none')).status).toBe(404);
    const started = {
      action: 'sync.started',
      actor: 'operator',
      target: { connection: 'github', sync: 'repositories' },
    };
    expect((await hub.acts(acme)).filter(({ action }) => action === 'sync.started')).toEqual([started, started]);
  });

  test('is disconnected after a question, by the very first write: the tick has the rest to do (A-18)', async () => {
    const tenantId = await hub.tenant('leaving');
    const id = await hub.connect(tenantId, 'demo', { account: 'Ada' });
    const page = '/console/tenants/leaving/connections/demo';
    const before = await browser.visit(page);
    expect(before.body).not.toContain('value="disconnect"');
    const asked = await browser.visit(`${page}?confirm=disconnect`);
    expect(text(asked.body)).toContain('Disconnect demo ( Ada )?');
    expect((await hub.stores.connections.forTenant(tenantId).get(id))?.status).toBe('active');

    expect((await browser.press(page, { action: 'disconnect' })).status).toBe(303);
    const row = await hub.stores.connections.forTenant(tenantId).get(id);
    expect(row).toMatchObject({ status: 'revocation_pending', removal: { attempt: 0 } });
    const due = await hub.stores.connections.due(dueShard('leaving#demo#default'), Date.now() + 1);
    expect(due.map((one) => one.tenantId)).toContain('leaving');
    expect(text((await browser.visit(page)).body)).toMatch(/Status revocation_pending .*Disconnected since/);
    expect(await hub.acts(tenantId)).toEqual([
      { action: 'connection.disconnected', actor: 'operator', target: { connection: 'demo' } },
    ]);
  });
});

describe('a call', () => {
  test('shows every attempt, and what was asked and answered only where that is asked for, its secrets masked', async () => {
    const failure = {
      provider: 'demo',
      status: 503,
      code: 'down',
      message: 'Come back',
      retryable: true,
      retryAfterMs: 61_000,
    };
    const call = await hub.call(acme, {
      ...{ status: 'failed', error: { ...failure, details: { hint: 'CANARY-details' } } },
      attempts: [{ atMs: Date.now(), ms: 212, status: 503, error: failure }],
      result: { id: 'CANARY-result', apiKey: 'CANARY-key', nested: { refresh_token: 'CANARY-token' } },
    });
    const page = `/console/tenants/acme/calls?call=${call.id}`;
    hub.kms.resetHistory();
    const { body } = await browser.visit(page);
    expect(text(body)).toMatch(/Status failed Error down Come back/);
    expect(text(body)).toMatch(/212 ms 503 down Come back 1 min/);
    expect(body).not.toContain('CANARY');
    expect(hub.kms.commandCalls(DecryptCommand)).toEqual([]); // nothing was opened

    const shown = await browser.visit(`${page}&show=payload`);
    for (const part of ['CANARY-result', 'CANARY-input', 'CANARY-details']) expect(shown.body).toContain(part);
    expect(shown.body).not.toMatch(/CANARY-(key|token)/);
    expect(shown.body).toContain('[masked]');
  });

  test('has its payload cut where it is long', async () => {
    const call = await hub.call(acme, { status: 'succeeded', result: 'x'.repeat(60_000) });
    const { body } = await browser.visit(`/console/tenants/acme/calls?call=${call.id}&show=payload`);
    expect(text(body)).toMatch(/4\d{4} more characters: the API has all of it/);
    expect(body.length).toBeLessThan(40_000);
  });

  test('that failed is tried again, one that waits is cancelled, and neither twice', async () => {
    const call = await hub.call(acme, { status: 'failed' });
    const page = `/console/tenants/acme/calls?call=${call.id}`;
    expect(await browser.press(page, { action: 'retry' })).toMatchObject({ status: 303, goTo: page });
    expect(hub.sent).toEqual([{ queue: 'calls', body: { tenant: 'acme', call: call.id } }]);
    const again = await browser.press(page, { action: 'retry' });
    expect(again.status).toBe(409);
    expect(again.body).toContain('The call is queued');
    expect((await browser.press(page, { action: 'cancel' })).status).toBe(303);
    expect(text((await browser.visit(page)).body)).toContain('Status cancelled');
    expect((await hub.acts(acme)).slice(0, 2)).toEqual([
      { action: 'call.cancelled', actor: 'operator', target: { call: call.id } },
      { action: 'call.retried', actor: 'operator', target: { call: call.id } },
    ]);
    expect(text((await browser.visit('/console/tenants/acme')).body)).toMatch(/call\.cancelled operator call call_/);
  });

  test('is listed by its status, page by page', async () => {
    const tenantId = await hub.tenant('busy');
    for (let at = 0; at < 52; at++)
      await hub.call(tenantId, { status: at % 2 ? 'failed' : 'succeeded', createdAtMs: at });
    const first = await browser.visit('/console/tenants/busy/calls');
    const rows = (body: string) => body.match(/contacts\.create<\/a>/g)?.length ?? 0;
    const next = /class="more"><a href="([^"]+)"/.exec(first.body)?.[1]?.replaceAll('&amp;', '&') ?? '';
    expect([rows(first.body), rows((await browser.visit(next)).body)]).toEqual([50, 2]);
    const failed = await browser.visit('/console/tenants/busy/calls?status=failed');
    expect([rows(failed.body), failed.body.includes('>succeeded<')]).toEqual([26, true]); // as a choice
    expect(failed.body).not.toContain('class="tag good">succeeded');
  });
});

describe('an event', () => {
  test('is found by its id alone; what it holds shows only where that is asked for, its secrets masked', async () => {
    const one = await event({ id: 'a/b#c d' });
    const page = `/console/tenants/acme/events?${new URLSearchParams({ event: one.id })}`;
    const { body } = await browser.visit(page);
    expect(text(body)).toMatch(/Outcome failed Id a\/b#c d Provider github/);
    expect(text(body)).toMatch(/issues failed 3 .*ZodError/);
    expect(body).not.toContain('CANARY');
    const way = /href="([^"]+)">Show the payload/.exec(body)?.[1]?.replaceAll('&amp;', '&') ?? '';
    const shown = await browser.visit(way);
    expect(shown.body).toContain('CANARY-payload');
    expect(shown.body).not.toContain('CANARY-token');
  });

  test('is told again alone, though others came in the same moment; a replay is ended', async () => {
    const nowMs = Date.now();
    const [one] = await Promise.all([1, 2, 3].map((at) => event({ id: `same-${at}`, receivedAtMs: nowMs })));
    if (!one) throw new Error('no event');
    const page = `/console/tenants/acme/events?${new URLSearchParams({ provider: 'github', event: one.id })}`;
    const told = await browser.press(page, { action: 'replay' });
    expect(told.status).toBe(303);
    const [message] = hub.sent;
    expect(message).toMatchObject({ queue: 'replays', body: { tenant: 'acme', version: 1 } });
    const id = String(message?.body.replay);
    expect((await browser.visit(told.goTo ?? '')).body).toContain(id);
    const replay = await hub.stores.replays.forTenant(acme).get(id);
    if (!replay) throw new Error('no replay');
    const { events } = await hub.stores.inbox.forTenant(acme).list({ ...replay.filter, limit: 10 });
    expect(events.map((event) => event.id)).toEqual(['same-1']);
    expect(await countEvents(hub.stores.inbox.forTenant(acme), replay.filter, NEVER)).toMatchObject({ count: 1 });

    const list = '/console/tenants/acme/events';
    expect((await browser.visit(list)).body).toContain(`aria-label="Cancel: ${id}"`);
    expect((await browser.press(list, { action: 'cancel-replay', replay: id })).status).toBe(303);
    expect(text((await browser.visit(list)).body)).toContain('cancelled');
    expect((await browser.press(list, { action: 'cancel-replay', replay: 'rpl_none' })).status).toBe(404);
    expect((await hub.acts(acme)).slice(0, 2)).toEqual([
      { action: 'replay.cancelled', actor: 'operator', target: { replay: id } },
      { action: 'replay.started', actor: 'operator', target: { replay: id } },
    ]);
  });

  test('that is nobody’s is shown, and cannot be told to anybody', async () => {
    const one = await event({ tenantId: UNROUTED, outcome: 'unrouted', id: 'nobodys' });
    const page = `/console/tenants/_unrouted/events?${new URLSearchParams({ provider: 'github', event: one.id })}`;
    expect((await browser.visit(page)).body).not.toContain('value="replay"');
    expect((await browser.press(page, { action: 'replay' })).status).toBe(400); // the form of its sign-out, bent
    expect(text((await browser.visit('/console/tenants/_unrouted/events')).body)).toContain('unrouted');
  });

  test('is listed by what became of it', async () => {
    const { body } = await browser.visit('/console/tenants/acme/events?outcome=handled');
    expect(text(body)).toContain('Outcome handled, newest first None within the last 90 days.');
  });
});

describe('a subscription', () => {
  test('shows what was sent, what the receiver answered only where that is asked for, and no key', async () => {
    const { id } = await subscription();
    const page = `/console/subscriptions/${id}`;
    const { body } = await browser.visit(page);
    expect(text(body)).toMatch(/State enabled .*webhook\.received .*pending .*1, last 503/);
    expect(body).not.toContain('CANARY');
    const shown = await browser.visit(`${page}?show=payload`);
    expect(shown.body).toContain('CANARY-answer');
    expect(shown.body).not.toMatch(/CANARY-(secret|key)/);
  });

  test('is tested, paused, and enabled: what was held is sent', async () => {
    const { id, log, event: held } = await subscription('gone');
    const page = `/console/subscriptions/${id}`;
    expect(text((await browser.visit(page)).body)).toContain('State gone disabled: its events are held');
    expect((await browser.press(page, { action: 'test' })).status).toBe(409);
    const enabled = await browser.press(page, { action: 'enable' });
    expect((await browser.visit(enabled.goTo ?? '')).body).toContain('Enabled: what was held is being sent.');
    expect(hub.sent).toEqual([{ queue: 'deliveries', body: { subscription: id, event: held, requestId: 'req-1' } }]);
    expect((await log.get(held))?.status).toBe('pending');
    expect((await browser.press(page, { action: 'test' })).status).toBe(303);
    expect(hub.sent).toHaveLength(2);
    expect((await browser.press(page, { action: 'pause' })).status).toBe(303);
    expect((await hub.stores.deliveries.subscriptions.get(id))?.enabled).toBe(false);
    const acts = (await hub.acts()).filter(({ target }) => target.subscription === id).map(({ action }) => action);
    expect(acts).toEqual(['subscription.changed', 'subscription.resent', 'subscription.changed']);
  });

  test('gets one event again, which is not on its way', async () => {
    const { id, event: one, log } = await subscription();
    const page = `/console/subscriptions/${id}`;
    expect((await browser.press(page, { action: 'again', event: one })).status).toBe(409);
    const pending = await log.get(one);
    if (!pending) throw new Error('no delivery');
    await log.save({ ...pending, status: 'exhausted', dueAtMs: undefined, version: pending.version + 1 });
    expect((await browser.visit(page)).body).toContain(`aria-label="Send again: ${one}"`);
    expect((await browser.press(page, { action: 'again', event: one })).status).toBe(303);
    expect((await log.get(one))?.status).toBe('pending');
    expect((await browser.press(page, { action: 'again', event: 'evt_none' })).status).toBe(404);
  });
});
