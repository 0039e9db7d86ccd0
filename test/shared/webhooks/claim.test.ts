import { createHmac, generateKeyPairSync, sign as signWith } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { discordWebhooks } from '../../../shared/providers/discord/webhooks.ts';
import { githubWebhooks } from '../../../shared/providers/github/webhooks.ts';
import { microsoftWebhooks } from '../../../shared/providers/microsoft/webhooks.ts';
import { mixpanelWebhooks } from '../../../shared/providers/mixpanel/webhooks.ts';
import { resendWebhooks } from '../../../shared/providers/resend/webhooks.ts';
import { webhooksOf } from '../../../shared/providers/senders.ts';
import { sendgridWebhooks } from '../../../shared/providers/sendgrid/webhooks.ts';
import { stripeWebhooks } from '../../../shared/providers/stripe/webhooks.ts';
import { twilioWebhooks } from '../../../shared/providers/twilio/webhooks.ts';
import type { Webhooks } from '../../../shared/providers/webhooks.ts';
import { publicKey } from '../../../shared/webhooks/signed.ts';
import { eventHeaders, headersRead, readClaim, verify } from '../../../shared/webhooks/verify.ts';
import { sign } from '../../support/samples.ts';

const NOW_MS = 1_700_000_000_000;
const SECRET = 'example-secret-that-is-long-enough';
const WHSEC = `whsec_${Buffer.from(SECRET).toString('base64')}`;
const body = '{"n":1}';

describe('of a request that waits, those headers are kept that show who sent it, and what', () => {
  test.each([
    ['github', ['x-hub-signature-256'], ['x-github-event', 'x-github-delivery']],
    ['resend', ['svix-signature', 'svix-timestamp'], ['svix-id']],
    ['stripe', ['stripe-signature'], []],
    ['twilio', ['x-twilio-signature'], []],
    [
      'hubspot',
      [
        ...['x-hubspot-signature-v3', 'x-hubspot-request-timestamp'],
        ...['x-hubspot-signature', 'x-hubspot-signature-version'],
      ],
      [],
    ],
    [
      'google',
      ['authorization', 'x-goog-channel-token'],
      ['x-goog-channel-id', 'x-goog-message-number', 'x-goog-resource-id', 'x-goog-resource-state'],
    ],
    ['microsoft', [], []],
  ] as const)('%s', (sender, shown, ofEvents) => {
    expect(headersRead(webhooksOf[sender]).sort()).toEqual([...shown, ...ofEvents].sort());
    expect([...eventHeaders(webhooksOf[sender])].sort()).toEqual([...ofEvents].sort());
  });

  test('those of an action and of an answer, too; each once', () => {
    const webhooks = {
      ...stripeWebhooks,
      eventId: [[{ header: 'x-id' }, { body: 'id' }]],
      eventType: [{ header: 'x-type' }],
      eventAction: { header: 'x-action' },
      inHeaders: { id: 'x-id', more: 'x-more' },
      replies: [{ when: { header: 'x-hello' }, handshake: 'verified' as const }, { status: 202 as const }],
    };
    const names = ['x-action', 'x-hello', 'x-id', 'x-more', 'x-type'];
    expect([...eventHeaders(webhooks)].sort()).toEqual(names);
    expect(headersRead(webhooks).sort()).toEqual(['stripe-signature', ...names]);
  });

  test('those that are signed or must be there, though no event is known by them', () => {
    const [signature] = resendWebhooks.signatures;
    const signed = [{ header: 'x-signed' }, ...signature.signed];
    const webhooks = {
      ...resendWebhooks,
      signatures: [{ ...signature, signed, requires: ['x-required'] }],
      eventId: [],
    };
    expect(headersRead(webhooks).sort()).toEqual(
      ['svix-id', 'svix-signature', 'svix-timestamp', 'x-required', 'x-signed'].sort(),
    );
  });
});

