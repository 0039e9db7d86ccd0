import { createRequire } from 'node:module';
import { describe, expect, test } from 'vitest';
import { catalogue } from '../../../shared/providers/catalogue.ts';
import { githubWebhooks } from '../../../shared/providers/github/webhooks.ts';
import { findWebhooks, webhooksOf } from '../../../shared/providers/senders.ts';
import { slackWebhooks } from '../../../shared/providers/slack/webhooks.ts';
import type { Webhooks } from '../../../shared/providers/webhooks.ts';
import { readDocument, readHandshake } from '../../../shared/webhooks/document.ts';
import { split } from '../../../shared/webhooks/split.ts';
import { headersRead, verify } from '../../../shared/webhooks/verify.ts';
import { type Sample, samplesOf, sign } from '../../support/samples.ts';

const providers = Object.entries(webhooksOf) as [string, Webhooks][];

test('every provider of the catalogue that has webhooks is known to the intake, and nobody else is', () => {
  const declared = Object.entries(catalogue).filter(([, { webhooks }]) => webhooks);
  expect(Object.keys(webhooksOf).sort()).toEqual(declared.map(([id]) => id).sort());
  for (const [id, { webhooks }] of declared) expect(findWebhooks(id)).toBe(webhooks);
  for (const stranger of ['demo', 'constructor', '__proto__', 'toString'])
    expect(findWebhooks(stranger)).toBeUndefined();
});

describe.each(providers)('the samples of %s', (provider, webhooks) => {
  const samples = samplesOf(provider);
  const check = (
    sample: Sample,
    changed: { headers?: Record<string, string>; body?: Buffer; nowMs?: number; secrets?: string[] },
  ) =>
    verify(
      webhooks,
      { headers: changed.headers ?? sample.headers, bytes: changed.body ?? Buffer.from(sample.body) },
      changed.secrets ?? [sample.secret],
      changed.nowMs ?? Date.parse(sample.sentAt),
    );

  test('there are some', () => expect(samples.length).toBeGreaterThan(2));

  test.each(samples.map((sample) => [sample.file, sample] as const))(
    '%s is accepted and read as it says',
    (_file, sample) => {
      expect(check(sample, {})).toEqual({ ok: true, value: 0 });
      const request = { headers: sample.headers, bytes: Buffer.from(sample.body) };
      const handshake = readHandshake(webhooks, readDocument(webhooks, request));
      expect(handshake?.text).toBe(sample.expect.challenge);
      if (handshake) return;
      const [event, ...more] = split(webhooks, request);
      expect(more).toEqual([]);
      expect(event).toMatchObject({
        ...(sample.expect.id && { id: sample.expect.id }),
        type: sample.expect.type,
        accountIds: sample.expect.accounts,
      });
      expect(event?.ending).toBe(sample.expect.ending);
      expect(event?.occurredAtMs).toBe(sample.expect.occurredAt && Date.parse(sample.expect.occurredAt));
    },
  );

  test.each(samples.map((sample) => [sample.file, sample] as const))(
    '%s is refused once anything is wrong (D-01, D-07, D-10)',
    (_file, sample) => {
      const flipped = Buffer.from(sample.body);
      flipped[flipped.length >> 1] = (flipped[flipped.length >> 1] ?? 0) ^ 1;
      expect(check(sample, { body: flipped }).ok, 'a flipped bit').toBe(false);
      expect(check(sample, { body: Buffer.from(`${sample.body} `) }).ok, 'a longer body').toBe(false);
      expect(check(sample, { secrets: ['another-secret-of-this-hub'] }).ok, 'a wrong secret').toBe(false);
      expect(check(sample, { secrets: [] }).ok, 'no secret').toBe(false);
      expect(check(sample, { secrets: [''] }).ok, 'an empty secret').toBe(false);
      for (const header of headersRead(webhooks)) {
        const { [header]: value, ...rest } = sample.headers;
        expect(check(sample, { headers: rest }).ok, `${header} missing`).toBe(false);
        expect(check(sample, { headers: { ...rest, [header]: `${value},${value}` } }).ok, `${header} twice`).toBe(
          false,
        );
        expect(check(sample, { headers: { ...rest, [header]: '' } }).ok, `${header} empty`).toBe(false);
      }
      if (!webhooks.signature.timestamp) return;
      const sentMs = Date.parse(sample.sentAt);
      for (const offS of [-301, 301, 86_400]) {
        expect(check(sample, { nowMs: sentMs + offS * 1000 }).ok, `${offS} s off`).toBe(false);
      }
      for (const offS of [-300, -299, 299, 300]) {
        expect(check(sample, { nowMs: sentMs + offS * 1000 }).ok, `${offS} s off`).toBe(true);
      }
    },
  );

  test('a sample of another provider is refused, under its own secret too', () => {
    for (const [other] of providers.filter(([id]) => id !== provider)) {
      for (const sample of samplesOf(other)) expect(check(sample, {}).ok).toBe(false);
    }
  });
});

