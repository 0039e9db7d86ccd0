import { beforeEach, describe, expect, test } from 'vitest';
import { contextOf } from '../../../shared/connections/authorization.ts';
import { claimState } from '../../../shared/connections/claim-state.ts';
import { cookieName, hashed } from '../../../shared/connections/handle.ts';
import type { Session } from '../../../shared/connections/session.ts';
import { type SessionStore, sessionStore } from '../../../shared/connections/session-store.ts';
import { TenantId } from '../../../shared/core/ids.ts';
import { demo } from '../../../shared/providers/demo/index.ts';
import { memoryTable } from '../../support/memory-table.ts';
import { testMoment } from '../../support/moment.ts';

const entry = { provider: demo };
const app = { clientId: 'client' };
const id = `cs_${'0'.repeat(26)}`;
const secret = 's'.repeat(43);
const cookie = 'c'.repeat(43);
const returnUrl = 'https://app.example.com/connected';

let moment: ReturnType<typeof testMoment>;
let sessions: SessionStore;
beforeEach(async () => {
  moment = testMoment();
  sessions = sessionStore(memoryTable());
  const session: Session = {
    ...{ id, tenantId: TenantId.parse('acme'), tenantName: 'Acme', provider: 'demo', name: 'default', endUser: 'ada' },
    ...{ returnUrl, scopes: [], status: 'created', linkHash: 'l', createdAtMs: moment.nowMs },
    linkExpiresAtMs: moment.nowMs + 900_000,
  };
  await sessions.create(session);
  const attempt = {
    ...{ browserHash: hashed('browser', cookie), stateHash: hashed('state', secret) },
    ...{ stateExpiresAtMs: moment.nowMs + 600_000, redirectUri: 'https://hub.example.com/oauth/demo/callback' },
    context: contextOf(session, entry, app),
  };
  await sessions.start(id, { linkHash: 'l', attempt }, moment.nowMs);
});

interface Change {
  readonly query?: string;
  readonly cookies?: Readonly<Record<string, string>>;
  readonly publicUrl?: string;
  readonly clientId?: string;
  readonly provider?: string;
}

/** What a browser that comes back is told, and what became of the session. */
async function comeBack(change: Change = {}) {
  const { query = `state=${id}.${secret}`, cookies = { [cookieName(id)]: cookie } } = change;
  const { publicUrl = 'https://hub.example.com/', clientId = 'client', provider = 'demo' } = change;
  const request = { provider, query: new URLSearchParams(query), cookie: (name: string) => cookies[name] };
  const claimed = await claimState({ sessions, publicUrl }, entry, { clientId }, request, moment);
  return { claimed, status: (await sessions.get(id))?.status };
}

test('a state with its cookie is consumed, once (A-20)', async () => {
  expect(await comeBack()).toMatchObject({
    claimed: { ok: true, value: { id, status: 'exchanging', claimId: expect.stringMatching(/^.{20,}$/) } },
    status: 'exchanging',
  });
  expect((await comeBack()).claimed).toEqual({
    ok: false,
    error: { code: 'link_used', message: 'This sign-in was completed already.', goBack: returnUrl },
  });
});

describe('consumed is nothing, and said is why (A-20)', () => {
  const unknown = { code: 'invalid_state', message: 'We do not know this sign-in attempt, or it is incomplete.' };
  const wrongBrowser = {
    code: 'wrong_browser',
    message: 'This sign-in was begun in another browser, or cookies are switched off.',
    goBack: returnUrl,
  };
  const changed = { code: 'invalid_state', message: 'This answer does not fit what was asked for.', goBack: returnUrl };

  test.each<[string, Change, object]>([
    ['no state', { query: '' }, unknown],
    ['two states', { query: `state=${id}.${secret}&state=${id}.${secret}` }, unknown],
    ['a state that is no handle', { query: `state=${secret}` }, unknown],
    ["another session's", { query: `state=cs_${'1'.repeat(26)}.${secret}` }, unknown],
    [
      "another session's, and its cookie",
      { query: `state=cs_${'1'.repeat(26)}.${secret}`, cookies: { [cookieName(`cs_${'1'.repeat(26)}`)]: cookie } },
      unknown,
    ],
    ['another secret', { query: `state=${id}.${'x'.repeat(43)}` }, unknown],
    ['another secret, without a cookie', { query: `state=${id}.${'x'.repeat(43)}`, cookies: {} }, unknown],
    ['no cookie', { cookies: {} }, wrongBrowser],
    ['a cookie of another session', { cookies: { [cookieName(`cs_${'1'.repeat(26)}`)]: cookie } }, wrongBrowser],
    ['another cookie', { cookies: { [cookieName(id)]: 'x'.repeat(43) } }, wrongBrowser],
    ['a cookie that is none of ours', { cookies: { [cookieName(id)]: 'short' } }, wrongBrowser],
    ['another address of the hub', { publicUrl: 'https://other.example.com' }, changed],
    ['another app', { clientId: 'other' }, changed],
    ['another provider', { provider: 'github' }, changed],
  ])('with %s', async (_what, change, error) => {
    expect(await comeBack(change)).toEqual({ claimed: { ok: false, error }, status: 'started' });
  });

  test('ten minutes later', async () => {
    moment.nowMs += 600_000;
    expect(await comeBack()).toEqual({
      claimed: {
        ok: false,
        error: { code: 'link_expired', message: 'The sign-in took longer than 10 minutes.', goBack: returnUrl },
      },
      status: 'started',
    });
  });
});
