import { createHmac, generateKeyPairSync, sign as signWith } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { discordWebhooks } from '../../../shared/providers/discord/webhooks.ts';
import { hubspotWebhooks } from '../../../shared/providers/hubspot/webhooks.ts';
import { microsoftWebhooks } from '../../../shared/providers/microsoft/webhooks.ts';
import { mixpanelWebhooks } from '../../../shared/providers/mixpanel/webhooks.ts';
import { resendWebhooks } from '../../../shared/providers/resend/webhooks.ts';
import { sendgridWebhooks } from '../../../shared/providers/sendgrid/webhooks.ts';
import { stripeWebhooks } from '../../../shared/providers/stripe/webhooks.ts';
import { twilioWebhooks } from '../../../shared/providers/twilio/webhooks.ts';
import type { Webhooks } from '../../../shared/providers/webhooks.ts';
import { verify } from '../../../shared/webhooks/verify.ts';
import { sign } from '../../support/samples.ts';

const NOW_MS = 1_700_000_000_000;
const SECRET = 'example-secret-that-is-long-enough';

interface Sent {
  readonly headers: Record<string, string>;
  readonly body?: string | Buffer;
  readonly url?: string;
  readonly secret?: string;
  readonly nowMs?: number;
}

const accepts = (webhooks: Webhooks, { headers, body = '{}', url, secret = SECRET, nowMs = NOW_MS }: Sent) =>
  verify(webhooks, { headers, bytes: Buffer.from(body), url }, [secret], nowMs).ok;

describe('a list of signatures (D-06)', () => {
  const body = '{"n":1}';
  const right = createHmac('sha256', SECRET).update(`1700000000.${body}`).digest('hex');
  const stripe = (entries: readonly string[]) =>
    accepts(stripeWebhooks, { headers: { 'stripe-signature': entries.join(',') }, body });
  const wrong = `v1=${'0'.repeat(64)}`;

  test('is read to its end: one that fits is enough, among others of any kind', () => {
    expect(stripe(['t=1700000000', `v1=${right}`])).toBe(true);
    expect(stripe([`v1=${right}`, 't=1700000000'])).toBe(true);
    expect(stripe(['t=1700000000', wrong, `v1=${right}`])).toBe(true);
    expect(stripe(['t=1700000000', `v1=${right}`, wrong])).toBe(true);
    expect(stripe(['t=1700000000', '', 'x', 'v0=abc', `v1=${right}`])).toBe(true);
    expect(stripe(['t=1700000000', ...Array(8).fill(wrong), `v1=${right}`])).toBe(true);
  });

  test('of nothing that fits, of too many, or with two times is refused', () => {
    expect(stripe([])).toBe(false);
    expect(stripe(['t=1700000000'])).toBe(false);
    expect(stripe(['t=1700000000', wrong, 'v1=', 'v1=zz'])).toBe(false);
    expect(stripe(['t=1700000000', `v0=${right}`, `v2=${right}`, right, `V1=${right}`])).toBe(false);
    expect(stripe(['t=1700000000', `v1=${right.toUpperCase()}`])).toBe(false);
    expect(stripe([`v1=${right}`])).toBe(false);
    expect(stripe(['t=1700000000', 't=1700000000', `v1=${right}`])).toBe(false);
    expect(stripe(['t=1700000000', ...Array(9).fill(wrong), `v1=${right}`])).toBe(false);
    expect(stripe(['t=1700000000', ...Array(10_000).fill(wrong), `v1=${right}`])).toBe(false);
  });

  test('of Standard Webhooks counts no other version, and no header that came twice', () => {
    const secret = `whsec_${Buffer.from(SECRET).toString('base64')}`;
    const made = sign(resendWebhooks, secret, body, { headers: { 'svix-id': 'msg_1' } });
    const send = (signature: string) =>
      accepts(resendWebhooks, { headers: { ...made, 'svix-signature': signature }, body, secret });
    const [entry = ''] = [made['svix-signature']];
    expect(send(entry)).toBe(true);
    expect(send(`v1a,${'A'.repeat(88)} ${entry}`)).toBe(true);
    expect(send(`${entry} ${entry}`)).toBe(true);
    for (const bad of [
      entry.replace('v1,', 'v1a,'),
      entry.replace('v1,', 'v2,'),
      entry.slice(3),
      `${entry},${entry}`,
      `v1,AAAA,${entry}`,
      `${entry}=`,
      entry.replaceAll('+', '-').replaceAll('/', '_').replace(/=$/, ''),
      Array(11).fill(entry).join(' '),
    ]) {
      expect(send(bad), bad).toBe(false);
    }
  });
});

