import { describe, expect, test } from 'vitest';
import { accept, prepare } from '../../../shared/calls/asked.ts';
import type { AttemptOutcome } from '../../../shared/calls/attempt.ts';
import { limitStore } from '../../../shared/calls/limit-store.ts';
import { openMocks } from '../../../shared/calls/mock.ts';
import { mockStore } from '../../../shared/calls/mock-store.ts';
import { buildRequest } from '../../../shared/calls/request.ts';
import type { OutboundRequest } from '../../../shared/core/fetch.ts';
import { TenantId } from '../../../shared/core/ids.ts';
import { at } from '../../../shared/core/json.ts';
import type { Action } from '../../../shared/providers/actions.ts';
import { catalogue } from '../../../shared/providers/catalogue.ts';
import type { Provider } from '../../../shared/providers/provider.ts';
import { memoryTable } from '../../support/memory-table.ts';
import { testMoment } from '../../support/moment.ts';
import { requests } from './action-requests.ts';

// One suite for all: what its example sends, what it refuses, where it can lead, and what it answers as a mock.

const all = Object.values(catalogue).flatMap(({ provider, actions }) =>
  Object.entries(actions).map(([name, action]) => ({ id: `${provider.id}/${name}`, provider, name, action })),
);

/** Settings as a connection has them: the examples of all fields that are no secret. */
function settingsOf({ auth }: Provider): Record<string, string> {
  const ways = auth
    .toReversed()
    .map((way): [string, string][] =>
      way.kind === 'oauth2'
        ? Object.entries(way.variables ?? {}).map(([name, one]) => [name, one.default])
        : way.fields
            .filter(({ secret }) => !secret)
            .map(({ name, example, choices = {} }) => [name, example ?? Object.keys(choices)[0] ?? 'x']),
    );
  return { ...Object.fromEntries(ways.flat()), account: 'account-1' };
}

const ask = (provider: Provider, name: string, input: unknown) =>
  prepare({ action: name, input }, provider.id, 'local');

/** What an input sends; nothing where it is refused, with the reason. */
function sent(provider: Provider, name: string, input: unknown): Omit<OutboundRequest, 'timeoutMs'> | string {
  const prepared = ask(provider, name, input);
  if (!prepared.ok) return prepared.error.message;
  const built = buildRequest(provider.api, {}, prepared.value.request, 'call_1', settingsOf(provider));
  return built.ok ? built.value : built.error.message;
}

/** The body as it is written in the list: JSON parsed, a form by its fields, all else as text. */
function readable({ headers, body }: Omit<OutboundRequest, 'timeoutMs'>): unknown {
  const type = headers['content-type'] ?? '';
  if (body === undefined) return undefined;
  if (type.startsWith('application/json')) return JSON.parse(String(body));
  return type.startsWith('application/x-www-form-urlencoded')
    ? Object.fromEntries(new URLSearchParams(String(body)))
    : String(body);
}

/** The headers that this request has and others of the provider have not; what says JSON and form goes without saying. */
function own({ headers }: Omit<OutboundRequest, 'timeoutMs'>, { api }: Provider): Record<string, string> {
  const usual: Readonly<Record<string, string>> = { accept: 'application/json', ...api.headers };
  const said = ([name, value]: [string, string]) =>
    name !== 'user-agent' &&
    usual[name] !== value &&
    !(name === 'content-type' && /^application\/(json|x-www-form-urlencoded)/.test(value));
  return Object.fromEntries(Object.entries(headers).filter(said));
}

const hostile = [
  ...[
    '..',
    '.',
    '../x',
    '..%2fx',
    '%2e%2e',
    '%2e%2e%2fx',
    '//evil.example',
    '/x',
    'a/b',
    'a//b',
    'https://evil.example',
  ],
  ...[
    '@evil.example',
    'x?y=1',
    'x#y',
    'x\\y',
    '\\\\evil.example',
    '\r\nhost: evil.example',
    'x\0',
    '\u2025',
    '．．',
    '',
  ],
  ...['{account}', '{accessToken}', '{hookId}', "'; DROP", 'x\u202ey', ' ', '%', '%zz', 'x;y', '127.0.0.1', 'xn--e'],
];

/** Reads that are no GET: what is searched for stands in a body, or the provider knows POST alone. */
const posts = [
  ...['hubspot/contacts.search', 'notion/dataSources.query', 'notion/search', 's3/objects.uploadUrl'],
  ...['mycarrierpackets/carriers.get', 'mycarrierpackets/packets.listCompleted'],
];

