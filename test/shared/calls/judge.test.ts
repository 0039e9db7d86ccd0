import { describe, expect, test } from 'vitest';
import { judge, newsOf } from '../../../shared/calls/judge.ts';
import type { SendFailure } from '../../../shared/core/fetch.ts';
import { err, ok } from '../../../shared/core/result.ts';
import { demo } from '../../../shared/providers/demo/index.ts';
import { discord } from '../../../shared/providers/discord/index.ts';
import { github } from '../../../shared/providers/github/index.ts';
import { google } from '../../../shared/providers/google/index.ts';
import { hubspot } from '../../../shared/providers/hubspot/index.ts';
import { microsoft } from '../../../shared/providers/microsoft/index.ts';
import { mixpanel } from '../../../shared/providers/mixpanel/index.ts';
import { notion } from '../../../shared/providers/notion/index.ts';
import type { Provider } from '../../../shared/providers/provider.ts';
import { quickbooks } from '../../../shared/providers/quickbooks/index.ts';
import { resend } from '../../../shared/providers/resend/index.ts';
import { s3 } from '../../../shared/providers/s3/index.ts';
import { slack } from '../../../shared/providers/slack/index.ts';
import { stripe } from '../../../shared/providers/stripe/index.ts';
import { twilio } from '../../../shared/providers/twilio/index.ts';

const nowMs = Date.UTC(2026, 0, 1);
const json = { 'content-type': 'application/json' };
const resetS = String(nowMs / 1000 + 90);

function answered(provider: Provider, status: number, body: unknown, headers: Record<string, string> = {}) {
  const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  return (repeatable: boolean) =>
    judge(provider, ok({ status, headers: { ...json, ...headers }, body: bytes }), { repeatable, nowMs });
}

function unanswered(reason: SendFailure['reason'], sent: boolean) {
  return (repeatable: boolean) => judge(demo, err({ reason, sent, cause: 'x' }), { repeatable, nowMs });
}

const fault = { error: { code: 'nope', message: 'No.' } };
const xml = { 'content-type': 'application/xml' };
const xmlError = (code: string) =>
  `<?xml version="1.0"?><Error><Code>${code}</Code><Message>a &lt; b</Message></Error>`;
const intuit = (code: string, field = 'Fault') => ({ [field]: { Error: [{ code, Message: 'M', Detail: 'D' }] } });
/** Speaks JSON-RPC, whose errors come in a 200. */
const mcp: Provider = {
  ...demo,
  api: { ...demo.api, errors: { code: 'error.code', message: 'error.message', failureIn200: { field: 'error' } } },
};

