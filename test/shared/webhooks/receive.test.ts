import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { TenantId } from '../../../shared/core/ids.ts';
import type { ProviderApp } from '../../../shared/providers/app.ts';
import { githubWebhooks } from '../../../shared/providers/github/webhooks.ts';
import { findWebhooks, otherSenders } from '../../../shared/providers/senders.ts';
import { Delivery } from '../../../shared/webhooks/contract.ts';
import { type Arrival, openReceiver } from '../../../shared/webhooks/receive.ts';
import type { Endpoint } from '../../../shared/webhooks/trust.ts';
import { samplesOf, sign } from '../../support/samples.ts';

const NOW_MS = 1_700_000_000_000;
const HUB = 'https://hub.example.com';
const SECRET = 'example-secret-of-the-owner';
const ACME = 'example-secret-of-acme-alone';
const acme = TenantId.parse('acme');
const down = () => Promise.reject(new Error('down'));

interface World {
  readonly app?: ProviderApp | 'down';
  readonly endpoints?: Readonly<Record<string, Endpoint>> | 'down';
}

/** A receiver, with what it sent and how often it read. */
function world({ app = {}, endpoints = {} }: World = {}) {
  const seen = { sent: [] as { delivery: Delivery; group: string }[], reads: 0 };
  const receive = openReceiver({
    findWebhooks,
    readApp: async () => (app === 'down' ? down() : app),
    readEndpoint: async (_provider, id) => {
      seen.reads++;
      if (endpoints === 'down') return down();
      return Object.hasOwn(endpoints, id) ? endpoints[id] : undefined;
    },
    queue: {
      send: async ({ body, group }) => {
        seen.sent.push({ delivery: Delivery.parse(JSON.parse(body)), group });
      },
    },
    objects: { put: async () => undefined },
    captured: { seal: async () => ({ wrapped: 'a data key', record: 'a sealed record' }) },
  });
  const moment = { nowMs: NOW_MS, token: () => '', chance: () => 0, sleep: async () => undefined };
  return {
    seen,
    receive: (arrival: Partial<Arrival> & { provider: string }) =>
      receive(
        { requestId: 'req-1', headers: {}, bytes: Buffer.alloc(0), url: `${HUB}/webhooks/x`, ...arrival },
        moment,
      ),
  };
}

function github(body: string, secret: string): Pick<Arrival, 'provider' | 'headers' | 'bytes'> {
  const event = { 'content-type': 'application/json', 'x-github-event': 'issues', 'x-github-delivery': '1' };
  return { provider: 'github', headers: { ...event, ...sign(githubWebhooks, secret, body) }, bytes: Buffer.from(body) };
}

const unauthenticated = { ok: false, error: { code: 'unauthenticated' } };