test('the hub knows why a request is not believed; its sender hears one answer for all (D-17)', () => {
  const made = sign(resendWebhooks, WHSEC, body, { headers: { 'svix-id': 'msg_1' } });
  const why = (headers: Record<string, string | undefined>, { secret = WHSEC, nowMs = NOW_MS } = {}) => {
    const verified = verify(resendWebhooks, { headers, bytes: Buffer.from(body) }, [secret], nowMs);
    if (verified.ok) return 'believed';
    const { cause, ...answer } = verified.error;
    expect(answer).toEqual({ code: 'unauthenticated', message: 'The request could not be verified.' });
    return cause;
  };
  expect(why(made)).toBe('believed');
  expect(why({})).toBe('the signature is missing');
  expect(why({ ...made, 'svix-id': undefined })).toBe('svix-id is missing or repeated');
  expect(why({ ...made, 'svix-id': 'msg_1,msg_2' })).toBe('svix-id is missing or repeated');
  expect(why({ ...made, 'svix-signature': 'v1,x' })).toBe('the signature is malformed');
  expect(why({ ...made, 'svix-timestamp': 'now' })).toBe('the time is malformed');
  expect(why(made, { nowMs: NOW_MS + 301_000 })).toBe('the time is too far from ours');
  expect(why(made, { secret: `whsec_${Buffer.from('another-secret-of-theirs').toString('base64')}` })).toBe(
    'no secret matches',
  );
});

test('a signed time is near until the second that its sender names, either way (D-07)', () => {
  const headers = sign(stripeWebhooks, SECRET, body);
  const at = (nowMs: number) => verify(stripeWebhooks, { headers, bytes: Buffer.from(body) }, [SECRET], nowMs).ok;
  expect([-300_001, -300_000, 300_999, 301_000].map((offMs) => at(NOW_MS + offMs))).toEqual([false, true, true, false]);
});

test('which form a body shows is read from the body: with tokens of the platform its secret alone is not enough', () => {
  const claim = (value: object) =>
    readClaim(microsoftWebhooks, { headers: {}, bytes: Buffer.from(JSON.stringify(value)) }, NOW_MS);
  const value = [{ clientState: SECRET }];
  expect(claim({ value })).toMatchObject({ value: { signature: { kind: 'token' }, marks: [Buffer.from(SECRET)] } });
  expect(claim({ value, validationTokens: ['x'] })).toMatchObject({ value: { signature: { kind: 'jwt' }, marks: [] } });
});

test('a header that none of its sender asks for may be missing, and one of the event that is there is well spelled (D-10)', () => {
  const headers = { authorization: `Basic ${Buffer.from(`a:${SECRET}`).toString('base64')}` };
  const webhooks = { ...mixpanelWebhooks, eventId: [{ header: 'x-id' }] };
  const believed = (more: object) =>
    verify(webhooks, { headers: { ...headers, ...more }, bytes: Buffer.from(body) }, [SECRET], NOW_MS).ok;
  expect([believed({}), believed({ 'x-id': 'one' }), believed({ 'x-id': 'one,two' })]).toEqual([true, true, false]);
});

const malformed = { ok: false, error: { cause: 'the signature is malformed' } };

describe('a signature of another length than its kind has is none, before any secret is asked', () => {
  const sendgrid = 'x-twilio-email-event-webhook';
  const claimOf = {
    hmac: (bytes: Buffer) =>
      readClaim(stripeWebhooks, { headers: { 'stripe-signature': `t=1,v1=${bytes.toString('hex')}` }, bytes }, 1_000),
    ed25519: (bytes: Buffer) => {
      const headers = { 'x-signature-timestamp': '1', 'x-signature-ed25519': bytes.toString('hex') };
      return readClaim(discordWebhooks, { headers, bytes }, 1_000);
    },
    ecdsa: (bytes: Buffer) => {
      const headers = { [`${sendgrid}-timestamp`]: '1', [`${sendgrid}-signature`]: bytes.toString('base64') };
      return readClaim(sendgridWebhooks, { headers, bytes }, 1_000);
    },
  };
  test.each([
    ['hmac', [32], [0, 20, 31, 33, 64]],
    ['ed25519', [64], [0, 32, 63, 65, 72]],
    ['ecdsa', [8, 64, 72], [0, 7, 73]],
  ] as const)('%s', (kind, right, wrong) => {
    for (const length of right)
      expect(claimOf[kind](Buffer.alloc(length, 1))).toMatchObject({ value: { marks: [Buffer.alloc(length, 1)] } });
    for (const length of wrong) expect(claimOf[kind](Buffer.alloc(length, 1)), String(length)).toMatchObject(malformed);
  });

  test('nor is what cannot be decoded', () => {
    const headers = { [`${sendgrid}-timestamp`]: '1', [`${sendgrid}-signature`]: 'no base64 at all' };
    expect(readClaim(sendgridWebhooks, { headers, bytes: Buffer.from('') }, 1_000)).toMatchObject(malformed);
  });
});

