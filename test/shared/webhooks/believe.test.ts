import { createHmac, createPublicKey, generateKeyPairSync, type KeyObject, sign as signWith } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { err, ok } from '../../../shared/core/result.ts';
import type { ProviderApp } from '../../../shared/providers/app.ts';
import { findWebhooks } from '../../../shared/providers/senders.ts';
import { believe } from '../../../shared/webhooks/believe.ts';
import type { Delivery } from '../../../shared/webhooks/contract.ts';
import { openPlatformKeys } from '../../../shared/webhooks/platform-keys.ts';
import { platformOf, type Sample, samplesOf } from '../../support/samples.ts';

const NOW_MS = 1_700_000_000_000;
const NOW_S = NOW_MS / 1000;
const GOOGLE_KEYS = 'https://www.googleapis.com/oauth2/v3/certs';

interface Late {
  readonly app?: ProviderApp;
  readonly platform?: Readonly<Record<string, string>>;
  readonly nowMs?: number;
}

/** A delivery that is to be verified now, with what was asked of the network on the way. */
async function late(provider: string, delivery: Partial<Delivery> & { body: { base64: string } }, options: Late) {
  const { app = {}, platform, nowMs = NOW_MS } = options;
  const webhooks = findWebhooks(provider);
  if (!webhooks) throw new Error('no such sender');
  const { send, asked } = platformOf({ platform });
  const receivedAt = new Date(nowMs).toISOString();
  const whole = { provider, receivedAt, requestId: 'req-1', headers: {}, deferred: true, ...delivery };
  const request = { headers: whole.headers, url: whole.url, bytes: Buffer.from(delivery.body.base64, 'base64') };
  const keys = openPlatformKeys(send, () => nowMs);
  const ports = { readApp: async () => app, readEndpoint: async () => undefined, keys, send };
  return { believed: await believe(webhooks, whole, request, ports), asked };
}

const base64 = (text: string) => ({ base64: Buffer.from(text).toString('base64') });

