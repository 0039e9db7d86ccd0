import { createHash, createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { accept, prepare } from '../../../shared/calls/asked.ts';
import { linkTo } from '../../../shared/calls/link.ts';
import { buildRequest } from '../../../shared/calls/request.ts';
import { Secret } from '../../../shared/core/secret.ts';
import { nested, path } from '../../../shared/providers/actions.ts';
import type { Placement } from '../../../shared/providers/auth.ts';
import { findActions } from '../../../shared/providers/callees.ts';
import { google } from '../../../shared/providers/google/index.ts';
import { mixpanel } from '../../../shared/providers/mixpanel/index.ts';
import { posthog } from '../../../shared/providers/posthog/index.ts';
import { s3 } from '../../../shared/providers/s3/index.ts';
import { slack } from '../../../shared/providers/slack/index.ts';
import { minorUnits } from '../../../shared/providers/stripe/actions.ts';
import { twilio } from '../../../shared/providers/twilio/index.ts';
import { samplesOf } from '../../support/samples.ts';

const ask = (id: string, input: unknown) => {
  const [provider = '', action = ''] = id.split('/');
  return prepare({ action, input }, provider, 'local');
};
const requestOf = (id: string, input: unknown) => {
  const prepared = ask(id, input);
  if (!prepared.ok) throw new Error(prepared.error.message);
  return prepared.value.request;
};

test('an interaction gets its one first response from the intake: what an action says later edits it, or comes beside it', () => {
  const later = ['{"type":5}', '{"type":6}'];
  const interactions = samplesOf('discord').filter(({ expect: { answer } }) => later.includes(answer?.body ?? ''));
  expect(interactions).toHaveLength(3);
  for (const { body } of interactions) {
    const { application_id: application, token } = JSON.parse(body);
    const said = { application, token, content: 'Done.' };
    const place = `/webhooks/${application}/${token}`;
    expect(requestOf('discord/interactions.reply', said)).toMatchObject({
      ...{ method: 'PATCH', path: `${place}/messages/@original` },
    });
    expect(requestOf('discord/interactions.followUp', said)).toMatchObject({ method: 'POST', path: place });
  }
});

describe('inputs at their edges', () => {
  const refs = { dataSource: 'be633bf1dfa0436db259571129a590e5', page: 'be633bf1-dfa0-436d-b259-571129a590e5' };
  const mail = { from: { email: 'a@b.example' }, to: [{ email: 'c@d.example' }] };
  test.each([
    ['slack/chat.postMessage', { channel: 'C1', text: 'x'.repeat(40_000) }, true],
    ['slack/chat.postMessage', { channel: 'C1', text: 'x'.repeat(40_001) }, false],
    ['slack/chat.postMessage', { channel: 'C1' }, false],
    ['slack/chat.postMessage', { channel: 'C1', blocks: [{ type: 'divider' }], threadTs: '1700000000.000100' }, true],
    ['slack/chat.postMessage', { channel: 'C1', text: 'x', threadTs: 'yesterday' }, false],
    ['slack/conversations.list', {}, true],
    ['slack/conversations.list', { limit: 1_001 }, false],
    ['slack/responses.send', { responseUrl: 'https://hooks.slack.com/actions/T1/2/abc', text: 'x' }, true],
    [
      'slack/responses.send',
      { responseUrl: 'https://hooks.slack.com.evil.example/actions/T1/2/abc', text: 'x' },
      false,
    ],
    ['slack/responses.send', { responseUrl: 'https://hooks.slack.com/actions/../x', text: 'x' }, false],
    ['github/issues.create', { owner: '..', repo: 'x', title: 'x' }, false],
    ['github/issues.create', { owner: 'a/b', repo: 'x', title: 'x' }, false],
    ['github/issues.create', { owner: 'a', repo: '.github', title: 'x' }, true],
    ['github/user.get', undefined, true],
    ['demo/contacts.get', { id: '../me' }, false],
    ['demo/contacts.create', { name: 'Ada', email: 'nobody' }, false],
    ['mycarrierpackets/carriers.get', {}, false],
    ['mycarrierpackets/carriers.get', { docketNumber: 'MC123456' }, true],
    ['mycarrierpackets/packets.listCompleted', { from: '2026-01-01T00:00:00Z', to: '2026-01-02T00:00:00Z' }, false],
    ['notion/pages.create', { ...refs, properties: {} }, false],
    ['notion/pages.create', { page: refs.page, properties: {} }, true],
    ['google/messages.send', { to: ['a@b.example'], subject: 'x\r\nBcc: c@d.example', text: 'x' }, false],
    ['google/messages.send', { to: ['a@b.example\r\nBcc: c@d.example'], subject: 'x', text: 'x' }, false],
    ['google/messages.send', { to: ['a@b.example'], subject: 'x' }, false],
    ['sendgrid/mail.send', { ...mail, subject: 'x' }, false],
    ['sendgrid/mail.send', { ...mail, templateId: 'd-1', data: { name: 'Ada' } }, true],
    ['resend/emails.send', { from: 'a@b.example\nx', to: ['c@d.example'], subject: 'x', text: 'x' }, false],
    ['twilio/messages.send', { to: '+14155550100', from: '+14155550199' }, false],
    ['twilio/messages.send', { to: '4155550100', from: '+14155550199', body: 'x' }, false],
    ['twilio/messages.send', { to: '+14155550100', body: 'x' }, false],
    ['posthog/persons.identify', { distinctId: 'anonymous' }, false],
    ['mixpanel/events.track', { event: 'x', distinctId: 'null', time: 1 }, false],
    ['s3/objects.put', { key: 'a', text: 'x', base64: 'eA==' }, false],
    ['s3/objects.put', { key: '/a', text: 'x' }, false],
    ['s3/objects.uploadUrl', { key: 'a', expiresInS: 604_801 }, false],
    ['stripe/paymentIntents.create', { amount: '19.999', currency: 'usd' }, false],
    ['stripe/paymentIntents.create', { amount: '1999', currency: 'jpy' }, true],
    ['zapier/hooks.send', { data: [] }, false],
  ])('%s %.60j', (id, input, good) => {
    expect(ask(id, input).ok).toBe(good);
  });

  const twoHours = { start: { dateTime: '2026-01-01T10:00:00' }, end: { dateTime: '2026-01-01T12:00:00' } };
  test.each<[string, unknown, unknown]>([
    [
      'discord/messages.create',
      { channel: '1', embeds: [{ title: 'x' }], mentions: true, replyTo: '2' },
      {
        json: { allowed_mentions: { parse: ['users', 'roles', 'everyone'] }, message_reference: { message_id: '2' } },
      },
    ],
    [
      'discord/interactions.followUp',
      { application: '1', token: 'x'.repeat(20), content: 'x', ephemeral: true },
      { method: 'POST', json: { flags: 64 } },
    ],
    ['hubspot/contacts.get', { contact: 'a@b.example', by: 'email' }, { query: { idProperty: 'email' } }],
    [
      'microsoft/events.create',
      { subject: 'x', ...twoHours, content: '<b>x</b>', format: 'html', location: 'Here', online: true },
      {
        json: {
          ...{ isOnlineMeeting: true, onlineMeetingProvider: 'teamsForBusiness', location: { displayName: 'Here' } },
          body: { contentType: 'html', content: '<b>x</b>' },
        },
      },
    ],
    ['notion/search', {}, { json: { filter: undefined, page_size: 50 } }],
    ['notion/pages.create', { page: refs.page, properties: {} }, { json: { parent: { page_id: refs.page } } }],
    [
      'posthog/events.batch',
      { events: [{ event: 'x', distinctId: 'u', uuid: refs.page, timestamp: '2026-01-01T00:00:00Z' }] },
      { repeatable: true },
    ],
    [
      'quickbooks/invoices.query',
      { docNumber: "1' OR 'x'='x", maxResults: 5 },
      { query: { query: expect.stringContaining("WHERE DocNumber = '1\\' OR \\'x\\'=\\'x' ORDERBY") } },
    ],
    ['quickbooks/customers.query', {}, { query: { query: expect.stringMatching(/^SELECT \* FROM Customer ORDERBY/) } }],
    [
      'quickbooks/customers.create',
      { displayName: 'x', phone: '1', givenName: 'A', notes: 'n' },
      { json: { PrimaryPhone: { FreeFormNumber: '1' }, GivenName: 'A', Notes: 'n', PrimaryEmailAddr: undefined } },
    ],
    [
      'quickbooks/invoices.create',
      { customer: '1', lines: [{ amount: 1, item: '2' }], billEmail: 'a@b.example', currency: 'EUR' },
      { json: { BillEmail: { Address: 'a@b.example' }, CurrencyRef: { value: 'EUR' } } },
    ],
    [
      's3/objects.put',
      { key: 'a', base64: '/w==', onlyNew: true },
      {
        headers: { 'if-none-match': '*' },
        raw: { type: 'application/octet-stream', content: Buffer.from([255]) },
      },
    ],
    [
      'slack/responses.send',
      { responseUrl: 'https://hooks.slack.com/a/b', text: 'x', replaceOriginal: true },
      { json: { replace_original: true } },
    ],
    [
      'stripe/subscriptions.cancel',
      { subscription: 'sub_1', atPeriodEnd: true },
      { method: 'POST', form: { cancel_at_period_end: true } },
    ],
    [
      'stripe/checkout.createSession',
      { mode: 'subscription', successUrl: 'https://a.example/', trialDays: 14, customerEmail: 'a@b.example' },
      { form: { 'subscription_data[trial_period_days]': 14, customer_email: 'a@b.example' } },
    ],
    [
      'twilio/messages.sendWhatsApp',
      { to: '+14155550100', messagingService: `MG${'0'.repeat(32)}`, body: 'x' },
      { form: { To: 'whatsapp:+14155550100', From: undefined, MessagingServiceSid: `MG${'0'.repeat(32)}` } },
    ],
  ])('%s with %.60j is asked as its page says', (id, input, request) => {
    expect(requestOf(id, input)).toMatchObject(request as object);
  });

  test('a thread is spelled as Slack spells it', () => {
    const request = requestOf('slack/chat.postMessage', { channel: 'C1', text: 'x', threadTs: '1700000000.000100' });
    expect(request).toMatchObject({ json: { thread_ts: '1700000000.000100' } });
  });

  test('an action asks for no scope that its provider does not offer: the check of definitions says so', async () => {
    const { catalogue } = await import('../../../shared/providers/catalogue.ts');
    const { checkProviders } = await import('../../../shared/providers/check.ts');
    const { github } = catalogue;
    if (!github) throw new Error('there is no github');
    const get = { ...findActions('github')['user.get'], scopes: ['everything'] } as (typeof github.actions)[string];
    expect(checkProviders({ github: { ...github, actions: { ...github.actions, 'user.get': get } } })).toEqual([
      'github: actions.user.get: there is no scope everything',
    ]);
  });
});

describe('amounts in minor units, exactly', () => {
  test.each([
    ['19.99', 'usd', 1_999],
    ['1.1', 'EUR', 110],
    ['0.29', 'usd', 29], // 0.29 × 100 is 28.999… in floating point
    ['1.005', 'usd', undefined],
    ['500', 'jpy', 500],
    ['500.5', 'jpy', undefined],
    ['5.120', 'kwd', 5_120],
    ['5.12', 'kwd', 5_120],
    ['5.123', 'kwd', undefined],
    ['5', 'ugx', 500],
    ['5.5', 'isk', undefined],
    ['999999999999', 'usd', 99_999_999_999_900],
    ['-1', 'usd', undefined],
    ['1e3', 'usd', undefined],
    ['1,50', 'eur', undefined],
    ['', 'usd', undefined],
    ['0', 'usd', 0],
  ])('%s %s is %s', (amount, currency, minor) => {
    expect(minorUnits(amount, currency)).toBe(minor);
  });
});

describe('how requests are written', () => {
  test('fields within fields', () => {
    const form = nested({ a: 1, b: { c: true, d: undefined, e: null }, f: [{ g: 'x' }, { g: '' }], h: [] });
    expect(form).toEqual({ a: 1, 'b[c]': true, 'f[0][g]': 'x', 'f[1][g]': '' });
  });

  test('a list in a form repeats its key', () => {
    const mediaUrls = ['https://a.example/1', 'https://a.example/2'];
    const request = requestOf('twilio/messages.send', { to: '+14155550100', from: '+14155550199', mediaUrls });
    const built = buildRequest(twilio.api, {}, request, 'call_1', { account: 'AC1' });
    const body = new URLSearchParams(String(built.ok && built.value.body));
    expect(body.getAll('MediaUrl')).toEqual(mediaUrls);
  });

  test('a value in a path is one segment, escaped as signatures want it', () => {
    expect(path`/a/${"x/y!'()*"}/${1}`).toBe('/a/x%2Fy%21%27%28%29%2A/1');
  });

  test('a mail has both texts, long subjects in words of 75 characters at most, and nothing but ASCII', () => {
    const subject = `Grüße aus Köln ${'ä'.repeat(60)}`;
    const { json } = requestOf('google/messages.send', {
      ...{ to: ['a@b.example', 'c@d.example'], cc: ['e@f.example'], replyTo: 'g@h.example' },
      ...{ subject, text: 'Hallo Ä', html: '<p>Hallo</p>', threadId: 't1' },
    }) as { json: { raw: string; threadId: string } };
    const mail = Buffer.from(json.raw, 'base64url').toString();
    expect(json.threadId).toBe('t1');
    expect(mail).toMatch(/^[\r\n\x20-\x7e]+$/);
    expect(mail).toContain('To: a@b.example, c@d.example\r\nCc: e@f.example\r\nReply-To: g@h.example\r\nSubject: ');
    const words = [...mail.matchAll(/=\?UTF-8\?B\?([A-Za-z0-9+/=]+)\?=/g)];
    expect(words.length).toBeGreaterThan(2);
    for (const [word] of words) expect(word.length).toBeLessThanOrEqual(75);
    expect(words.map(([, text = '']) => Buffer.from(text, 'base64').toString()).join('')).toBe(subject);
    const boundary = mail.match(/boundary="([^"]+)"/)?.[1] ?? 'none';
    const parts = mail.split(`--${boundary}`).slice(1);
    expect(parts).toHaveLength(3);
    expect(parts[2]).toBe('--');
    expect(Buffer.from(parts[0]?.split('\r\n\r\n')[1] ?? '', 'base64').toString()).toBe('Hallo Ä');
  });

  test('an answer that is in a header, a text or nothing becomes the output', () => {
    const outputOf = (id: string, answer: { status: number; headers: Record<string, string>; body: unknown }) => {
      const [provider = '', action = ''] = id.split('/');
      const outcome = accept({ kind: 'succeeded', ...answer }, { action, input: {} }, provider, 'local');
      if (outcome.kind === 'succeeded') return outcome.body;
      return outcome.kind === 'deferred' ? undefined : outcome.error.code;
    };
    const accepted = { status: 202, headers: { 'x-message-id': 'm1' }, body: null };
    expect(outputOf('sendgrid/mail.send', accepted)).toEqual({ messageId: 'm1' });
    expect(outputOf('microsoft/mail.send', { status: 202, headers: {}, body: null })).toEqual({});
    expect(outputOf('slack/responses.send', { status: 200, headers: {}, body: 'ok' })).toEqual({});
    const etag = { etag: '"1"', 'content-type': 'application/json' };
    expect(outputOf('s3/objects.put', { status: 200, headers: etag, body: null })).toEqual({ etag: '"1"' });
    expect(outputOf('s3/objects.get', { status: 200, headers: etag, body: { a: 1 } })).toMatchObject({
      text: '{"a":1}',
    });
    const bytes = { base64: '/w==' };
    expect(outputOf('s3/objects.get', { status: 200, headers: {}, body: bytes })).toEqual(bytes);
    const found = { QueryResponse: { CompanyInfo: [{ CompanyName: 'Acme' }] } };
    expect(outputOf('quickbooks/companyInfo.get', { status: 200, headers: {}, body: found })).toEqual({
      CompanyName: 'Acme',
    });
    const empty = { status: 200, headers: {}, body: { QueryResponse: {} } };
    expect(outputOf('quickbooks/companyInfo.get', empty)).toBe('unexpected_answer');
  });
});