test.each([
  '1700000000.0',
  ' 1700000000',
  '+1700000000',
  '0x6553f100',
  '1.7e9',
  '01700000000',
  '1700000000abc',
  '1700000000000',
  '',
  '-1700000000',
  '１７００００００００',
])('a time spelled "%s" is refused, though it is signed (D-07)', (timestamp) => {
  const stripe = { 'stripe-signature': sign(stripeWebhooks, SECRET, '{}', { timestamp })['stripe-signature'] ?? '' };
  expect(accepts(stripeWebhooks, { headers: stripe })).toBe(false);
});

describe('a signed id (D-09)', () => {
  const secret = `whsec_${Buffer.from(SECRET).toString('base64')}`;
  const send = (id: string, timestamp: string, body: string) => {
    const headers = sign(resendWebhooks, secret, body, { timestamp, headers: { 'svix-id': id } });
    return accepts(resendWebhooks, { headers, body, secret });
  };

  test('must not hold the sign that ends it: two requests would have one signature', () => {
    expect(send('msg_1', '1700000000', '{}')).toBe(true);
    expect(send('msg.1', '1700000000', '{}')).toBe(false);
    expect(send('msg_1.1700000000', '1700000000', '{}')).toBe(false);
  });
});

test('a key that base64 makes short, or empty, is no key (D-01)', () => {
  for (const key of ['', 'short', 'fifteen-letters']) {
    const secret = `whsec_${Buffer.from(key).toString('base64')}`;
    const headers = key
      ? sign(resendWebhooks, secret, '{}', { headers: { 'svix-id': 'msg_1' } })
      : { 'svix-id': 'msg_1', 'svix-timestamp': '1700000000', 'svix-signature': `v1,${'A'.repeat(43)}=` };
    expect(accepts(resendWebhooks, { headers, secret }), key).toBe(false);
  }
});

describe('HubSpot', () => {
  const url = 'https://hub.example.com/webhooks/hubspot';
  const v = (form: number, body: string, at = url) =>
    sign(hubspotWebhooks, SECRET, body, { form, url: at, timestamp: '1700000000000' });
  const version = (name: string) => ({ 'x-hubspot-signature-version': name });

  test('shows version 3 and is judged by it alone: no weaker one is tried (D-05)', () => {
    const body = '[]';
    const [v3, v2, v1] = [v(0, body), { ...v(1, body), ...version('v2') }, { ...v(2, body), ...version('v1') }];
    for (const headers of [v3, v2, v1, { ...v1, ...v3 }])
      expect(accepts(hubspotWebhooks, { headers, body, url })).toBe(true);
    const broken = { ...v3, 'x-hubspot-signature-v3': v(0, '[1]')['x-hubspot-signature-v3'] ?? '' };
    expect(accepts(hubspotWebhooks, { headers: { ...v1, ...broken }, body, url })).toBe(false);
    expect(accepts(hubspotWebhooks, { headers: { ...v1, ...v3 }, body, url, nowMs: NOW_MS + 400_000 })).toBe(false);
    expect(accepts(hubspotWebhooks, { headers: { ...v2, ...version('v1') }, body, url })).toBe(false);
    expect(accepts(hubspotWebhooks, { headers: { ...v1, ...version('v9') }, body, url })).toBe(false);
    expect(accepts(hubspotWebhooks, { headers: { ...v3, 'x-hubspot-signature-v3': '' }, body, url })).toBe(false);
  });

  test('signs the address, decoded, and another one not', () => {
    const body = '[{"n":1}]';
    const sent = `${url}?next=https%3A%2F%2Fexample.com%2Fa%3Fb%40c&x=%20`;
    const decoded = `${url}?next=https://example.com/a?b@c&x=%20`;
    expect(accepts(hubspotWebhooks, { headers: v(0, body, decoded), body, url: sent })).toBe(true);
    expect(accepts(hubspotWebhooks, { headers: v(0, body, sent), body, url: sent })).toBe(true);
    expect(accepts(hubspotWebhooks, { headers: v(0, body, url), body, url: sent })).toBe(false);
    expect(accepts(hubspotWebhooks, { headers: v(0, body, sent), body })).toBe(false);
  });

  test('has a hash that could be extended: a body that is no text is refused', () => {
    const extended = Buffer.concat([Buffer.from('[]'), Buffer.from([0x80, 0, 0, 0]), Buffer.from('[1]')]);
    const headers = { ...sign(hubspotWebhooks, SECRET, extended, { form: 2 }), ...version('v1') };
    expect(accepts(hubspotWebhooks, { headers, body: extended })).toBe(false);
  });
});