describe('a token that Google signed', () => {
  const sample = samplesOf('google').find(({ platform }) => platform) as Sample;
  const [sender = ''] = sample.settings?.senders ?? [];
  const own = generateKeyPairSync('rsa', { modulusLength: 2048 });
  let foreign: KeyObject;
  beforeAll(() => {
    foreign = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  });
  const certs = {
    [GOOGLE_KEYS]: JSON.stringify({ keys: [{ ...own.publicKey.export({ format: 'jwk' }), kid: 'k1' }] }),
  };

  const good = {
    iss: 'https://accounts.google.com',
    aud: 'https://hub.example.com/webhooks/google',
    email: sender,
    email_verified: true,
    iat: NOW_S - 10,
    exp: NOW_S + 3_600,
  };
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const token = (claims: unknown = good, header: unknown = { alg: 'RS256', kid: 'k1' }, key = own.privateKey) => {
    const text = `${encode(header)}.${encode(claims)}`;
    return `${text}.${signWith('sha256', Buffer.from(text), key).toString('base64url')}`;
  };
  const send = (authorization: string, { url = good.aud, ...options }: Late & { url?: string } = {}) =>
    late(
      'google',
      { headers: { authorization }, url, body: base64(sample.body) },
      { app: { webhookSettings: { senders: [sender] } }, platform: certs, ...options },
    );

  test('is believed, for the address it is for, with either name of the issuer', async () => {
    expect((await send(`Bearer ${token()}`)).believed).toMatchObject({ ok: true, value: { handshake: false } });
    expect((await send(`Bearer ${token({ ...good, iss: 'accounts.google.com' })}`)).believed.ok).toBe(true);
    expect((await send(`Bearer ${token()}`, { url: `${good.aud}?x=1` })).believed.ok).toBe(true);
  });

  test.each<[string, () => string]>([
    ['another audience', () => token({ ...good, aud: 'https://other.example.com/webhooks/google' })],
    ['several audiences', () => token({ ...good, aud: [good.aud, 'x'] })],
    ['another issuer', () => token({ ...good, iss: 'https://accounts.google.com.evil.example' })],
    ['another sender', () => token({ ...good, email: 'push@evil.iam.gserviceaccount.com' })],
    ['no sender', () => token({ ...good, email: undefined })],
    ['an unverified sender', () => token({ ...good, email_verified: 'true' })],
    ['an end long ago', () => token({ ...good, exp: NOW_S - 301 })],
    ['no end', () => token({ ...good, exp: undefined })],
    ['a start to come', () => token({ ...good, iat: NOW_S + 301 })],
    ['no algorithm', () => `${encode({ alg: 'none', kid: 'k1' })}.${encode(good)}.`],
    ['another algorithm', () => token(good, { alg: 'RS512', kid: 'k1' })],
    ['no key', () => token(good, { alg: 'RS256' })],
    ['a fourth part', () => `${token()}.x`],
    ['no third part', () => token().split('.').slice(0, 2).join('.')],
    ['no JSON', () => 'a.b.c'],
  ])('is not believed with %s, and no key is asked for (D-05)', async (_what, make) => {
    const { believed, asked } = await send(`Bearer ${make()}`);
    expect(believed).toMatchObject({ ok: false, error: { code: 'unauthenticated' } });
    expect(asked).toEqual([]);
  });

  test("is not believed by another's key, by its own claim of one, or made with the public key as a secret", async () => {
    const header = {
      alg: 'RS256',
      kid: 'k1',
      jku: 'https://evil.example/keys',
      x5u: 'https://evil.example/cert',
      jwk: {},
    };
    for (const forged of [
      token(good, undefined, foreign),
      token(good, header, foreign),
      token(good, { alg: 'RS256', kid: 'k2' }, foreign),
    ]) {
      const { believed, asked } = await send(`Bearer ${forged}`);
      expect(believed).toMatchObject({ ok: false, error: { code: 'unauthenticated' } });
      expect(asked).toEqual([GOOGLE_KEYS]);
    }
    const text = `${encode({ alg: 'HS256', kid: 'k1' })}.${encode(good)}`;
    const pem = createPublicKey(own.privateKey).export({ format: 'pem', type: 'spki' });
    const mac = createHmac('sha256', pem).update(text).digest('base64url');
    expect((await send(`Bearer ${text}.${mac}`)).believed.ok).toBe(false);
  });

  test('is not believed where no sender is named, or another spelling of the header', async () => {
    expect((await send(`Bearer ${token()}`, { app: {} })).believed.ok).toBe(false);
    for (const value of [token(), `bearer ${token()}`, `Bearer  ${token()}`, `Bearer ${token()},Bearer ${token()}`]) {
      expect((await send(value)).believed.ok, value).toBe(false);
    }
  });

  test('has nobody visit an address that is not the platform’s, though it is signed', async () => {
    const webhooks = findWebhooks('google');
    if (!webhooks) throw new Error('no such sender');
    const visit = { at: 'address', hosts: 'good\\.example\\.com' };
    const to = async (address: string) => {
      const { send: ask } = platformOf({ platform: certs });
      const asked: string[] = [];
      const send: typeof ask = async (request) => {
        if (request.url !== GOOGLE_KEYS) asked.push(request.url);
        return request.url === GOOGLE_KEYS ? ask(request) : ok({ status: 200, headers: {}, body: Buffer.alloc(0) });
      };
      const bytes = Buffer.from(JSON.stringify({ address }));
      const request = { headers: { authorization: `Bearer ${token()}` }, url: good.aud, bytes };
      const believed = await believe(
        { ...webhooks, replies: [{ handshake: 'verified', visit }] },
        {
          ...{ provider: 'google', receivedAt: new Date(NOW_MS).toISOString(), requestId: 'r', deferred: true },
          ...{ headers: request.headers, body: { base64: bytes.toString('base64') } },
        },
        request,
        {
          readApp: async () => ({ webhookSettings: { senders: [sender] } }),
          readEndpoint: async () => undefined,
          keys: openPlatformKeys(send, () => NOW_MS),
          send,
        },
      );
      return { ok: believed.ok, asked };
    };
    const confirm = 'https://good.example.com/confirm';
    expect(await to(confirm)).toEqual({ ok: true, asked: [confirm] });
    for (const address of ['https://evil.example/confirm', 'http://good.example.com/confirm', ''])
      expect(await to(address), address).toEqual({ ok: false, asked: [] });
  });

  test('comes again while Google cannot be asked', async () => {
    const webhooks = findWebhooks('google');
    if (!webhooks) throw new Error('no such sender');
    const down = async () => ({ ok: true as const, value: { status: 503, headers: {}, body: Buffer.alloc(0) } });
    const request = { headers: { authorization: `Bearer ${token()}` }, url: good.aud, bytes: Buffer.from(sample.body) };
    const delivery = { provider: 'google', receivedAt: new Date(NOW_MS).toISOString(), requestId: 'r', deferred: true };
    const ports = {
      readApp: async () => ({ webhookSettings: { senders: [sender] } }),
      readEndpoint: async () => undefined,
      keys: openPlatformKeys(down, () => NOW_MS),
      send: down,
    };
    const whole = { ...delivery, headers: request.headers, body: base64(sample.body) };
    expect(await believe(webhooks, whole, request, ports)).toMatchObject({ ok: false, error: { code: 'unavailable' } });
  });
});

