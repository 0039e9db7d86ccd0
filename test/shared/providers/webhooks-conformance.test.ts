import { createRequire } from 'node:module';
import { describe, expect, test } from 'vitest';
import { catalogue } from '../../../shared/providers/catalogue.ts';
import { githubWebhooks } from '../../../shared/providers/github/webhooks.ts';
import { findWebhooks, otherSenders, webhooksOf } from '../../../shared/providers/senders.ts';
import { configure, type WebhookSettings } from '../../../shared/providers/settings.ts';
import { slackWebhooks } from '../../../shared/providers/slack/webhooks.ts';
import { type Signature, type Webhooks, waysOf } from '../../../shared/providers/webhooks.ts';
import { bringsSecret, nothing, replyTo, unsignedHandshake, wordsOf } from '../../../shared/webhooks/answer.ts';
import { believe } from '../../../shared/webhooks/believe.ts';
import { readDocument } from '../../../shared/webhooks/document.ts';
import { openPlatformKeys } from '../../../shared/webhooks/platform-keys.ts';
import { split } from '../../../shared/webhooks/split.ts';
import {
  eventHeaders,
  headersRead,
  type Incoming,
  isVouched,
  readClaim,
  verify,
} from '../../../shared/webhooks/verify.ts';
import { platformOf, type Sample, samplesOf, sign } from '../../support/samples.ts';

const providers = Object.entries({ ...webhooksOf, ...otherSenders }) as [string, Webhooks][];

test('every sender that the catalogue has is known to the intake; the others are no providers; nobody else is known', () => {
  const declared = Object.entries(catalogue).filter(([, { webhooks }]) => webhooks);
  expect(Object.keys(webhooksOf).sort()).toEqual(declared.map(([id]) => id).sort());
  for (const [id, { webhooks }] of declared) expect(findWebhooks(id)).toBe(webhooks);
  for (const [id, webhooks] of Object.entries(otherSenders)) {
    expect(Object.hasOwn(catalogue, id)).toBe(false);
    expect(findWebhooks(id)).toBe(webhooks);
  }
  for (const stranger of ['nobody', 'constructor', '__proto__', 'toString'])
    expect(findWebhooks(stranger)).toBeUndefined();
});

/** Senders behind whom no app stands: the account itself signs. */
const signedByAccount = ['twilio'];

test("what comes to the owner's app concerns each way that goes through it, and no other; an ending some of these (D-13)", () => {
  for (const [id, { provider, webhooks }] of Object.entries(catalogue)) {
    if (!webhooks || webhooks.accounts.length === 0) continue;
    const kinds = provider.auth.map(({ kind }) => kind);
    const through = provider.auth.filter((way) => way.kind === 'oauth2' || JSON.stringify(way).includes('{app.'));
    const expected = signedByAccount.includes(id) ? kinds : through.map(({ kind }) => kind);
    expect([...waysOf(webhooks)].sort(), id).toEqual([...expected].sort());
    for (const [type, ending] of Object.entries(webhooks.lifecycle ?? {})) {
      expect(waysOf(ending).length, type).toBeGreaterThan(0);
      expect(expected, `${id} ${type}`).toEqual(expect.arrayContaining([...waysOf(ending)]));
    }
  }
});

interface Change {
  readonly headers?: Record<string, string>;
  readonly body?: Buffer;
  readonly url?: string;
  readonly nowMs?: number;
  readonly secrets?: readonly string[];
  readonly settings?: WebhookSettings;
}

const requestOf = (sample: Sample, changed: Change = {}): Incoming => ({
  headers: changed.headers ?? sample.headers,
  bytes: changed.body ?? Buffer.from(sample.body),
  url: changed.url ?? sample.url,
});

/** Whether the hub believes it, at once or later, when it has asked the platform for its key. */
async function isBelieved(provider: string, webhooks: Webhooks, sample: Sample, changed: Change = {}) {
  const { settings = sample.settings, secrets = [sample.secret], nowMs = Date.parse(sample.sentAt) } = changed;
  const request = requestOf(sample, changed);
  const configured = configure(webhooks, settings);
  if (!configured) return false;
  if (verify(configured, request, secrets, nowMs).ok) return true;
  const claim = readClaim(configured, request, nowMs);
  if (!claim.ok || !isVouched(claim.value.signature)) return false;
  const { send } = platformOf(sample);
  const ports = {
    readApp: async () => ({ clientId: sample.clientId, webhookSecrets: [...secrets], webhookSettings: settings }),
    readEndpoint: async () => undefined,
    keys: openPlatformKeys(send, () => nowMs),
    send,
  };
  const headers = request.headers as Record<string, string>;
  const body = { base64: request.bytes.toString('base64') };
  const receivedAt = new Date(nowMs).toISOString();
  const delivery = { provider, receivedAt, requestId: 'req-1', headers, body, deferred: true };
  return (await believe(webhooks, delivery, request, ports)).ok;
}