test("GitHub's published example and the golden vectors verify", () => {
  const body = Buffer.from('{"hello":"wörld","n":1}');
  const github = {
    'x-github-event': 'ping',
    'x-github-delivery': '1',
    'x-hub-signature-256': 'sha256=45214e09c85d1b06a4efaabd29023d36e07da8035069b45a2c2cc099c198ed1c',
  };
  expect(verify(githubWebhooks, { headers: github, bytes: body }, ['gh_secret_test'], 0).ok).toBe(true);
  const published = 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17';
  expect(
    verify(
      githubWebhooks,
      { headers: { ...github, 'x-hub-signature-256': published }, bytes: Buffer.from('Hello, World!') },
      ["It's a Secret to Everybody"],
      0,
    ).ok,
  ).toBe(true);
  const slack = {
    'x-slack-request-timestamp': '1700000000',
    'x-slack-signature': 'v0=a6da0e8e8c747e0501d0fb9d0a3830ea790f6526a512d3903baddd32de367f1a',
  };
  const secrets = ['slack_signing_secret_test'];
  expect(verify(slackWebhooks, { headers: slack, bytes: body }, secrets, 1_700_000_000_000).ok).toBe(true);
});

interface Definition {
  readonly name: string;
  readonly examples: readonly Record<string, unknown>[];
}

test('every payload that GitHub publishes is accepted, split and typed', () => {
  const definitions: readonly Definition[] = createRequire(import.meta.url)('@octokit/webhooks-examples');
  const secret = 'example-github-webhook-secret';
  let seen = 0;
  for (const { name, examples } of definitions) {
    for (const example of examples) {
      const bytes = Buffer.from(JSON.stringify(example));
      const id = `delivery-${seen++}`;
      const headers = {
        ...sign(githubWebhooks, secret, bytes),
        'x-github-event': name,
        'x-github-delivery': id,
        'content-type': 'application/json',
      };
      expect(verify(githubWebhooks, { headers, bytes }, [secret], 0)).toEqual({ ok: true, value: 0 });
      const action = typeof example.action === 'string' ? `.${example.action}` : '';
      const events = split(githubWebhooks, { headers, bytes });
      expect(events).toMatchObject([{ id, type: `${name}${action}`, data: example }]);
      const owner = (example.repository as { owner?: { id: number } } | undefined)?.owner;
      if (owner?.id) expect(events[0]?.accountIds).toEqual([String(owner.id)]);
    }
  }
  expect(seen).toBeGreaterThan(300);
});

test("an installation's id never leads to the user who has the same number", () => {
  const body = { action: 'created', installation: { id: 583231 } };
  const headers = { 'content-type': 'application/json', 'x-github-event': 'installation', 'x-github-delivery': '1' };
  expect(split(githubWebhooks, { headers, bytes: Buffer.from(JSON.stringify(body)) })[0]?.accountIds).toEqual([]);
});

test("in a shared channel the authorization decides, not the sender's workspace (D-13)", () => {
  const read = (body: unknown) =>
    split(slackWebhooks, {
      headers: { 'content-type': 'application/json' },
      bytes: Buffer.from(JSON.stringify(body)),
    })[0]?.accountIds;
  const authorizations = [{ team_id: 'T1', enterprise_id: 'E1' }];
  expect(read({ team_id: 'T2', context_team_id: 'T3', authorizations, event: { type: 'message' } })).toEqual([
    'T1',
    'E1',
  ]);
  expect(read({ team_id: 'T2', context_team_id: 'T3', event: { type: 'message' } })).toEqual(['T3']);
  expect(read({ team_id: 'T2', event: { type: 'message' } })).toEqual(['T2']);
  expect(read({ type: 'app_rate_limited', team_id: 'T2' })).toEqual(['T2']);
});