describe("a tenant's own address (D-13)", () => {
  const endpoint: Endpoint = { tenantId: acme, connection: { provider: 'github', name: 'default' }, secrets: [ACME] };
  const open = (more: World = {}) => world({ app: { webhookSecrets: [SECRET] }, endpoints: { e1: endpoint }, ...more });

  test("says whose the event is, by the endpoint's secret alone", async () => {
    const { receive, seen } = open();
    expect(await receive({ ...github('{"repository":{"owner":{"id":7}}}', ACME), endpoint: 'e1' })).toMatchObject({
      ok: true,
    });
    expect(seen.sent).toMatchObject([
      {
        delivery: { endpoint: 'e1', owner: { tenantId: 'acme', connection: { name: 'default' } }, deferred: false },
        group: 'github/acme',
      },
    ]);
    expect(seen.sent[0]?.delivery.url).toBeUndefined();
    expect(await receive({ ...github('{}', SECRET), endpoint: 'e1' })).toMatchObject(unauthenticated);
    expect(await receive(github('{}', ACME))).toMatchObject(unauthenticated);
  });

  test('that nobody was given looks like one with a wrong secret, and like one without any (D-17)', async () => {
    const { receive, seen } = open({ endpoints: { e1: endpoint, e2: { tenantId: acme, secrets: [] } } });
    const refusals = [
      await receive({ ...github('{}', SECRET), endpoint: 'e1' }),
      await receive({ ...github('{}', SECRET), endpoint: 'e2' }),
      await receive({ ...github('{}', SECRET), endpoint: 'e3' }),
      await receive({ ...github('{}', SECRET), endpoint: '__proto__' }),
    ];
    expect(new Set(refusals.map((one) => (one.ok ? '' : `${one.error.code} ${one.error.message}`))).size).toBe(1);
    expect(seen.sent).toEqual([]);
  });

  test('that cannot be read is kept unverified, with all that verification will need (G.2)', async () => {
    const { receive, seen } = open({ endpoints: 'down' });
    const url = `${HUB}/webhooks/github/e1?x=1`;
    expect(await receive({ ...github('{}', ACME), endpoint: 'e1', url })).toMatchObject({ ok: true });
    expect(seen.sent).toMatchObject([{ delivery: { endpoint: 'e1', deferred: true, url }, group: 'github' }]);
    expect(Object.keys(seen.sent[0]?.delivery.headers ?? {})).toContain('x-hub-signature-256');
    expect(seen.sent[0]?.delivery.owner).toBeUndefined();
  });

  test('has settings of its own, which the delivery takes along', async () => {
    const [sample] = samplesOf('hmac');
    if (!sample?.settings) throw new Error('the sample has no settings');
    const endpoints = { e1: { tenantId: acme, secrets: [sample.secret], settings: sample.settings } };
    const arrival = { provider: 'hmac', endpoint: 'e1', headers: sample.headers, bytes: Buffer.from(sample.body) };
    const { receive, seen } = world({ endpoints });
    expect(await receive(arrival)).toMatchObject({ ok: true });
    expect(seen.sent[0]?.delivery.settings).toEqual(sample.settings);
    const unset = world({ endpoints: { e1: { tenantId: acme, secrets: [sample.secret] } } });
    expect(await unset.receive(arrival)).toMatchObject(unauthenticated);
  });

  test('is the only one that a sender has which is no provider', async () => {
    for (const provider of Object.keys(otherSenders)) {
      for (const { headers, body, secret, settings, sentAt } of samplesOf(provider)) {
        if (Date.parse(sentAt) !== NOW_MS) continue;
        const arrival = { provider, headers, bytes: Buffer.from(body) };
        const known = { app: { webhookSecrets: [secret], webhookSettings: settings } };
        expect(await world(known).receive(arrival)).toMatchObject(unauthenticated);
        const endpoints = { e1: { tenantId: acme, secrets: [secret], settings } };
        expect(await world({ endpoints }).receive({ ...arrival, endpoint: 'e1' })).toMatchObject({ ok: true });
      }
    }
  });

  test('whose settings cannot be read keeps every header, since nobody knows which of them count', async () => {
    const [sample] = samplesOf('hmac');
    const { receive, seen } = world({ endpoints: 'down' });
    const headers = { ...sample?.headers, 'x-other': 'kept' };
    expect(await receive({ provider: 'hmac', endpoint: 'e1', headers })).toMatchObject({ ok: true });
    expect(seen.sent[0]?.delivery.headers).toEqual(headers);
  });
});