describe("Microsoft's notifications with data", () => {
  const sample = samplesOf('microsoft').find(({ platform }) => platform) as Sample;
  const send = (body: string, app: ProviderApp = { clientId: sample.clientId, webhookSecrets: [sample.secret] }) =>
    late('microsoft', { body: base64(body) }, { app, platform: sample.platform });

  test('are believed by their tokens and by the secret of their subscription, not by one of them', async () => {
    expect((await send(sample.body)).believed.ok).toBe(true);
    expect((await send(sample.body.replaceAll(sample.secret, 'another-secret-of-nobody'))).believed.ok).toBe(false);
    expect((await send(sample.body, { clientId: 'another-app', webhookSecrets: [sample.secret] })).believed.ok).toBe(
      false,
    );
    expect((await send(sample.body, { webhookSecrets: [sample.secret] })).believed.ok).toBe(false);
    const { validationTokens, ...rest } = JSON.parse(sample.body);
    const [token] = validationTokens;
    const second = `${token.slice(0, -8)}AAAAAAAA`;
    expect((await send(JSON.stringify({ ...rest, validationTokens: [token, second] }))).believed.ok).toBe(false);
    expect((await send(JSON.stringify({ ...rest, validationTokens: [7] }))).believed.ok).toBe(false);
    expect((await send(JSON.stringify({ ...rest, validationTokens: [token, token] }))).believed.ok).toBe(true);
  });
});

describe('a message of Amazon SNS', () => {
  const [sample] = samplesOf('s3') as [Sample];
  const notice = JSON.parse(sample.body);
  const [topic = ''] = sample.settings?.senders ?? [];
  const send = (change: object, senders: string[] = [topic]) =>
    late(
      's3',
      { body: base64(JSON.stringify({ ...notice, ...change })) },
      { app: { webhookSettings: { senders } }, platform: sample.platform },
    );

  test('is believed of a topic that is named, by a certificate of Amazon alone', async () => {
    expect((await send({})).believed.ok).toBe(true);
    expect((await send({}, ['arn:aws:sns:eu-central-1:111111111111:other'])).asked).toEqual([]);
    for (const SigningCertURL of [
      'http://sns.eu-central-1.amazonaws.com/a.pem',
      'https://sns.eu-central-1.amazonaws.com.evil.example/a.pem',
      'https://evil.example/sns.eu-central-1.amazonaws.com/a.pem',
      'https://sns.eu-central-1.amazonaws.com@evil.example/a.pem',
      'https://user:x@sns.eu-central-1.amazonaws.com/a.pem',
      'https://sns.eu-central-1.amazonaws.com:8443/a.pem',
      'https://snsXeu-central-1.amazonaws.com/a.pem',
      'https://s3.eu-central-1.amazonaws.com/bucket/a.pem',
      'https://sns.eu.evil.amazonaws.com/a.pem',
      'https://sns.eu-central-1.amazonaws.com/a.crt',
      'https://sns.eu-central-1.amazonaws.com/?Action=Echo&x=a.pem',
      'https://sns.eu-central-1.amazonaws.com/a.pem?x=.pem',
      'https://sns.eu-central-1.amazonaws.com/a.pem#.pem',
      'https://sns.eu-central-1.amazonaws.com/a/../b.pem',
      'file:///etc/passwd.pem',
      'not a url',
      '',
    ]) {
      const { believed, asked } = await send({ SigningCertURL });
      expect({ ok: believed.ok, asked }, SigningCertURL).toEqual({ ok: false, asked: [] });
    }
  });

  test('is not believed once a word of it is another, or where its signature is of no known version', async () => {
    for (const change of [
      { Message: '{"Records":[]}' },
      { Subject: 'another' },
      { Subject: undefined },
      { MessageId: '1' },
      { Timestamp: '2023-11-14T22:13:21.500Z' },
      { Type: 'SubscriptionConfirmation' },
      { Type: 'constructor' },
      { Signature: notice.Signature.replace(/^./, (sign: string) => (sign === 'A' ? 'B' : 'A')) },
      { Signature: '' },
      { SignatureVersion: '1' },
      { SignatureVersion: '3' },
      { SignatureVersion: undefined },
    ]) {
      expect((await send(change)).believed, JSON.stringify(change)).toMatchObject({
        error: { code: 'unauthenticated' },
      });
    }
  });

  test('that confirms a subscription is answered by a visit to Amazon, once it is believed', async () => {
    const confirmation = samplesOf('s3').find(({ expect: { handshake } }) => handshake) as Sample;
    const told = JSON.parse(confirmation.body);
    const confirm = (change: object) =>
      late(
        's3',
        { body: base64(JSON.stringify({ ...told, ...change })) },
        { app: { webhookSettings: { senders: [topic] } }, platform: confirmation.platform },
      );
    const { believed, asked } = await confirm({});
    expect(believed).toMatchObject({ ok: true, value: { handshake: true } });
    expect(asked).toEqual([told.SigningCertURL, told.SubscribeURL]);
    const forged = await confirm({ SubscribeURL: 'https://evil.example/?Action=ConfirmSubscription' });
    expect(forged.believed.ok).toBe(false);
    expect(forged.asked).toEqual([told.SigningCertURL]);
  });
});

