import { describe, expect, test } from 'vitest';
import { microsoftWebhooks } from '../../../shared/providers/microsoft/webhooks.ts';
import { mixpanelWebhooks } from '../../../shared/providers/mixpanel/webhooks.ts';
import { resendWebhooks } from '../../../shared/providers/resend/webhooks.ts';
import { webhooksOf } from '../../../shared/providers/senders.ts';
import { stripeWebhooks } from '../../../shared/providers/stripe/webhooks.ts';
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
    ['twilio', ['x-twilio-signature'], ['i-twilio-idempotency-token']],
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