describe('a handshake that anybody may ask for (D-14)', () => {
  const url = `${HUB}/webhooks/microsoft/e1?validationToken=Validation%3a+Testing+%3cb%3e`;

  test('is echoed as plain text, by POST and by GET, and reads nothing', async () => {
    const { receive, seen } = world({ app: 'down', endpoints: 'down' });
    for (const method of ['POST', 'GET']) {
      const answer = await receive({ provider: 'microsoft', endpoint: 'e1', url, method });
      expect(answer).toEqual({ ok: true, value: { status: 200, type: 'text/plain', body: 'Validation: Testing <b>' } });
    }
    expect(seen).toEqual({ sent: [], reads: 0 });
  });

  test('switches nothing off: what comes with it is not taken in', async () => {
    const { receive, seen } = world({ app: { webhookSecrets: [SECRET] } });
    const bytes = Buffer.from(JSON.stringify({ value: [{ clientState: 'guessed-by-somebody' }] }));
    expect(await receive({ provider: 'microsoft', url, bytes })).toMatchObject({ ok: true });
    expect(await receive({ provider: 'microsoft', bytes })).toMatchObject(unauthenticated);
    expect(seen.sent).toEqual([]);
  });

  test('is refused where it is long, or comes twice, and unknown to other senders', async () => {
    const { receive } = world({ app: { webhookSecrets: [SECRET] } });
    const long = `${HUB}/webhooks/microsoft?validationToken=${'x'.repeat(501)}`;
    expect(await receive({ provider: 'microsoft', url: long })).toMatchObject({ error: { code: 'invalid_request' } });
    expect(await receive({ provider: 'microsoft', url: `${url}&validationToken=x` })).toMatchObject(unauthenticated);
    expect(await receive({ provider: 'github', url })).toMatchObject(unauthenticated);
  });

  test('is all that a GET can be', async () => {
    const { receive, seen } = world({ app: { webhookSecrets: [SECRET] } });
    for (const provider of ['github', 'microsoft', 'slack']) {
      const asked = { ...github('{}', SECRET), provider, method: 'GET' };
      expect(await receive(asked)).toMatchObject({ error: { code: 'not_found' } });
    }
    expect(seen.sent).toEqual([]);
  });
});

describe('a secret that a request brings itself', () => {
  const body = JSON.stringify({ verification_token: 'secret_that_notion_made_up' });
  const signedWith = (key: string, bytes = body) => ({
    provider: 'notion',
    headers: {
      'content-type': 'application/json',
      'x-notion-signature': `sha256=${createHmac('sha256', key).update(bytes).digest('hex')}`,
    },
    bytes: Buffer.from(bytes),
  });

  test('is kept for the operator, once it is signed with itself, a few times a minute at most', async () => {
    const { receive, seen } = world();
    for (let n = 0; n < 5; n++)
      expect(await receive(signedWith('secret_that_notion_made_up'))).toMatchObject({ ok: true });
    expect(await receive(signedWith('secret_that_notion_made_up'))).toMatchObject({ error: { code: 'unavailable' } });
    expect(seen.sent).toHaveLength(5);
    const sealed = { wrapped: 'a data key', record: 'a sealed record' };
    for (const { delivery } of seen.sent) expect(delivery).toMatchObject({ body: { sealed }, deferred: false });
    expect(JSON.stringify(seen.sent)).not.toContain('made_up');
  });

  test('is sealed too where no secret can be read', async () => {
    const { receive, seen } = world({ app: 'down' });
    expect(await receive(signedWith('secret_that_notion_made_up'))).toMatchObject({ ok: true });
    expect(seen.sent).toMatchObject([{ delivery: { body: { sealed: {} }, deferred: false } }]);
  });

  test('is not kept where another signed it, and verifies nothing else', async () => {
    const { receive, seen } = world();
    expect(await receive(signedWith('another_secret'))).toMatchObject(unauthenticated);
    const page = JSON.stringify({ type: 'page.created', id: '1' });
    expect(await receive(signedWith('secret_that_notion_made_up', page))).toMatchObject(unauthenticated);
    const padded = JSON.stringify({ verification_token: 'secret_that_notion_made_up', pad: 'x'.repeat(5_000) });
    expect(await receive(signedWith('secret_that_notion_made_up', padded))).toMatchObject(unauthenticated);
    expect(seen.sent).toEqual([]);
  });
});