describe('what a request takes of its connection', () => {
  const capture = { event: 'x', distinctId: 'u' };

  test('a setting that the connection lacks is named, and nothing is sent without it', () => {
    const built = buildRequest(posthog.api, {}, requestOf('posthog/events.capture', capture), 'call_1', {
      region: 'eu',
    });
    expect(built).toMatchObject({ ok: false, error: { code: 'invalid_request' } });
    expect(built.ok ? '' : built.error.message).toContain('projectToken');
  });

  test('braces that a caller writes stay what they are: only the hub makes a blank', () => {
    const settings = { region: 'eu', projectToken: 'phc_1', secret: 'made-up' };
    const properties = { a: '{projectToken}', b: { name: 'projectToken' } };
    const request = requestOf('posthog/events.capture', { ...capture, properties });
    const built = buildRequest(posthog.api, {}, request, 'call_1', settings);
    const json = JSON.parse(String(built.ok && built.value.body));
    expect(json).toMatchObject({ api_key: 'phc_1', properties });
  });

  test('a secret fills no blank', () => {
    const settings = { region: 'eu', projectToken: new Secret('phc_1') };
    const built = buildRequest(posthog.api, {}, requestOf('posthog/events.capture', capture), 'call_1', settings);
    expect(built.ok).toBe(false);
  });

  test.each([
    ['mixpanel.com', 'https://api.mixpanel.com'],
    ['eu.mixpanel.com', 'https://api-eu.mixpanel.com'],
    ['in.mixpanel.com', 'https://api-in.mixpanel.com'],
  ])('events of a project at %s go to %s', (host, origin) => {
    const request = requestOf('mixpanel/events.track', { event: 'x', distinctId: 'u', time: 1 });
    const built = buildRequest(mixpanel.api, {}, request, 'call_1', { host, projectToken: 'f'.repeat(32) });
    expect(built.ok && new URL(built.value.url).origin).toBe(origin);
  });

  test('the id of a call is the same in each attempt, and another call’s is another', () => {
    const idOf = (key: string) => {
      const request = requestOf('microsoft/events.create', {
        ...{ subject: 'x', start: { dateTime: '2026-01-01T00:00:00' }, end: { dateTime: '2026-01-01T01:00:00' } },
      });
      const built = buildRequest({ baseUrl: 'https://a.example', errors: {} }, {}, request, key, {});
      return JSON.parse(String(built.ok && built.value.body)).transactionId;
    };
    expect(idOf('call_1')).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(idOf('call_1')).toBe(idOf('call_1'));
    expect(idOf('call_2')).not.toBe(idOf('call_1'));
  });

  test('an address that the provider does not have is refused, with those that it has', () => {
    for (const base of ['elsewhere', 'constructor', '__proto__', '']) {
      const built = buildRequest(slack.api, {}, { method: 'POST', path: '/x', base });
      expect(built).toMatchObject({ ok: false, error: { message: 'base: one of hooks' } });
    }
  });

  test('a raw request may name one', () => {
    const request = { method: 'GET', path: '/users/me/labels', base: 'gmail' } as const;
    expect(prepare({ request }, 'google', 'local')).toMatchObject({ ok: true });
    const built = buildRequest(google.api, {}, request);
    expect(built).toMatchObject({ value: { url: 'https://gmail.googleapis.com/gmail/v1/users/me/labels' } });
  });
});

