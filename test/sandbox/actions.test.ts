import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DemoProvider } from '../../infra/local/demo/provider.ts';
import { accept, prepare } from '../../shared/calls/asked.ts';
import { noMocks, openAttempts } from '../../shared/calls/attempt.ts';
import type { LimitStore } from '../../shared/calls/limit-store.ts';
import type { Connection } from '../../shared/connections/connection.ts';
import { openNetwork, type Send } from '../../shared/core/fetch.ts';
import { TenantId } from '../../shared/core/ids.ts';
import { at, parseJson } from '../../shared/core/json.ts';
import { ok } from '../../shared/core/result.ts';
import { Secret } from '../../shared/core/secret.ts';
import { testMoment } from '../support/moment.ts';
import { type Exchange, player, recorder, scrubbed } from '../support/recorded.ts';

// Actions against real sandboxes. PATCHBAY_SANDBOX names a JSON file, {<provider>: {kind, settings?, account?, secrets}}: what
// it has is asked for real; with PATCHBAY_RECORD set, what is said is written down. Else what was written down is played,
// and what never was is skipped. The demo provider is always at hand to be recorded.

interface Sandbox extends Pick<Connection, 'kind' | 'settings'> {
  readonly account?: Connection['account'];
  readonly secrets: Readonly<Record<string, string>>;
}
type Recording = Omit<Sandbox, 'secrets'> & { readonly exchanges: readonly Exchange[] };
type Step = readonly [action: string, input: unknown | ((before: unknown) => unknown)];

const { PATCHBAY_SANDBOX: file, PATCHBAY_RECORD: recording } = process.env;
const demoKey: Sandbox = { kind: 'api_key', secrets: { apiKey: 'demo-key-ada' } };
const sandboxes: Readonly<Record<string, Sandbox>> = {
  ...(file !== undefined && (parseJson(readFileSync(file, 'utf8')) as Record<string, Sandbox>)),
  ...(recording !== undefined && { demo: demoKey }),
};

/** Reads that every sandbox can answer, and what the demo provider takes as well; an input may need the output before it. */
const suites: Readonly<Record<string, readonly Step[]>> = {
  demo: [
    ['contacts.create', { name: 'Grace Hopper', email: 'grace@compilers.example' }],
    ['contacts.get', (made: unknown) => ({ id: at(made, 'id') })],
  ],
  github: [
    ['user.get', {}],
    ['repos.list', { perPage: 2 }],
  ],
  google: [['userinfo.get', {}]],
  hubspot: [['contacts.search', { email: '*@hubspot.com', limit: 2 }]],
  microsoft: [['me.get', {}]],
  notion: [['search', { pageSize: 2 }]],
  quickbooks: [
    ['companyInfo.get', {}],
    ['customers.query', { maxResults: 2 }],
  ],
  slack: [['conversations.list', { limit: 2 }]],
  stripe: [['invoices.list', { limit: 2 }]],
};

const place = new URL('./recordings/', import.meta.url);
const recordingOf = (provider: string) => new URL(`${provider}.json`, place);
let demo: DemoProvider | undefined;
beforeAll(async () => {
  if (recording !== undefined) demo = await (await import('../../infra/local/demo/provider.ts')).startDemoProvider();
});
afterAll(() => demo?.stop());

/** The demo provider's address is another each time; the one that is written down never is. */
const network: Send = (request) => {
  const url = demo ? request.url.replace('https://api.demo.invalid', demo.apiUrl) : request.url;
  return openNetwork({ loopback: demo !== undefined })({ ...request, url });
};

describe.each(Object.entries(suites))('%s', (provider, steps) => {
  const live = sandboxes[provider];
  const known = existsSync(recordingOf(provider));
  const title =
    live || known ? 'answers as its actions say' : 'is skipped: no sandbox in PATCHBAY_SANDBOX, no recording';

  test.skipIf(!live && !known)(title, { timeout: 60_000 }, async () => {
    if (!live) {
      const { exchanges, ...sandbox } = parseJson(readFileSync(recordingOf(provider), 'utf8')) as Recording;
      return walk(provider, steps, { ...sandbox, secrets: {} }, player(exchanges, []));
    }
    const { secrets, ...sandbox } = live;
    const { send, exchanges } = recorder(network, Object.values(secrets));
    await walk(provider, steps, live, send);
    if (recording === undefined) return;
    writeFileSync(recordingOf(provider), `${JSON.stringify({ ...sandbox, exchanges }, undefined, 2)}\n`);
  });
});

async function walk(provider: string, steps: readonly Step[], sandbox: Sandbox, send: Send): Promise<void> {
  let before: unknown;
  for (const [action, given] of steps) {
    const input = typeof given === 'function' ? given(before) : given;
    const outcome = await outcomeOf(provider, action, input, sandbox, send);
    expect(outcome, action).toMatchObject({ kind: 'succeeded' });
    before = outcome.kind === 'succeeded' ? outcome.body : undefined;
  }
}

async function outcomeOf(provider: string, action: string, input: unknown, sandbox: Sandbox, send: Send) {
  const prepared = prepare({ action, input }, provider, 'local');
  if (!prepared.ok) throw new Error(prepared.error.message);
  const { kind, settings, account = { id: 'account-1' }, secrets } = sandbox;
  const connection = { kind, settings, account, mode: 'live' } as unknown as Connection;
  const played = { accessToken: 'played', apiKey: 'played', ...secrets };
  const held = Object.fromEntries(Object.entries(played).map(([name, value]) => [name, new Secret(value)]));
  const attempts = openAttempts({
    ...{ send, mocks: noMocks, stage: 'local', readApp: async () => ({}) },
    limits: { take: async () => ({ waitMs: 0 }), block: async () => {}, note: async () => {} } as unknown as LimitStore,
    credentials: { live: async () => ok({ connection, generation: 1, secrets: held }) },
  });
  const about = {
    tenantId: TenantId.parse('acme'),
    id: { provider, name: 'default' },
    idempotencyKey: 'call_recorded',
  };
  const job = { ...prepared.value, ...about, timeoutMs: 30_000, lane: 'interactive' } as const;
  return accept(await attempts.attempt(job, testMoment()), { action, input }, provider, 'local');
}

test('a recording holds no secret, and a player answers nothing that was not recorded', async () => {
  const token = 'made-up/token+1';
  const spellings = [token, encodeURIComponent(token), btoa(token), '{"access_token":"other"}', '{"apiKey": "x"}'];
  expect(spellings.map((text) => scrubbed(text, [token]))).toEqual([
    ...['[secret]', '[secret]', '[secret]', '{"access_token":"[secret]"}', '{"apiKey": "[secret]"}'],
  ]);
  for (const name of readdirSync(place)) {
    expect(readFileSync(new URL(name, place), 'utf8'), name).not.toMatch(
      /Bearer|Basic |gh[opsu]_|xox[bp]-|sk_(live|test)_|pat-[a-z0-9]+-|ya29\.|demo-key|eyJ[\w-]{20}/,
    );
  }
  const request = { method: 'GET', url: 'https://a.example/', headers: {}, timeoutMs: 1 };
  await expect(player([], [])(request)).rejects.toThrow('exchange 1: recorded nothing, asked {"method":"GET"');
});