/** What came back → the verdict where the request may be repeated | where it may not, and the error's code. */
const outcomes: [string, (repeatable: boolean) => ReturnType<typeof judge>, string, string, string?][] = [
  ['200 JSON', answered(demo, 200, { id: 1 }), 'succeeded', 'succeeded'],
  ['201 JSON', answered(demo, 201, { id: 1 }), 'succeeded', 'succeeded'],
  ['202 empty', answered(demo, 202, ''), 'succeeded', 'succeeded'],
  ['204 empty', answered(demo, 204, ''), 'succeeded', 'succeeded'],
  ['206 text', answered(demo, 206, 'part', { 'content-type': 'text/plain' }), 'succeeded', 'succeeded'],
  ['304 not modified', answered(github, 304, ''), 'succeeded', 'succeeded'],
  ['301 redirect', answered(demo, 301, '', { location: 'https://evil.example/' }), 'failed', 'failed', 'http_301'],
  ['302 redirect', answered(demo, 302, ''), 'failed', 'failed', 'http_302'],
  ['303 redirect', answered(demo, 303, ''), 'failed', 'failed', 'http_303'],
  ['307 redirect', answered(demo, 307, ''), 'failed', 'failed', 'http_307'],
  ['308 redirect', answered(demo, 308, ''), 'failed', 'failed', 'http_308'],
  ['100 continue as an answer', answered(demo, 100, ''), 'failed', 'failed', 'http_100'],
  ['400', answered(demo, 400, fault), 'failed', 'failed', 'nope'],
  ['401', answered(demo, 401, fault), 'unauthorized', 'unauthorized', 'nope'],
  ['401 of GitHub', answered(github, 401, { message: 'Bad credentials' }), 'unauthorized', 'unauthorized', 'http_401'],
  ['402', answered(demo, 402, fault), 'failed', 'failed', 'nope'],
  ['403', answered(demo, 403, fault), 'failed', 'failed', 'nope'],
  ['403 of GitHub: no permission', answered(github, 403, { message: 'Resource not accessible' }), 'failed', 'failed'],
  ['403 of GitHub: SSO', answered(github, 403, '', { 'x-github-sso': 'required' }), 'failed', 'failed', 'http_403'],
  ['403 with Retry-After', answered(github, 403, '', { 'retry-after': '60' }), 'throttled', 'throttled'],
  ['403, nothing left', answered(github, 403, '', { 'x-ratelimit-remaining': '0' }), 'throttled', 'throttled'],
  ['403, some left', answered(github, 403, '', { 'x-ratelimit-remaining': '1' }), 'failed', 'failed'],
  ['404', answered(demo, 404, fault), 'failed', 'failed', 'nope'],
  ['405', answered(demo, 405, ''), 'failed', 'failed', 'http_405'],
  ['406', answered(demo, 406, ''), 'failed', 'failed', 'http_406'],
  ['408', answered(demo, 408, ''), 'retry', 'retry', 'http_408'],
  ['409', answered(demo, 409, fault), 'failed', 'failed', 'nope'],
  ['410', answered(demo, 410, ''), 'failed', 'failed', 'http_410'],
  ['412', answered(demo, 412, ''), 'failed', 'failed', 'http_412'],
  ['413', answered(demo, 413, ''), 'failed', 'failed', 'http_413'],
  ['415', answered(demo, 415, ''), 'failed', 'failed', 'http_415'],
  ['418', answered(demo, 418, ''), 'failed', 'failed', 'http_418'],
  ['422', answered(github, 422, { message: 'Validation Failed', errors: [{ field: 'title' }] }), 'failed', 'failed'],
  ['425', answered(demo, 425, ''), 'retry', 'retry', 'http_425'],
  ['429', answered(demo, 429, fault), 'throttled', 'throttled', 'nope'],
  ['429 with seconds', answered(demo, 429, '', { 'retry-after': '3' }), 'throttled', 'throttled', 'http_429'],
  ['429 with a broken Retry-After', answered(demo, 429, '', { 'retry-after': 'soon' }), 'throttled', 'throttled'],
  ['451', answered(demo, 451, ''), 'failed', 'failed', 'http_451'],
  ['500', answered(demo, 500, fault), 'retry', 'unknown', 'nope'],
  ['500, not JSON', answered(demo, 500, '<html>', { 'content-type': 'text/html' }), 'retry', 'unknown', 'http_500'],
  ['500, broken JSON', answered(demo, 500, '{"error":'), 'retry', 'unknown', 'http_500'],
  ['501', answered(demo, 501, ''), 'failed', 'failed', 'http_501'],
  ['502', answered(demo, 502, ''), 'retry', 'unknown', 'http_502'],
  ['503', answered(demo, 503, ''), 'retry', 'unknown', 'http_503'],
  ['503 that names a time', answered(demo, 503, '', { 'retry-after': '5' }), 'retry', 'retry', 'http_503'],
  ['504', answered(demo, 504, ''), 'retry', 'unknown', 'http_504'],
  ['505', answered(demo, 505, ''), 'failed', 'failed', 'http_505'],
  ['511', answered(demo, 511, ''), 'failed', 'failed', 'http_511'],
  ['Slack ok:true', answered(slack, 200, { ok: true, ts: '1' }), 'succeeded', 'succeeded'],
  [
    'Slack ok:false',
    answered(slack, 200, { ok: false, error: 'channel_not_found' }),
    'failed',
    'failed',
    'channel_not_found',
  ],
  ['Slack without ok', answered(slack, 200, { ts: '1' }), 'succeeded', 'succeeded'],
  ['Slack invalid_auth', answered(slack, 200, { ok: false, error: 'invalid_auth' }), 'unauthorized', 'unauthorized'],
  ['Slack token_expired', answered(slack, 200, { ok: false, error: 'token_expired' }), 'unauthorized', 'unauthorized'],
  ['Slack ratelimited in 200', answered(slack, 200, { ok: false, error: 'ratelimited' }), 'throttled', 'throttled'],
  ['Slack 429', answered(slack, 429, { ok: false, error: 'ratelimited' }), 'throttled', 'throttled', 'ratelimited'],
  ['Slack 503', answered(slack, 503, ''), 'retry', 'unknown', 'http_503'],
  ['QuickBooks Fault in a 200', answered(quickbooks, 200, intuit('6240')), 'failed', 'failed', '6240'],
  ['QuickBooks 401', answered(quickbooks, 401, intuit('3200')), 'unauthorized', 'unauthorized', '3200'],
  [
    'QuickBooks 401 in lower case',
    answered(quickbooks, 401, { fault: { error: [{ code: '3200', message: 'm' }] } }),
    'unauthorized',
    'unauthorized',
    '3200',
  ],
  ['QuickBooks throttled', answered(quickbooks, 403, intuit('3001')), 'throttled', 'throttled', '3001'],
  ['QuickBooks stale object', answered(quickbooks, 400, intuit('5010')), 'failed', 'failed', '5010'],
  ['S3 SlowDown', answered(s3, 503, xmlError('SlowDown'), xml), 'throttled', 'throttled', 'SlowDown'],
  ['S3 expired token', answered(s3, 400, xmlError('ExpiredToken'), xml), 'unauthorized', 'unauthorized'],
  ['S3 access denied', answered(s3, 403, xmlError('AccessDenied'), xml), 'failed', 'failed', 'AccessDenied'],
  [
    'GitHub secondary limit',
    answered(github, 403, { message: 'You have exceeded a secondary rate limit.' }),
    'throttled',
    'throttled',
    'http_403',
  ],
  [
    'Google 403 with a reason',
    answered(google, 403, { error: { errors: [{ reason: 'userRateLimitExceeded' }] } }),
    'throttled',
    'throttled',
    'userRateLimitExceeded',
  ],
  ['Google status', answered(google, 429, { error: { status: 'RESOURCE_EXHAUSTED' } }), 'throttled', 'throttled'],
  [
    'Google daily limit',
    answered(google, 403, { error: { errors: [{ reason: 'dailyLimitExceeded' }] } }),
    'failed',
    'failed',
    'dailyLimitExceeded',
  ],
  ['HubSpot 429', answered(hubspot, 429, { errorType: 'RATE_LIMIT' }), 'throttled', 'throttled', 'RATE_LIMIT'],
  ['HubSpot locked', answered(hubspot, 423, { category: 'LOCKED' }), 'throttled', 'throttled', 'LOCKED'],
  ['HubSpot conflict', answered(hubspot, 409, { category: 'CONFLICT' }), 'failed', 'failed', 'CONFLICT'],
  [
    'Graph throttled',
    answered(microsoft, 503, { error: { code: 'TooManyRequests' } }),
    'throttled',
    'throttled',
    'TooManyRequests',
  ],
  ['Notion 529', answered(notion, 529, { code: 'service_overload' }), 'throttled', 'throttled', 'service_overload'],
  ['Notion conflict', answered(notion, 409, { code: 'conflict_error' }), 'retry', 'retry', 'conflict_error'],
  [
    'Resend, two under one key',
    answered(resend, 409, { name: 'concurrent_idempotent_requests' }),
    'retry',
    'retry',
    'concurrent_idempotent_requests',
  ],
  ["Resend, the month's quota", answered(resend, 429, { name: 'monthly_quota_exceeded' }), 'failed', 'failed'],
  ['Resend, a key for sending', answered(resend, 401, { name: 'restricted_api_key' }), 'failed', 'failed'],
  ['Stripe declined', answered(stripe, 402, { error: { code: 'card_declined' } }), 'failed', 'failed', 'card_declined'],
  ['Stripe lock', answered(stripe, 409, { error: { code: 'lock_timeout' } }), 'retry', 'retry', 'lock_timeout'],
  ['Stripe 500, no use', answered(stripe, 500, '', { 'stripe-should-retry': 'false' }), 'failed', 'unknown'],
  ['Stripe 500', answered(stripe, 500, '', { 'stripe-should-retry': 'true' }), 'retry', 'unknown'],
  ['Twilio concurrency', answered(twilio, 429, { code: 20429 }), 'throttled', 'throttled', '20429'],
  ['Twilio opted out', answered(twilio, 400, { code: 21610 }), 'failed', 'failed', '21610'],
  ['Mixpanel status 0', answered(mixpanel, 200, { status: 0, error: 'bad' }), 'failed', 'failed'],
  ['MCP error in a 200', answered(mcp, 200, { error: { code: -32602 } }), 'failed', 'failed', '-32602'],
  ['MCP without one', answered(mcp, 200, { result: {}, error: null }), 'succeeded', 'succeeded'],
  ['520 of what stands before it', answered(demo, 520, ''), 'retry', 'unknown', 'http_520'],
  ['blocked', unanswered('blocked', false), 'failed', 'failed', 'blocked'],
  ['timeout before it was sent', unanswered('timeout', false), 'retry', 'retry', 'timeout'],
  ['timeout after it was sent', unanswered('timeout', true), 'retry', 'unknown', 'timeout'],
  ['network fault before it was sent', unanswered('network', false), 'retry', 'retry', 'network'],
  ['network fault after it was sent', unanswered('network', true), 'retry', 'unknown', 'network'],
  ['an answer that is too large', unanswered('too_large', true), 'failed', 'unknown', 'too_large'],
];

