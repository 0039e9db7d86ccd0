import { expect, test } from 'vitest';
import { accountOf } from '../../../shared/connections/account.ts';
import type { OutboundRequest, Send } from '../../../shared/core/fetch.ts';
import { err, ok } from '../../../shared/core/result.ts';
import { Secret } from '../../../shared/core/secret.ts';
import type { WayKind } from '../../../shared/providers/auth.ts';
import { catalogue } from '../../../shared/providers/catalogue.ts';

const accessToken = new Secret('at-1');

/** Asks whose account it is; returns that, and what was sent for it. */
async function ask(
  id: string,
  kind: WayKind,
  evidence: Omit<Parameters<typeof accountOf>[1], 'values'> & { values?: Record<string, string | Secret> },
  said: { readonly status?: number; readonly json?: unknown } | 'nothing' = {},
  app = {},
) {
  const entry = catalogue[id];
  const way = entry?.provider.auth.find((each) => each.kind === kind);
  if (!entry || !way) throw new Error(`${id} has no ${kind}`);
  const sent: OutboundRequest[] = [];
  const send: Send = async (request) => {
    sent.push(request);
    if (said === 'nothing') return err({ reason: 'timeout', sent: true, cause: 'silence' });
    return ok({ status: said.status ?? 200, headers: {}, body: Buffer.from(JSON.stringify(said.json ?? {})) });
  };
  const account = await accountOf(
    { entry, way, app },
    { ...evidence, values: { accessToken, ...evidence.values } },
    send,
    0,
  );
  return { account, sent };
}

test('what a browser brought counts once the new token opens it (QuickBooks)', async () => {
  const callback = new URLSearchParams({ realmId: '92414', code: 'c' });
  const json = { CompanyInfo: { CompanyName: 'Ada & Co' } };
  const good = await ask('quickbooks', 'oauth2', { callback }, { json });
  expect(good.account).toMatchObject({ ok: true, value: { id: '92414' } });
  expect(good.sent[0]?.url).toContain('https://quickbooks.api.intuit.com/v3/company/92414/companyinfo/92414');
  const foreign = await ask('quickbooks', 'oauth2', { callback }, { status: 403 });
  expect(foreign.account).toMatchObject({ ok: false, error: { kind: 'refused' } });
  const none = await ask('quickbooks', 'oauth2', { callback: new URLSearchParams() });
  expect(none).toMatchObject({ account: { ok: false }, sent: [] });
});

test('a variable of the owner’s app moves the test call too (QuickBooks sandbox)', async () => {
  const app = { variables: { apiHost: 'sandbox-quickbooks.api.intuit.com' } };
  const { sent } = await ask('quickbooks', 'oauth2', { callback: new URLSearchParams({ realmId: '1' }) }, {}, app);
  expect(sent[0]?.url).toContain('https://sandbox-quickbooks.api.intuit.com/v3/company/1/');
});

test('what was entered is tried all the same, also where it is a part of the address (Twilio)', async () => {
  const accountSid = `AC${'0'.repeat(32)}`;
  const values = { accountSid, keySid: `SK${'1'.repeat(32)}`, secret: new Secret('s'.repeat(32)) };
  const good = await ask('twilio', 'basic', { values });
  expect(good.account).toMatchObject({ ok: true, value: { id: accountSid } });
  expect(good.sent[0]?.url).toContain(`/Accounts/${accountSid}`);
  expect((await ask('twilio', 'basic', { values }, { status: 401 })).account).toMatchObject({
    error: { kind: 'refused' },
  });
});

test.each([
  ['unavailable', 'nothing'],
  ['unavailable', { status: 503 }],
  ['unavailable', { status: 429 }],
  ['refused', { status: 401 }],
  ['odd', { status: 404 }],
  ['odd', { json: {} }],
  ['odd', { json: { id: '..' } }],
  ['odd', { json: { id: 'x'.repeat(501) } }],
] as const)('%s: nobody is connected, and the cause quotes nothing of the answer', async (kind, said) => {
  const { account } = await ask('demo', 'oauth2', {}, said);
  expect(account).toMatchObject({ ok: false, error: { kind } });
});