test('every action has its request here, and the reverse', () => {
  expect(Object.keys(requests)).toEqual(all.map(({ id }) => id));
});

describe.each(all)('$id', ({ id, provider, name, action }) => {
  const input = action.example.input as Record<string, unknown>;

  test('its example sends the documented request, the same in each attempt (E-25)', () => {
    const request = sent(provider, name, input);
    if (typeof request === 'string') throw new Error(request);
    const [line, body, headers = {}] = requests[id] ?? [''];
    expect([`${request.method} ${request.url}`, readable(request), own(request, provider)]).toEqual([
      line,
      body,
      headers,
    ]);
    expect(sent(provider, name, input)).toEqual(request);
  });

  test('its example’s answer fits its schema as it is', () => {
    expect(action.output.parse(action.example.output)).toEqual(action.example.output);
  });

  test('an unknown field of the input is refused, and a wrong one by its name', () => {
    expect(ask(provider, name, { ...input, tenantId: 'globex' })).toMatchObject({ error: { code: 'invalid_request' } });
    for (const [field, value] of Object.entries(input)) {
      const wrong = typeof value === 'object' && !Array.isArray(value) ? 'text' : { wrong: { wrong: [] } };
      const refused = sent(provider, name, { ...input, [field]: wrong });
      expect(refused, field).toContain(`input.${field}`);
    }
  });

  test('is a GET exactly where it reads, with few exceptions, and its page is linked', () => {
    const prepared = ask(provider, name, input);
    const gets = prepared.ok && prepared.value.request.method === 'GET';
    expect(gets).toBe(action.effect === 'read' && !posts.includes(id));
    expect(action.docs).toMatch(/^https:\/\/\S+$/);
    expect(action.title).toMatch(/^\p{Lu}[^.]+$/u);
    expect(name).toMatch(/^[a-z][A-Za-z]*(\.[a-z][A-Za-z]*)?$/);
  });

  test('leads nowhere else, whatever its texts hold (E-01, E-07)', () => {
    const usual = sent(provider, name, input);
    if (typeof usual === 'string') throw new Error(usual);
    const place = new URL(usual.url);
    const depth = (url: URL) => url.pathname.split('/').length;
    for (const [field, value] of Object.entries(input)) {
      if (typeof value !== 'string') continue;
      for (const text of [...hostile, ...hostile.map((one) => value + one)]) {
        const request = sent(provider, name, { ...input, [field]: text });
        if (typeof request === 'string') continue;
        const url = new URL(request.url);
        expect(url.origin, text).toBe(place.origin);
        expect(url.href, text).not.toMatch(/[\r\n\0\\]|:\/\/.*\/\.{1,2}(\/|$)/);
        if (field !== 'key' && field !== 'responseUrl') expect(depth(url), text).toBe(depth(place));
        expect(Object.values(request.headers).join(), text).not.toMatch(/[\r\n]/);
      }
    }
  });

  test('answers as a mock, and says so', async () => {
    const outcome = await asMock(provider, name, input);
    expect(outcome).toMatchObject({ kind: 'succeeded', mocked: true });
    expect(accept(outcome, { action: name, input }, provider.id, 'local')).toMatchObject({
      kind: 'succeeded',
      mocked: true,
    });
  });
});

const tenantId = TenantId.parse('acme');
let calls = 0;
async function asMock(provider: Provider, name: string, input: unknown, store = mockStore(memoryTable())) {
  const prepared = ask(provider, name, input);
  if (!prepared.ok) throw new Error(prepared.error.message);
  const about = { tenantId, id: { provider: provider.id, name: 'default' }, idempotencyKey: `call_${++calls}` };
  const job = { ...prepared.value, ...about, timeoutMs: 1_000, lane: 'interactive' } as const;
  return openMocks(store, limitStore(memoryTable())).answer(job, testMoment());
}
const bodyOf = (outcome: AttemptOutcome) => (outcome.kind === 'succeeded' ? outcome.body : undefined);

/** An action that makes an object, with those that find it by its id. */
const makers = all.flatMap(({ provider, name, action }) => {
  const { about } = action;
  if (!about || (about.by !== undefined && action.effect === 'read') || (about.by && !/put$/.test(name))) return [];
  const finders = Object.entries(catalogue[provider.id]?.actions ?? {}).filter(
    ([other, { about: its }]) => other !== name && its?.object === about.object && its.by !== undefined,
  );
  return [{ id: `${provider.id}/${name}`, provider, name, action, finders }];
});