describe('a delivery that is not believed, or not yet', () => {
  const s3 = samplesOf('s3').find(({ expect: { handshake } }) => handshake) as Sample;
  const told = JSON.parse(s3.body);
  const settings = { senders: [told.TopicArn] };

  test.each<[string, Parameters<typeof late>, object]>([
    [
      'at an endpoint that nobody has',
      ['stripe', { endpoint: 'ep_none', body: base64('{}') }, {}],
      { code: 'unauthenticated', cause: 'the endpoint is unknown' },
    ],
    [
      'without its signature',
      ['stripe', { body: base64('{}') }, { app: { webhookSecrets: ['made-up-secret-of-stripe'] } }],
      { code: 'unauthenticated', cause: 'the signature is missing' },
    ],
    [
      'of a topic that is not meant',
      ['s3', { body: base64(s3.body) }, { app: { webhookSettings: { senders: ['arn:aws:sns:x:1:other'] } } }],
      { code: 'unauthenticated', cause: 'nobody who is meant' },
    ],
    [
      'that the platform did not sign',
      [
        's3',
        { body: base64(JSON.stringify({ ...told, Message: 'another' })) },
        { app: { webhookSettings: settings }, platform: s3.platform },
      ],
      { code: 'unauthenticated', cause: 'the platform did not sign it' },
    ],
  ])('%s', async (_what, given, error) => {
    expect((await late(...given)).believed).toMatchObject({ ok: false, error });
  });

  test('with a token of its own is judged by the secret', async () => {
    const secret = 'made-up-token-of-a-channel';
    const headers = {
      ...{ 'x-goog-channel-token': secret, 'x-goog-channel-id': 'c', 'x-goog-message-number': '1' },
      'x-goog-resource-state': 'exists',
    };
    const send = (webhookSecrets: string[]) =>
      late('google', { headers, body: base64('') }, { app: { webhookSecrets, webhookSettings: { senders: ['a@b'] } } });
    expect((await send([secret])).believed.ok).toBe(true);
    expect((await send(['another-token-of-a-channel'])).believed).toMatchObject({
      error: { cause: 'no secret matches' },
    });
  });

  test('comes again where its address was to be visited and did not answer well', async () => {
    const webhooks = findWebhooks('s3');
    const found = Object.entries(s3.platform ?? {})[0]?.[1] ?? '';
    const asked: string[] = [];
    const visit = async (answer: { status: number } | 'none', change: object = {}) => {
      if (!webhooks) throw new Error('no such sender');
      const send: Parameters<typeof openPlatformKeys>[0] = async ({ url, method, timeoutMs }) => {
        const isVisit = url.includes('ConfirmSubscription');
        if (isVisit) asked.push(`${method} within ${timeoutMs} ms`);
        if (isVisit && answer === 'none') return err({ reason: 'timeout', sent: true, cause: 'no answer' } as const);
        const { status } = isVisit && answer !== 'none' ? answer : { status: 200 };
        return ok({ status, headers: {}, body: Buffer.from(found) });
      };
      const ports = {
        readApp: async () => ({ webhookSettings: settings }),
        readEndpoint: async () => undefined,
        keys: openPlatformKeys(send, () => NOW_MS),
        send,
      };
      const bytes = Buffer.from(JSON.stringify({ ...told, ...change }));
      const delivery = {
        ...{ provider: 's3', receivedAt: new Date(NOW_MS).toISOString(), requestId: 'r', deferred: true, headers: {} },
        body: { base64: bytes.toString('base64') },
      };
      return believe(webhooks, delivery, { headers: {}, bytes }, ports);
    };
    expect(await visit({ status: 200 })).toMatchObject({ ok: true, value: { handshake: true } });
    expect(await visit({ status: 299 })).toMatchObject({ ok: true });
    for (const answer of [{ status: 300 }, { status: 404 }, { status: 503 }, 'none'] as const) {
      expect(await visit(answer)).toEqual({
        ok: false,
        error: { code: 'unavailable', message: 'The request cannot be verified at present.', cause: 'Error' },
      });
    }
    expect(new Set(asked)).toEqual(new Set(['GET within 5000 ms']));
  });

  test('is read as its settings complete it, also where it was verified when it came', async () => {
    const algorithm = 'sha256' as const;
    const signature = { header: 'x-partner-signature', algorithm, encoding: 'hex' as const, signed: ['body' as const] };
    const { believed } = await late('hmac', { deferred: false, settings: { signature }, body: base64('{}') }, {});
    expect(believed).toMatchObject({ value: { webhooks: { signatures: [{ header: 'x-partner-signature' }] } } });
  });
});