describe('Twilio', () => {
  const url = 'https://hub.example.com/webhooks/twilio';
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  const send = (body: string, headers: Record<string, string>, at = url) =>
    accepts(twilioWebhooks, { headers: { ...form, ...headers }, body, url: at });

  test('signs the fields in the order of their names, each value of one name once', () => {
    const body = 'b=2&a=1&c=&a=0&a=1';
    const signature = createHmac('sha1', SECRET).update(`${url}a0a1b2c`).digest('base64');
    expect(send(body, { 'x-twilio-signature': signature })).toBe(true);
    expect(send(`${body}&d=1`, { 'x-twilio-signature': signature })).toBe(false);
    expect(send('b=2&a=1&a=0', { 'x-twilio-signature': signature })).toBe(false);
  });

  test('may spell the port that https implies', () => {
    const withPort = sign(twilioWebhooks, SECRET, 'a=1', { form: 1, url: url.replace('.com', '.com:443') });
    expect(send('a=1', withPort)).toBe(true);
    expect(send('a=1', sign(twilioWebhooks, SECRET, 'a=1', { form: 1, url: url.replace('.com', '.com:8443') }))).toBe(
      false,
    );
    expect(send('a=1', sign(twilioWebhooks, SECRET, 'a=1', { form: 1, url: url.replace('hub.', 'evil.') }))).toBe(
      false,
    );
  });

  test('signs the address alone where the body is JSON: without its hash there, nobody vouches for the body', () => {
    const json = { 'content-type': 'application/json' };
    const bare = { ...json, 'x-twilio-signature': createHmac('sha1', SECRET).update(url).digest('base64') };
    expect(accepts(twilioWebhooks, { headers: bare, body: '{"forged":true}', url })).toBe(false);
    expect(accepts(twilioWebhooks, { headers: bare, body: '', url })).toBe(false);
    const hash = 'bf21a9e8fbc5a3846fb05b4fa0859e0917b2202f'.padEnd(64, '0');
    const at = `${url}?bodySHA256=${hash}`;
    const signed = { ...json, 'x-twilio-signature': createHmac('sha1', SECRET).update(at).digest('base64') };
    expect(accepts(twilioWebhooks, { headers: signed, body: '{"forged":true}', url: at })).toBe(false);
    expect(accepts(twilioWebhooks, { headers: signed, body: '{}', url: `${at}&bodySHA256=${hash}` })).toBe(false);
  });
});