describe('what a platform vouches for', () => {
  const sample = (provider: string) => {
    const found = samplesOf(provider).find(({ platform }) => platform);
    if (!found) throw new Error(`no such sample of ${provider}`);
    return found;
  };
  const arrive = (provider: string, app: ProviderApp | 'down', change: Partial<Arrival> = {}) => {
    const { headers, body, url } = sample(provider);
    const { receive, seen } = world({ app });
    return receive({ provider, headers, bytes: Buffer.from(body), url, ...change }).then((answer) => ({
      answer,
      seen,
    }));
  };

  test.each(['google', 'microsoft', 's3'])(
    'is kept to be verified later, where %s names a sender that is meant',
    async (id) => {
      const { secret, clientId, settings } = sample(id);
      const app = { clientId, webhookSecrets: [secret], webhookSettings: settings };
      expect((await arrive(id, app)).seen.sent).toMatchObject([{ delivery: { deferred: true }, group: id }]);
      for (const nobody of [{}, { webhookSecrets: [secret] }, { webhookSettings: { senders: ['somebody-else'] } }]) {
        const { answer, seen } = await arrive(id, nobody);
        expect({ answer, sent: seen.sent }).toMatchObject({ answer: unauthenticated, sent: [] });
      }
      expect((await arrive(id, 'down')).seen.sent).toMatchObject([{ delivery: { deferred: true } }]);
    },
  );

  test('is refused at once where it could not be right: a form that is none, a sender with an odd name', async () => {
    const { settings } = sample('s3');
    for (const body of [
      '',
      '{}',
      'null',
      '[]',
      '{"Type":"constructor"}',
      '{"Type":["Notification"]}',
      'x'.repeat(1_000),
    ]) {
      const { answer, seen } = await arrive('s3', { webhookSettings: settings }, { bytes: Buffer.from(body) });
      expect({ answer, sent: seen.sent }, body).toMatchObject({ answer: unauthenticated, sent: [] });
    }
    const google = { webhookSettings: sample('google').settings, webhookSecrets: [SECRET] };
    for (const authorization of [
      '',
      'Bearer ',
      'Bearer x',
      'Bearer a.b.c',
      `Bearer ${'a'.repeat(10_000)}`,
      'Basic x',
    ]) {
      const { answer } = await arrive('google', google, { headers: { authorization } });
      expect(answer, authorization).toMatchObject(unauthenticated);
    }
  });
});

describe('a large body', () => {
  test('of somebody unknown is not read for the sake of a token in it (D-11)', async () => {
    const { receive } = world({ app: { webhookSecrets: [SECRET], webhookSettings: { senders: ['arn:aws:sns:x'] } } });
    const many = JSON.stringify(Array.from({ length: 1_000_000 }, () => ({})));
    for (const provider of ['microsoft', 's3', 'google', 'mixpanel', 'twilio']) {
      const before = process.cpuUsage();
      const arrival = { provider, headers: { 'content-type': 'application/json' }, bytes: Buffer.from(many) };
      expect(await receive(arrival)).toMatchObject(unauthenticated);
      expect(process.cpuUsage(before).user, provider).toBeLessThan(100_000);
    }
  });

  test('that is believed has the answer that its sender wants', async () => {
    const { receive, seen } = world({ app: { webhookSecrets: [SECRET] } });
    const members = Array.from({ length: 5_000 }, (_, n) => ({
      email: `${n}@example.com`,
      mixpanel_distinct_id: `id-${n}`,
    }));
    const bytes = Buffer.from(JSON.stringify({ action: 'add_members', parameters: { members } }));
    expect(bytes.length).toBeGreaterThan(256_000);
    const headers = { authorization: `Basic ${Buffer.from(`name:${SECRET}`).toString('base64')}` };
    expect(await receive({ provider: 'mixpanel', headers, bytes })).toMatchObject({
      value: { type: 'application/json', body: '{"action":"add_members","status":"success"}' },
    });
    expect(seen.sent).toHaveLength(1);
  });
});