describe('a token is read from its place', () => {
  const read = (at: object, { url, value }: { url?: string; value?: unknown }, more = {}) =>
    readClaim(
      { ...stripeWebhooks, signatures: [{ kind: 'token', at, ...more } as Webhooks['signatures'][number]] },
      { headers: {}, url, bytes: Buffer.from(JSON.stringify(value ?? {})) },
      NOW_MS,
    );
  const one = { value: { marks: [Buffer.from('t')] } };

  test('in the query, in the body, in each of several there', () => {
    expect(read({ query: 'token' }, { url: 'https://hub.example.com/?token=t' })).toMatchObject(one);
    expect(read({ body: 'a.token' }, { value: { a: { token: 't' } } })).toMatchObject(one);
    expect(read({ body: 'list.*.token' }, { value: { list: [{ token: 't' }] } })).toMatchObject(one);
    expect(read({ body: 'list.*' }, { value: { list: ['t'] } })).toMatchObject(one);
    expect(read({ body: 'token' }, { value: { token: 'x t' } }, { prefix: 'x ' })).toMatchObject(one);
  });

  test('and is none where it is empty, no text, not there or without what stands before it', () => {
    for (const token of ['', null, undefined, ['t']])
      expect(read({ body: 'token' }, { value: { token } })).toMatchObject(malformed);
    for (const token of ['', 7, null, undefined, ['t']]) {
      expect(read({ body: 'list.*.token' }, { value: { list: [{ token: 't' }, { token }] } })).toMatchObject(malformed);
    }
    for (const list of [[], {}, 't', undefined])
      expect(read({ body: 'list.*.token' }, { value: { list } })).toMatchObject(malformed);
    expect(read({ body: 'token' }, { value: { token: 't' } }, { prefix: 'x ' })).toMatchObject(malformed);
    expect(read({ body: 'token' }, { value: { token: 'x ' } }, { prefix: 'x ' })).toMatchObject(malformed);
    expect(read({ query: 'token' }, { url: 'https://hub.example.com/?token=' })).toMatchObject(malformed);
  });

  test.each(['a:', 'a', ''])('of Basic "%s" has no password', (credentials) => {
    const authorization = `Basic ${Buffer.from(credentials).toString('base64')}`;
    expect(readClaim(mixpanelWebhooks, { headers: { authorization }, bytes: Buffer.from('{}') }, NOW_MS).ok).toBe(
      false,
    );
  });
});