describe('URLs that are signed and not sent', () => {
  const place = s3.auth[0].place[0] as Placement;
  const values = {
    ...{ region: 'eu-central-1', accessKeyId: 'AKIA0000000000000000' },
    secretAccessKey: new Secret('made-up-secret-of-forty-characters-000000'),
  };
  const nowMs = Date.UTC(2026, 0, 31, 12);
  const settings = { endpoint: 's3.eu-central-1.amazonaws.com', bucket: 'acme', region: 'eu-central-1' };

  async function linkOf(id: string, input: unknown) {
    const request = requestOf(id, input);
    const built = buildRequest(s3.api, {}, request, 'call_1', settings);
    if (!built.ok || !request.link) throw new Error('no link');
    return linkTo(built.value, request.link, [place], values, nowMs);
  }

  /** Signature Version 4 in the query, by hand. */
  function signatureOf(method: string, url: URL): string {
    const spelled = (text: string) =>
      encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
    const query = [...url.searchParams]
      .filter(([name]) => name !== 'X-Amz-Signature')
      .map(([name, value]) => [spelled(name), spelled(value)] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map((pair) => pair.join('='))
      .join('&');
    const canonical = [method, url.pathname, query, `host:${url.host}`, '', 'host', 'UNSIGNED-PAYLOAD'].join('\n');
    const scope = '20260131/eu-central-1/s3/aws4_request';
    const hash = createHash('sha256').update(canonical).digest('hex');
    const text = ['AWS4-HMAC-SHA256', '20260131T120000Z', scope, hash].join('\n');
    const key = scope
      .split('/')
      .reduce<string | Buffer>(
        (secret, part) => createHmac('sha256', secret).update(part).digest(),
        `AWS4${values.secretAccessKey.reveal()}`,
      );
    return createHmac('sha256', key).update(text).digest('hex');
  }

  test.each([
    ['s3/objects.uploadUrl', { key: 'a b/ü+(1).csv' }, 'PUT', '900', '2026-01-31T12:15:00.000Z'],
    [
      's3/objects.downloadUrl',
      { key: 'a.csv', expiresInS: 60, filename: 'my file.csv' },
      'GET',
      '60',
      '2026-01-31T12:01:00.000Z',
    ],
  ])('%s', async (id, input, method, expires, expiresAt) => {
    const link = await linkOf(id, input);
    const url = new URL(link.url);
    expect(link).toEqual({ url: link.url, method, expiresAt });
    expect(url.searchParams.get('X-Amz-Expires')).toBe(expires);
    expect(url.searchParams.get('X-Amz-Signature')).toBe(signatureOf(method, url));
    expect(link.url).not.toContain('+');
    expect(link.url).not.toContain(values.secretAccessKey.reveal());
  });

  test('a public URL is not signed', async () => {
    const link = await linkOf('s3/objects.publicUrl', { key: 'a b.png' });
    expect(link).toEqual({ url: 'https://s3.eu-central-1.amazonaws.com/acme/a%20b.png', method: 'GET' });
  });
});