describe('E-22, E-25: the verdict on an exchange', () => {
  test.each(outcomes)('%s', (_name, verdictOn, repeatable, once, code) => {
    for (const [verdict, kind] of [
      [verdictOn(true), repeatable],
      [verdictOn(false), once],
    ] as const) {
      expect(verdict.kind).toBe(kind);
      if (verdict.kind === 'succeeded') continue;
      if (code) expect(verdict.error.code).toBe(code);
      expect(verdict.error.retryable).toBe(['retry', 'throttled'].includes(verdict.kind));
      expect(verdict.error.message).not.toBe('');
    }
  });

  test('there are 90 of them at least', () => {
    expect(outcomes.length).toBeGreaterThanOrEqual(90);
  });
});

describe('what a verdict says', () => {
  const errorOf = (verdict: ReturnType<typeof judge>) => (verdict.kind === 'succeeded' ? undefined : verdict.error);

  test('how long to wait: Retry-After in seconds or as a date, else the reset of an exhausted limit', () => {
    const waits = [
      answered(demo, 429, '', { 'retry-after': '7' }),
      answered(demo, 429, '', { 'retry-after': new Date(nowMs + 9_000).toUTCString() }),
      answered(github, 403, '', { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': resetS }),
      answered(github, 429, '', { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': resetS, 'retry-after': '2' }),
      answered(demo, 429, ''),
    ].map((verdictOn) => errorOf(verdictOn(true))?.retryAfterMs);
    expect(waits).toEqual([7_000, 9_000, 91_000, 2_000, undefined]);
  });

  test('how long a whole connection pauses: as told, as usual for the provider, or until a limit is renewed that has just been used up', () => {
    const pauses = [
      answered(demo, 429, '', { 'retry-after': '7' }),
      answered(github, 403, { message: 'You have exceeded a secondary rate limit' }),
      answered(quickbooks, 429, ''),
      answered(demo, 429, ''),
      answered(demo, 503, '', { 'retry-after': '7' }),
      answered(github, 200, {}, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': resetS }),
      answered(github, 200, {}, { 'x-ratelimit-remaining': '1', 'x-ratelimit-reset': resetS }),
      answered(resend, 200, {}, { 'ratelimit-remaining': '0', 'ratelimit-reset': '1' }),
      answered(
        hubspot,
        200,
        {},
        { 'x-hubspot-ratelimit-remaining': '0', 'x-hubspot-ratelimit-interval-milliseconds': '10000' },
      ),
      answered(discord, 200, {}, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset-after': '1.5' }),
      answered(discord, 429, {}, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset-after': '1.5' }),
    ].map((verdictOn) => verdictOn(true).pauseMs);
    expect(pauses).toEqual([
      7_000,
      60_000,
      60_000,
      undefined,
      undefined,
      91_000,
      undefined,
      1_000,
      10_000,
      undefined,
      1_500,
    ]);
  });

  test('to people what they can act upon, where the code alone would not tell them', () => {
    const said = [
      answered(stripe, 402, { error: { code: 'card_declined', decline_code: 'insufficient_funds', message: 'x' } }),
      answered(twilio, 400, { code: 21610, message: 'Attempt to send to unsubscribed recipient' }),
      answered(quickbooks, 400, intuit('5010')),
      answered(quickbooks, 400, intuit('2020')),
      answered(s3, 404, xmlError('NoSuchKey'), xml),
    ].map((verdictOn) => errorOf(verdictOn(true))?.message);
    expect(said).toEqual([
      'The card has not enough funds.',
      'The recipient has opted out of messages from this number.',
      'The object was changed meanwhile: read it again, then repeat the change.',
      'D',
      'a < b',
    ]);
  });

  test('to circuits whether it is down, whether it takes the credential, or that it answered', () => {
    const news = [
      answered(demo, 503, ''),
      answered(demo, 520, ''),
      unanswered('timeout', true),
      unanswered('network', false),
      answered(demo, 401, ''),
      answered(demo, 429, ''),
      answered(demo, 404, ''),
      answered(demo, 501, ''),
      answered(demo, 200, {}),
      unanswered('blocked', false),
      answered(s3, 503, xmlError('SlowDown'), xml),
    ].map((verdictOn) => newsOf(verdictOn(false)));
    expect(news).toEqual([...Array(4).fill('unreachable'), 'unauthorized', ...Array(6).fill('answered')]);
  });

  test("the provider's own code, message, details and request id, cut to what a row can bear", () => {
    const error = errorOf(
      answered(
        github,
        422,
        { message: 'M'.repeat(900), errors: [{ field: 'title' }] },
        { 'x-github-request-id': 'r-1' },
      )(true),
    );
    expect(error).toMatchObject({ provider: 'github', status: 422, requestId: 'r-1', details: [{ field: 'title' }] });
    expect(error?.message).toHaveLength(500);
    const long = answered(github, 422, { message: 'x', errors: Array(3_000).fill(1) })(true);
    expect(errorOf(long)).not.toHaveProperty('details');
  });

  test('a body that is no JSON is text, one that is no text is base64, and one nested too deep is not parsed (E-08)', () => {
    const bodyOf = (body: Buffer | string, type: string) => {
      const verdict = judge(demo, ok({ status: 200, headers: { 'content-type': type }, body: Buffer.from(body) }), {
        repeatable: true,
        nowMs,
      });
      return verdict.kind === 'succeeded' ? verdict.body : undefined;
    };
    expect(bodyOf('{"a":1}', 'application/vnd.github+json; charset=utf-8')).toEqual({ a: 1 });
    expect(bodyOf('{"a":1}', 'text/plain')).toBe('{"a":1}');
    expect(bodyOf('', 'application/json')).toBe(null);
    expect(bodyOf(Buffer.from([0xff, 0xd8, 0xff]), 'image/jpeg')).toEqual({ base64: '/9j/' });
    const deep = '['.repeat(100_000);
    expect(bodyOf(deep, 'application/json')).toBe(deep);
  });
});