/** Whose events may be named by what is not signed: the same body may be of two of them, and nothing else tells. */
const namedInTheOpen = {
  github: 'each delivery has a number, in a header alone',
  hmac: 'the settings say where the name is',
  posthog: 'the name is in a header alone; the signed time leaves 300 s',
};

const cases = providers.flatMap(([provider, webhooks]) =>
  samplesOf(provider).map((sample) => [`${provider}/${sample.file}`, { provider, webhooks, sample }] as const),
);

test('every sender has samples', () => {
  for (const [provider] of providers) expect(samplesOf(provider).length, provider).toBeGreaterThan(2);
});

describe.each(cases)('%s', (_file, { provider, webhooks, sample }) => {
  const configured = configure(webhooks, sample.settings) ?? webhooks;
  const nowMs = Date.parse(sample.sentAt);
  const { events = [], handshake, answer } = sample.expect;

  test('is answered as it says', () => {
    const request = requestOf(sample);
    const document = readDocument(configured, request);
    const reply = unsignedHandshake(configured, request) ?? replyTo(configured, request, document);
    expect(bringsSecret(configured, request, nowMs)).toBe(handshake === 'captured');
    if (handshake !== 'captured') expect(reply?.handshake).toBe(handshake);
    expect(wordsOf(reply, request, document)).toEqual({ ok: true, value: { ...nothing, ...answer } });
  });

  if (handshake === 'unsigned') return;

  test('is believed, and holds what it says', async () => {
    expect(await isBelieved(provider, webhooks, sample)).toBe(true);
    if (handshake) return;
    const found = split(configured, requestOf(sample), nowMs);
    expect(
      found.map(({ type, accountIds, ending }) => ({ type, accounts: accountIds, ending: ending?.reason })),
    ).toEqual(events.map(({ type, accounts, ending }) => ({ type, accounts, ending })));
    for (const [index, { id, occurredAt }] of events.entries()) {
      if (id !== undefined) expect(found[index]?.id).toBe(id);
      expect(found[index]?.occurredAtMs).toBe(occurredAt && Date.parse(occurredAt));
    }
    expect(new Set(found.map(({ id }) => id)).size).toBe(found.length);
    const kept = JSON.stringify(found.map(({ data }) => data));
    if (sample.secret.length >= 16) expect(kept).not.toContain(sample.secret);
  });

  test('is the same event whenever it is sent again, unless it is a mere signal (D-08)', () => {
    const idsAt = (ms: number) => split(configured, requestOf(sample), ms).map(({ id }) => id);
    for (const [index, { signal = false }] of events.entries()) {
      expect(idsAt(nowMs + 1_000)[index]).toBe(idsAt(nowMs)[index]);
      expect(idsAt(nowMs + 2 * 86_400_000)[index] !== idsAt(nowMs)[index]).toBe(signal);
    }
  });

  test('is told apart by nothing that its signature does not cover (D-08)', () => {
    const claim = readClaim(configured, requestOf(sample), nowMs);
    if (!claim.ok) throw new Error('it is no genuine sample');
    const { signature } = claim.value;
    if (!('signed' in signature) || Object.hasOwn(namedInTheOpen, provider)) return;
    const covered = signature.signed.flatMap((part) =>
      typeof part === 'object' && 'header' in part ? part.header : [],
    );
    const read = (headers: Sample['headers']) =>
      split(configured, requestOf(sample, { headers: { ...headers } }), nowMs).map(({ id, bodyHash }) => [
        id,
        bodyHash,
      ]);
    for (const header of Object.keys(sample.headers).filter(
      (name) => !covered.includes(name) && name !== 'content-type',
    )) {
      expect(read({ ...sample.headers, [header]: 'another' }), header).toEqual(read(sample.headers));
    }
  });

  test('is refused once anything is wrong (D-01, D-07, D-10)', async () => {
    const claim = readClaim(configured, requestOf(sample), nowMs);
    if (!claim.ok) throw new Error('it is no genuine sample');
    const { signature } = claim.value;
    const refused = async (why: string, changed: Change) =>
      expect(await isBelieved(provider, webhooks, sample, changed), why).toBe(false);

    for (const [why, body] of tampered(signature, sample)) await refused(why, { body });
    if (!isVouched(signature)) {
      await refused('a wrong secret', { secrets: ['another-secret-of-this-hub'] });
      await refused('no secret', { secrets: [] });
      await refused('an empty secret', { secrets: [''] });
    }
    if (sample.settings) await refused('no settings', { settings: {} });
    const shown = { ...configured, signatures: [signature] };
    for (const header of headersRead(shown).filter((name) => sample.headers[name] !== undefined)) {
      const { [header]: value, ...rest } = sample.headers;
      await refused(`${header} twice`, { headers: { ...rest, [header]: `${value},${value}` } });
      const own = !eventHeaders(configured).includes(header) || signature.requires?.includes(header);
      if (!own) continue;
      await refused(`${header} empty`, { headers: { ...rest, [header]: '' } });
      if (!isWeaker(configured, signature, rest)) await refused(`${header} missing`, { headers: rest });
    }
    if (!('timestamp' in signature) || !signature.timestamp) return;
    for (const offS of [-301, 301, 86_400]) await refused(`${offS} s off`, { nowMs: nowMs + offS * 1000 });
    for (const offS of [-300, -299, 299, 300]) {
      const near = await isBelieved(provider, webhooks, sample, { nowMs: nowMs + offS * 1000 });
      expect(near, `${offS} s off`).toBe(true);
    }
  });

  test('is refused at the address of any other sender, under its own secret too', async () => {
    const strangers = providers.filter(([id, other]) => id !== provider && !isAlike(webhooks, other));
    for (const [id, other] of strangers) expect(await isBelieved(id, other, sample), id).toBe(false);
  });
});

