import { describe, expect, test } from 'vitest';
import { prepare } from '../../../shared/calls/asked.ts';
import { noMocks, openAttempts } from '../../../shared/calls/attempt.ts';
import type { LimitStore } from '../../../shared/calls/limit-store.ts';
import type { Connection } from '../../../shared/connections/connection.ts';
import type { OutboundRequest, SendFailure } from '../../../shared/core/fetch.ts';
import { TenantId } from '../../../shared/core/ids.ts';
import { err, ok } from '../../../shared/core/result.ts';
import { Secret } from '../../../shared/core/secret.ts';
import type { Way, WayKind } from '../../../shared/providers/auth.ts';
import { catalogue } from '../../../shared/providers/catalogue.ts';
import { testMoment } from '../../support/moment.ts';

// Where the credential of a connection goes, action by action; and what is tried again after a lost answer.

const CANARY = 'canary0of0a0secret';

/** What one attempt at an action's example sends, under a connection of this kind, whose every secret is the canary. */
async function attempt(
  provider: string,
  action: string,
  kind: WayKind,
  { without = [], failure, input }: { without?: string[]; failure?: SendFailure; input?: unknown } = {},
) {
  const entry = catalogue[provider];
  const way = entry?.provider.auth.find((one) => one.kind === kind);
  if (!entry || !way) throw new Error(`there is no ${provider} by ${kind}`);
  const prepared = prepare({ action, input: input ?? entry.actions[action]?.example.input }, provider, 'local');
  if (!prepared.ok) throw new Error(prepared.error.message);
  const sent: OutboundRequest[] = [];
  let slots = 0;
  const limits = {
    take: async () => {
      slots++;
      return { waitMs: 0 };
    },
    block: async () => {},
    note: async () => {},
  } as unknown as LimitStore;
  const { settings, secrets } = heldBy(way, without);
  const connection = { account: { id: 'account-1' }, kind, settings, mode: 'live' } as unknown as Connection;
  const attempts = openAttempts({
    ...{ limits, mocks: noMocks, stage: 'local', readApp: async () => ({}) },
    credentials: { live: async () => ok({ connection, secrets, generation: 1 }) },
    send: async (request) => {
      sent.push(request);
      return failure ? err(failure) : ok({ status: 200, headers: {}, body: Buffer.from('{}') });
    },
  });
  const about = { tenantId: TenantId.parse('acme'), id: { provider, name: 'default' }, idempotencyKey: 'call_1' };
  const outcome = await attempts.attempt(
    { ...prepared.value, ...about, timeoutMs: 10_000, lane: 'interactive' },
    testMoment(),
  );
  return { outcome, sent, slots };
}

function heldBy(way: Way, without: readonly string[]) {
  const fields = way.kind === 'oauth2' ? [] : way.fields.filter(({ name }) => !without.includes(name));
  const open = fields.filter(({ secret }) => !secret);
  const settings = open.map(({ name, example, choices = {} }) => [name, example ?? Object.keys(choices)[0] ?? 'x']);
  const secrets = fields.filter(({ secret }) => secret).map(({ name }) => [name, new Secret(CANARY)]);
  return {
    settings: Object.fromEntries(settings),
    secrets: { accessToken: new Secret(CANARY), ...Object.fromEntries(secrets) },
  };
}

/** A request as text, with what Basic hides. */
function textOf({ url, headers, body }: OutboundRequest): string {
  const [, basic = ''] = headers.authorization?.match(/^Basic (.+)$/) ?? [];
  return [url, JSON.stringify(headers), String(body ?? ''), Buffer.from(basic, 'base64').toString()].join('\n');
}

/** The registrable domains that each provider's credentials may go to. */
const domains: Readonly<Record<string, RegExp>> = {
  demo: /\.demo\.invalid$/,
  google: /\.googleapis\.com$/,
  hubspot: /\.hubapi\.com$/,
  quickbooks: /\.intuit\.com$/,
  s3: /\.amazonaws\.com$/,
};