test('a delivery that was verified when it came is not verified again, and its endpoint says whose it is', async () => {
  const owner = { tenantId: 'acme' as never, connection: { provider: 'stripe', name: 'default' } };
  const { believed, asked } = await late('stripe', { deferred: false, owner, body: base64('{}') }, {});
  expect(believed).toMatchObject({ ok: true, value: { owner, handshake: false } });
  expect(asked).toEqual([]);
});

describe('the keys of a platform', () => {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
  const jwks = (...ids: string[]) =>
    JSON.stringify({ keys: ids.map((kid) => ({ ...publicKey.export({ format: 'jwk' }), kid })) });

  function world(text = jwks('a')) {
    const state = { text, status: 200, nowMs: NOW_MS, asked: 0 };
    const send = async () => {
      state.asked++;
      return { ok: true as const, value: { status: state.status, headers: {}, body: Buffer.from(state.text) } };
    };
    return { state, keys: openPlatformKeys(send, () => state.nowMs) };
  }

  test('are asked for once an hour, and once a minute for one that nobody knows', async () => {
    const { state, keys } = world();
    for (let n = 0; n < 50; n++) expect(await keys.keyOf('https://keys', 'a')).toBeDefined();
    expect(state.asked).toBe(1);
    for (let n = 0; n < 50; n++) expect(await keys.keyOf('https://keys', `invented-${n}`)).toBeUndefined();
    expect(state.asked).toBe(1);
    state.nowMs += 60_000;
    state.text = jwks('a', 'b');
    expect(await keys.keyOf('https://keys', 'b')).toBeDefined();
    expect(state.asked).toBe(2);
    state.nowMs += 3_600_000;
    await keys.keyOf('https://keys', 'a');
    expect(state.asked).toBe(3);
  });

  test('are kept for a day where the platform does not answer', async () => {
    const { state, keys } = world();
    await keys.keyOf('https://keys', 'a');
    state.status = 503;
    state.nowMs += 23 * 3_600_000;
    expect(await keys.keyOf('https://keys', 'a')).toBeDefined();
    await expect(keys.keyOf('https://keys', 'c')).rejects.toThrow();
    state.nowMs += 3_600_000;
    await expect(keys.keyOf('https://keys', 'a')).rejects.toThrow();
  });

  test('are none where what is there is none', async () => {
    for (const text of [
      '',
      '{}',
      '[]',
      '{"keys":{}}',
      '{"keys":[7,{"kid":"a"},{"kid":"a","kty":"RSA","n":1}]}',
      'null',
    ]) {
      expect(await world(text).keys.keyOf('https://keys', 'a')).toBeUndefined();
      expect(await world(text).keys.certificateKey('https://cert')).toBeUndefined();
    }
  });
});