describe('SendGrid', () => {
  const header = 'x-twilio-email-event-webhook';
  const key =
    'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaINXvVpiglSI8eNEc6wEA3F+g==';
  const body = `${JSON.stringify([
    {
      email: 'hello@world.com',
      event: 'dropped',
      reason: 'Bounced Address',
      sg_event_id: 'ZHJvcC0xMDk5NDkxOS1MUnpYbF9OSFN0T0doUTRrb2ZTbV9BLTA',
      sg_message_id: 'LRzXl_NHStOGhQ4kofSm_A.filterdrecv-p3mdw1-756b745b58-kmzbl-18-5F5FC76C-9.0',
      'smtp-id': '<LRzXl_NHStOGhQ4kofSm_A@ismtpd0039p1iad1.sendgrid.net>',
      timestamp: 1600112492,
    },
  ])}\r\n`;
  const sent = {
    headers: {
      [`${header}-timestamp`]: '1600112502',
      [`${header}-signature`]:
        'MEUCIGHQVtGj+Y3LkG9fLcxf3qfI10QysgDWmMOVmxG0u6ZUAiEAyBiXDWzM+uOe5W0JuG+luQAbPIqHh89M15TluLtEZtM=',
    },
    body,
    secret: key,
    nowMs: 1_600_112_502_000,
  };

  test('publishes a vector that verifies, its last line end included', () => {
    expect(accepts(sendgridWebhooks, sent)).toBe(true);
    expect(accepts(sendgridWebhooks, { ...sent, body: body.trimEnd() })).toBe(false);
    expect(accepts(sendgridWebhooks, { ...sent, nowMs: sent.nowMs + 301_000 })).toBe(false);
  });

  test('is not believed by a key of another curve or kind, or by what is no key', () => {
    const made = (secret: string, signature: Buffer) =>
      accepts(sendgridWebhooks, {
        headers: { [`${header}-timestamp`]: '1700000000', [`${header}-signature`]: signature.toString('base64') },
        secret,
      });
    const spki = { format: 'der', type: 'spki' } as const;
    const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' });
    const rsa = generateKeyPairSync('rsa', { modulusLength: 1024 });
    const bytes = Buffer.from('1700000000{}');
    expect(made(p384.publicKey.export(spki).toString('base64'), signWith('sha256', bytes, p384.privateKey))).toBe(
      false,
    );
    expect(made(rsa.publicKey.export(spki).toString('base64'), signWith('sha256', bytes, rsa.privateKey))).toBe(false);
    for (const secret of ['not-a-key-at-all', 'AAAA', key.slice(4)])
      expect(made(secret, Buffer.alloc(70, 1))).toBe(false);
  });
});

test("a key of Discord's that is no key believes nobody", () => {
  const headers = { 'x-signature-timestamp': '1700000000', 'x-signature-ed25519': '0'.repeat(128) };
  for (const secret of ['0'.repeat(64), 'f'.repeat(63), 'g'.repeat(64), '00'.repeat(31)]) {
    expect(accepts(discordWebhooks, { headers, secret })).toBe(false);
  }
});

describe('a token', () => {
  const graph = (value: unknown) => accepts(microsoftWebhooks, { headers: {}, body: JSON.stringify(value) });

  test('of Microsoft Graph stands in every item, or none is believed', () => {
    const good = { clientState: SECRET, subscriptionId: 's' };
    expect(graph({ value: [good, good] })).toBe(true);
    for (const bad of [
      {},
      { clientState: '' },
      { clientState: 'x' },
      { clientState: [SECRET] },
      { clientState: null },
      7,
    ]) {
      expect(graph({ value: [good, bad] }), JSON.stringify(bad)).toBe(false);
      expect(graph({ value: [bad] }), JSON.stringify(bad)).toBe(false);
    }
    for (const value of [[], {}, SECRET, null, undefined]) expect(graph({ value })).toBe(false);
    expect(graph([good])).toBe(false);
  });

  test('is the password of Basic, whatever the name; the first colon ends that', () => {
    const basic = (credentials: string, secret = SECRET) =>
      accepts(mixpanelWebhooks, {
        headers: { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` },
        secret,
      });
    expect(basic(`a:${SECRET}`)).toBe(true);
    expect(basic(`:${SECRET}`)).toBe(true);
    expect(basic(`a:b:${SECRET}`, `b:${SECRET}`)).toBe(true);
    for (const bad of [SECRET, `${SECRET}:`, `a:${SECRET} `, 'a:', `a:b:${SECRET}`])
      expect(basic(bad), bad).toBe(false);
    const encoded = Buffer.from(`a:${SECRET}`).toString('base64');
    for (const authorization of [
      encoded,
      `basic ${encoded}`,
      `Basic  ${encoded}`,
      `Basic ${encoded}!`,
      `Bearer ${SECRET}`,
    ]) {
      expect(accepts(mixpanelWebhooks, { headers: { authorization } }), authorization).toBe(false);
    }
  });
});
