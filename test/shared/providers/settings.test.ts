import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { hmacWebhooks } from '../../../shared/providers/any-sender.ts';
import { githubWebhooks } from '../../../shared/providers/github/webhooks.ts';
import { configure, HmacSettings, WebhookSettings } from '../../../shared/providers/settings.ts';
import { split } from '../../../shared/webhooks/split.ts';
import { verify } from '../../../shared/webhooks/verify.ts';

const SECRET = 'example-secret-of-any-sender';
const BODY = '{"type":"order.paid","id":"o_1"}';
const NOW_MS = 1_700_000_000_000;

describe('how a sender signs', () => {
  test('needs no more than the header; the rest is as most do it', () => {
    expect(HmacSettings.parse({ header: 'x-sig' })).toEqual({
      header: 'x-sig',
      algorithm: 'sha256',
      encoding: 'hex',
      signed: ['body'],
    });
    const timed = HmacSettings.parse({
      header: 'x-sig',
      signed: ['timestamp', { text: '.' }, 'body'],
      timestamp: { header: 'x-t' },
    });
    const beside = { header: 'x-sig', signed: ['timestamp', 'body'], timestamp: { header: 'x-t' } };
    expect(HmacSettings.safeParse(beside).success).toBe(true);
    expect(timed.timestamp).toEqual({ header: 'x-t', toleranceS: 300, unit: 's' });
  });

  test.each<[string, object]>([
    ['no header', {}],
    ['a header in capitals', { header: 'X-Sig' }],
    ['an odd header', { header: '__proto__' }],
    ['a weak algorithm', { header: 'x', algorithm: 'md5' }],
    ['another encoding', { header: 'x', encoding: 'base64url' }],
    ['a prefix with a comma', { header: 'x', prefix: 'a,b=' }],
    ['a prefix with a space', { header: 'x', prefix: 'Bearer ' }],
    ['a body that is not signed', { header: 'x', signed: [{ text: 'a' }] }],
    ['a body that is signed twice', { header: 'x', signed: ['body', { text: '.' }, 'body'] }],
    ['a time that nobody sends', { header: 'x', signed: ['timestamp', { text: '.' }, 'body'] }],
    ['a time that is not signed', { header: 'x', timestamp: { header: 'x-t' } }],
    ['two values side by side (D-09)', { header: 'x', signed: [{ header: 'x-id' }, 'body'] }],
    ['two headers side by side', { header: 'x', signed: [{ header: 'a' }, { header: 'b' }, { text: '.' }, 'body'] }],
    [
      'a wide tolerance',
      { header: 'x', signed: ['timestamp', { text: '.' }, 'body'], timestamp: { header: 't', toleranceS: 3_601 } },
    ],
    ['a word that nobody knows', { header: 'x', secret: 'x' }],
  ])('is refused with %s', (_what, settings) => {
    expect(HmacSettings.safeParse(settings).success).toBe(false);
    expect(WebhookSettings.safeParse({ signature: settings }).success).toBe(false);
  });
});

test.each(['sha256', 'sha1', 'sha512'] as const)(
  'a sender that signs with %s is verified as its settings say',
  (algorithm) => {
    for (const encoding of ['hex', 'base64'] as const) {
      const settings = WebhookSettings.parse({
        signature: {
          ...{ header: 'x-sig', algorithm, encoding, prefix: 'v1=' },
          signed: [{ header: 'x-id' }, { text: ':' }, 'timestamp', { text: ':' }, 'body'],
          timestamp: { header: 'x-time', toleranceS: 60, unit: 'ms' },
          ...{ eventId: { header: 'x-id' }, eventType: { header: 'x-type' } },
        },
      });
      const webhooks = configure(hmacWebhooks, settings);
      if (!webhooks) throw new Error('the settings are whole');
      const mac = createHmac(algorithm, SECRET).update(`id-1:${NOW_MS}:${BODY}`).digest(encoding);
      const headers = { 'x-sig': `v1=${mac}`, 'x-id': 'id-1', 'x-time': String(NOW_MS), 'x-type': 'paid' };
      const request = { headers, bytes: Buffer.from(BODY) };
      const accepts = (change: object, nowMs = NOW_MS) =>
        verify(webhooks, { ...request, headers: { ...headers, ...change } }, [SECRET], nowMs).ok;
      expect(accepts({})).toBe(true);
      expect(split(webhooks, request, 0)).toMatchObject([{ id: 'id-1', type: 'paid', accountIds: [] }]);
      for (const change of [
        { 'x-sig': mac },
        { 'x-sig': `v2=${mac}` },
        { 'x-id': 'id-2' },
        { 'x-id': undefined },
        { 'x-id': `id-1:${NOW_MS}` },
        { 'x-time': String(NOW_MS + 1) },
        { 'x-type': 'a,b' },
      ]) {
        expect(accepts(change), JSON.stringify(change)).toBe(false);
      }
      expect(accepts({}, NOW_MS + 61_000)).toBe(false);
    }
  },
);

test('settings complete what leaves itself open, and nothing else', () => {
  const signature = HmacSettings.parse({ header: 'x-anything' });
  expect(configure(githubWebhooks, { signature })).toBe(githubWebhooks);
  expect(configure(hmacWebhooks, undefined)).toBeUndefined();
  expect(configure(hmacWebhooks, { senders: ['somebody'] })).toBeUndefined();
});