describe('what is signed', () => {
  const believed = (webhooks: Webhooks, headers: Record<string, string>, bytes: Buffer, more = {}) => {
    const { url, secret = SECRET } = more as { url?: string; secret?: string };
    return verify(webhooks, { headers, bytes, url }, [secret], NOW_MS).ok;
  };

  test('is bytes, also those that are no text', () => {
    const bytes = Buffer.from([0xff, 0xfe, 0x00, 0x80]);
    const event = { 'x-github-event': 'ping', 'x-github-delivery': 'd1' };
    const headers = { ...sign(githubWebhooks, SECRET, bytes), ...event };
    expect(believed(githubWebhooks, headers, bytes)).toBe(true);
  });

  test('is signed by a key of 16 bytes at least (D-01)', () => {
    const withKey = (bytes: string) => {
      const secret = `whsec_${Buffer.from(bytes).toString('base64')}`;
      const headers = sign(resendWebhooks, secret, body, { headers: { 'svix-id': 'msg_1' } });
      return believed(resendWebhooks, headers, Buffer.from(body), { secret });
    };
    expect([withKey('sixteen-letters.'), withKey('fifteen-letters')]).toEqual([true, false]);
  });

  test('may be headers, in any place; without one of them nothing is', () => {
    const [{ kind, hash, header, prefix, encoding }] = githubWebhooks.signatures;
    const check = (
      signed: readonly unknown[],
      text: string,
      headers: Record<string, string> = { 'x-id': 'undefined' },
    ) => {
      const signature = { kind, hash, header, prefix, encoding, signed };
      const webhooks = { ...stripeWebhooks, signatures: [signature] } as unknown as Webhooks;
      const mac = createHmac('sha256', SECRET).update(text).digest('hex');
      return believed(webhooks, { ...headers, [header]: `${prefix}${mac}` }, Buffer.from(body));
    };
    expect(check(['body', { header: 'x-id' }], `${body}undefined`)).toBe(true);
    expect(check([{ header: 'x-id' }, 'body'], `undefined${body}`)).toBe(true);
    expect(check([{ header: 'x-id' }, { text: '.' }, 'body'], `undefined.${body}`)).toBe(true);
    expect(check([{ header: 'x-id' }, { text: '.' }, 'body'], `.${body}`, {})).toBe(false);
    expect(check([{ header: 'x-id' }, 'body'], `${body}`, {})).toBe(false);
  });

  test('is a form of any length, at an address with a path or without one', () => {
    const fields = Array.from({ length: 1_500 }, (_, at) => `f${10_000 + at}=${at}`);
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    for (const [url, spelled] of [
      ['https://hub.example.com/in', 'https://hub.example.com/in'],
      ['https://hub.example.com', 'https://hub.example.com:443'],
    ]) {
      const text = `${spelled}${fields.map((field) => field.replace('=', '')).join('')}`;
      const headers = { ...form, 'x-twilio-signature': createHmac('sha1', SECRET).update(text).digest('base64') };
      expect(believed(twilioWebhooks, headers, Buffer.from(fields.join('&')), { url })).toBe(true);
    }
  });

  test('by a private key fits one of several marks', () => {
    const { privateKey, publicKey: own } = generateKeyPairSync('ed25519');
    const secret = own.export({ format: 'der', type: 'spki' }).subarray(-32).toString('hex');
    const mark = signWith(null, Buffer.from(`1700000000${body}`), privateKey).toString('hex');
    const [signature] = discordWebhooks.signatures;
    const webhooks = { ...discordWebhooks, signatures: [{ ...signature, list: ',' as const }] };
    const send = (marks: string) =>
      believed(webhooks, { 'x-signature-timestamp': '1700000000', 'x-signature-ed25519': marks }, Buffer.from(body), {
        secret,
      });
    expect([send(`${'0'.repeat(128)},${mark}`), send('0'.repeat(128)), send(mark)]).toEqual([true, false, true]);
  });
});

test('a public key is one of its kind alone: its curve, its length, its spelling (D-01)', () => {
  const spki = { format: 'der', type: 'spki' } as const;
  const curve = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve }).publicKey.export(spki);
  expect(publicKey('ecdsa', curve('prime256v1').toString('base64'))).toBeDefined();
  for (const other of ['secp256k1', 'secp384r1'])
    expect(publicKey('ecdsa', curve(other).toString('base64')), other).toBeUndefined();
  const ed = generateKeyPairSync('ed25519').publicKey.export(spki);
  const raw = ed.subarray(-32).toString('hex');
  expect(publicKey('ed25519', raw)).toBeDefined();
  for (const other of [`${raw}00`, raw.slice(2), ed.toString('hex'), '', 'x'])
    expect(publicKey('ed25519', other), other).toBeUndefined();
  expect(publicKey('ecdsa', ed.toString('base64'))).toBeUndefined();
});