describe('what a mock makes, it finds again', () => {
  test('objects have ids where their examples say', () => {
    for (const { id, action } of all) {
      const { about, example } = action;
      if (!about) continue;
      if (about.by !== undefined) expect(at(example.input, about.by), id).toBeTypeOf('string');
      if (about.by === undefined || !id.startsWith('s3/')) expect(at(example.output, about.id), id).toBeDefined();
    }
    expect(makers.map(({ id }) => id)).toEqual([
      ...['demo/contacts.create', 'hubspot/contacts.create', 'notion/pages.create', 'quickbooks/customers.create'],
      ...['quickbooks/invoices.create', 'resend/emails.send', 's3/objects.put', 'stripe/customers.create'],
      ...['stripe/subscriptions.create', 'twilio/messages.send', 'twilio/messages.sendWhatsApp'],
    ]);
  });

  test.each(makers)('$id', async ({ provider, name, action, finders }) => {
    const store = mockStore(memoryTable());
    const made = bodyOf(await asMock(provider, name, action.example.input, store));
    const other = bodyOf(await asMock(provider, name, action.example.input, store));
    const { about } = action;
    const idOf = (output: unknown) => (about?.by ? at(action.example.input, about.by) : at(output, about?.id ?? ''));
    if (!about?.by) expect(idOf(other)).not.toEqual(idOf(made));
    expect(finders.length).toBeGreaterThan(0);
    for (const [finder, found] of finders) {
      const by = found.about?.by ?? '';
      const wanted = { ...(found.example.input as object), [by]: String(idOf(made)) };
      const outcome = await asMock(provider, finder, wanted, store);
      expect(outcome, finder).toMatchObject({ kind: 'succeeded', mocked: true });
      expect(found.output.safeParse(bodyOf(outcome)).success, finder).toBe(true);
      if (!about?.by) expect(idOf(bodyOf(outcome)), finder).toEqual(idOf(made));
    }
  });

  test('with what was sent, and with what was changed since', async () => {
    const { provider } = catalogue.stripe ?? {};
    if (!provider) throw new Error('there is no stripe');
    const store = mockStore(memoryTable());
    const made = bodyOf(
      await asMock(provider, 'customers.create', { email: 'grace@example.com', name: 'Grace' }, store),
    );
    const customer = at(made, 'id');
    expect(made).toMatchObject({ email: 'grace@example.com', name: 'Grace' });
    await asMock(provider, 'customers.update', { customer, name: 'Grace Hopper' }, store);
    const found = bodyOf(await asMock(provider, 'customers.retrieve', { customer }, store));
    expect(found).toEqual({ id: customer, email: 'grace@example.com', name: 'Grace Hopper' });

    const started = bodyOf(
      await asMock(provider, 'subscriptions.create', { customer, items: [{ price: 'price_1' }] }, store),
    );
    const subscription = at(started, 'id');
    await asMock(provider, 'subscriptions.cancel', { subscription }, store);
    const read = await asMock(provider, 'subscriptions.retrieve', { subscription }, store);
    expect(bodyOf(read)).toMatchObject({ id: subscription, customer, status: 'canceled' });
  });

  test('an object in the form that it was written in', async () => {
    const { provider } = catalogue.s3 ?? {};
    if (!provider) throw new Error('there is no s3');
    const store = mockStore(memoryTable());
    await asMock(provider, 'objects.put', { key: 'a/b.txt', text: 'hello', contentType: 'text/plain' }, store);
    const read = await asMock(provider, 'objects.get', { key: 'a/b.txt' }, store);
    expect(bodyOf(read)).toMatchObject({ text: 'hello', contentType: 'text/plain' });
  });

  test('nothing of another connection, and nothing that nobody made', async () => {
    const { provider } = catalogue.demo ?? {};
    if (!provider) throw new Error('there is no demo');
    const outcome = await asMock(provider, 'contacts.get', { id: 'c999' });
    expect(outcome).toMatchObject({ kind: 'failed', error: { status: 404, code: 'not_found' } });
  });
});

describe('limits', () => {
  test('a limit names an action there is, and an input of it, or what syncs count under', () => {
    for (const { provider, actions, syncs } of Object.values(catalogue)) {
      const counted = Object.values(syncs).map(({ limitedAs }) => limitedAs);
      const known: Readonly<Record<string, Action>> = actions;
      for (const { action, perInput } of provider.limits) {
        if (action === undefined) continue;
        expect([...Object.keys(known), ...counted]).toContain(action);
        if (perInput) expect(at(known[action]?.example.input, perInput)).toBeTypeOf('string');
      }
    }
  });
});