describe('E-05: a credential goes to its provider alone, in its places', () => {
  const all = Object.values(catalogue).flatMap(({ provider, actions }) =>
    Object.keys(actions).flatMap((action) => provider.auth.map(({ kind }) => [provider.id, action, kind] as const)),
  );

  test('in every action, under every way of connecting', async () => {
    let withCredential = 0;
    for (const [provider, action, kind] of all) {
      const { sent } = await attempt(provider, action, kind);
      expect(sent.length).toBeLessThanOrEqual(1);
      for (const request of sent) {
        expect(new URL(request.url).hostname).toMatch(domains[provider] ?? new RegExp(`(^|\\.)${provider}\\.com$`));
        const places = textOf(request).split(CANARY).length - 1;
        expect(places, `${provider} ${action} ${kind}`).toBeLessThanOrEqual(1);
        withCredential += places;
      }
    }
    expect(withCredential).toBeGreaterThan(60);
  });

  test.each([
    ['slack', 'responses.send', 'oauth2'],
    ['discord', 'interactions.reply', 'api_key'],
    ['discord', 'interactions.followUp', 'api_key'],
    ['posthog', 'events.capture', 'api_key'],
    ['mixpanel', 'events.track', 'basic'],
    ['mixpanel', 'profiles.set', 'basic'],
  ] as const)('not at all with %s %s, which goes without', async (provider, action, kind) => {
    const { outcome, sent } = await attempt(provider, action, kind);
    expect(outcome.kind).toBe('succeeded');
    expect(sent.map(textOf).join()).not.toContain(CANARY);
    expect(sent[0]?.headers).not.toHaveProperty('authorization');
  });

  test('an import goes to another host than queries, under the same service account', async () => {
    const { sent } = await attempt('mixpanel', 'events.import', 'basic');
    expect(sent[0]?.url).toBe('https://api.mixpanel.com/import?strict=1&project_id=1234567');
    expect(sent.map(textOf).join()).toContain(`:${CANARY}`);
  });

  test('a catch hook is the end of its address', async () => {
    const { sent } = await attempt('zapier', 'hooks.send', 'api_key');
    expect(sent.map(({ url }) => url)).toEqual([`https://hooks.zapier.com/hooks/catch/123456/${CANARY}`]);
  });
});

describe('what the connection lacks', () => {
  test.each([
    ['zapier', 'hooks.send', 'oauth2', [], 'accountNumber'],
    ['posthog', 'events.capture', 'oauth2', [], 'projectToken'],
    ['mixpanel', 'events.track', 'basic', ['projectToken'], 'projectToken'],
    ['zapier', 'hooks.send', 'api_key', ['hookId'], 'the credential'],
  ] as const)('%s %s by %s: is named, and nothing is sent', async (provider, action, kind, without, named) => {
    const { outcome, sent, slots } = await attempt(provider, action, kind, { without: [...without] });
    expect(outcome).toMatchObject({
      ...{ kind: 'failed', error: { code: 'invalid_request', message: expect.stringContaining(named) } },
    });
    expect([sent, slots]).toEqual([[], 0]);
  });
});

test('a URL is made without a request, and takes no slot', async () => {
  const { outcome, sent, slots } = await attempt('s3', 'objects.uploadUrl', 'sigv4');
  expect(outcome).toMatchObject({
    kind: 'succeeded',
    body: {
      method: 'PUT',
      url: expect.stringMatching(/^https:\/\/s3\.eu-central-1\.amazonaws\.com\/.*X-Amz-Signature=/),
    },
  });
  expect([sent, slots]).toEqual([[], 0]);
});

describe('E-25: after a lost answer a write is tried again where that does no more', () => {
  const failure = { reason: 'timeout', sent: true, cause: 'silence' } as const;
  const event = { event: 'x', distinctId: 'u' };
  test.each([
    ['microsoft', 'events.create', 'oauth2', undefined, 'retry'],
    ['microsoft', 'mail.send', 'oauth2', undefined, 'unknown'],
    ['google', 'messages.send', 'oauth2', undefined, 'unknown'],
    ['google', 'values.append', 'oauth2', undefined, 'unknown'],
    ['hubspot', 'contacts.create', 'api_key', undefined, 'unknown'],
    ['hubspot', 'contacts.update', 'api_key', undefined, 'retry'],
    ['hubspot', 'contacts.search', 'api_key', undefined, 'retry'],
    ['mixpanel', 'events.track', 'basic', undefined, 'retry'],
    ['posthog', 'events.capture', 'api_key', { ...event, timestamp: '2026-01-01T00:00:00Z' }, 'retry'],
    ['posthog', 'events.capture', 'api_key', event, 'unknown'],
    ['stripe', 'paymentIntents.create', 'api_key', undefined, 'retry'],
    ['twilio', 'messages.send', 'basic', undefined, 'unknown'],
    ['s3', 'objects.put', 'sigv4', undefined, 'retry'],
    ['zapier', 'hooks.send', 'api_key', undefined, 'unknown'],
  ] as const)('%s %s', async (provider, action, kind, input, expected) => {
    expect((await attempt(provider, action, kind, { failure, input })).outcome.kind).toBe(expected);
  });
});