/** What else a body could be that was not sent; a token proves nothing of the body. */
function tampered(signature: Signature, { body }: Sample): [string, Buffer][] {
  if (signature.kind === 'sns')
    return [['another message', Buffer.from(body.replace(/"Message": ".{9}/, '"Message": "'))]];
  if (!('signed' in signature)) return [];
  const flipped = Buffer.from(body);
  flipped[flipped.length >> 1] = (flipped[flipped.length >> 1] ?? 0) ^ 1;
  return [
    ['a flipped bit', flipped],
    ['a longer body', Buffer.from(`${body} `)],
  ];
}

/** Stripped of its strongest form, a request may still show a weaker one that proves the same body (HubSpot). */
function isWeaker({ signatures }: Webhooks, { kind }: Signature, headers: Record<string, string>): boolean {
  return signatures.some((one) => one.kind !== kind && 'header' in one && headers[one.header] !== undefined);
}

/** Two that take the same bearer token differ in the secret alone. */
function isAlike(one: Webhooks, other: Webhooks): boolean {
  const forms = new Set(other.signatures.map((signature) => JSON.stringify(signature)));
  return one.signatures.some((signature) => forms.has(JSON.stringify(signature)));
}

/** Sent and read again by the provider's own numbers, an event is the same, whatever counts the attempts. */
test('what changes when an event is sent again makes no other event of it (D-08)', () => {
  const again = {
    google: ['"deliveryAttempt":1', '"deliveryAttempt":2'],
    hubspot: ['"attemptNumber":0', '"attemptNumber":1'],
    notion: ['"attempt_number":1', '"attempt_number":2'],
  };
  for (const [provider, [first = '', second = '']] of Object.entries(again)) {
    const webhooks = findWebhooks(provider);
    const sample = samplesOf(provider).find(({ body }) => body.includes(first));
    if (!webhooks || !sample) throw new Error(`no sample of ${provider} counts its attempts`);
    const read = (body: string) => split(webhooks, requestOf(sample, { body: Buffer.from(body) }), 0);
    const same = ({ id, bodyHash }: { id: string; bodyHash: string }) => ({ id, bodyHash });
    expect(read(sample.body.replaceAll(first, second)).map(same)).toEqual(read(sample.body).map(same));
    const other = sample.body
      .replaceAll('Größe', 'Grosse')
      .replaceAll('subscriber', 'customer')
      .replaceAll('20704436', '30704436');
    expect(read(other).map(same)).not.toEqual(read(sample.body).map(same));
  }
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
      const events = split(githubWebhooks, { headers, bytes }, 0);
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
  const request = { headers, bytes: Buffer.from(JSON.stringify(body)) };
  expect(split(githubWebhooks, request, 0)[0]?.accountIds).toEqual([]);
});

test("in a shared channel the authorization decides, not the sender's workspace (D-13)", () => {
  const read = (body: unknown) =>
    split(
      slackWebhooks,
      { headers: { 'content-type': 'application/json' }, bytes: Buffer.from(JSON.stringify(body)) },
      0,
    )[0]?.accountIds;
  const authorizations = [{ team_id: 'T1', enterprise_id: 'E1' }];
  expect(read({ team_id: 'T2', context_team_id: 'T3', authorizations, event: { type: 'message' } })).toEqual([
    'T1',
    'E1',
  ]);
  expect(read({ team_id: 'T2', context_team_id: 'T3', event: { type: 'message' } })).toEqual(['T3']);
  expect(read({ team_id: 'T2', event: { type: 'message' } })).toEqual(['T2']);
  expect(read({ type: 'app_rate_limited', team_id: 'T2' })).toEqual(['T2']);
});
