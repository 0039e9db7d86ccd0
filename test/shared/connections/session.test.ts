import { expect, test } from 'vitest';
import { hashed } from '../../../shared/connections/handle.ts';
import {
  CONFIRM_MS,
  judgeCallback,
  judgeConfirm,
  judgeLink,
  KEEP_MS,
  LINK_MS,
  type Session,
  STATE_MS,
  sessionPlace,
  stepOf,
} from '../../../shared/connections/session.ts';
import { TenantId } from '../../../shared/core/ids.ts';

const NOW = 1_700_000_000_000;
const acme = TenantId.parse('acme');
const globex = TenantId.parse('globex');
const browserHash = hashed('browser', 'mine');
const stateHash = hashed('state', 'state');
const session: Session = {
  ...{ id: 'cs_1', tenantId: acme, tenantName: 'Acme', provider: 'demo', name: 'default', endUser: 'ada' },
  ...{ returnUrl: 'https://a/b', scopes: [], status: 'created', linkHash: hashed('link', 'link') },
  ...{ createdAtMs: NOW - 1_000, linkExpiresAtMs: NOW },
};
const attempt = { browserHash, stateHash, stateExpiresAtMs: NOW, redirectUri: 'https://h/cb', context: 'c' };
const started: Session = { ...session, status: 'started', attempt };
const ready: Session = { ...started, status: 'ready', ticketHash: hashed('ticket', 'ticket'), confirmExpiresAtMs: NOW };

test.each([
  ['open', session, {}, -1],
  ['expired', session, {}, 0],
  ['unknown', undefined, {}, -1],
  ['unknown', session, { secret: 'other' }, -1],
  ['open', started, {}, -1],
  ['wrong_browser', started, { browserHash: hashed('browser', 'other') }, -1],
  ['wrong_browser', started, { browserHash: undefined }, -1],
  ['used', ready, {}, -1],
  ['used', { ...session, status: 'ended' } as Session, {}, 1],
])('a link is %s', (expected, row, change, offsetMs) => {
  expect(judgeLink(row, { secret: 'link', browserHash, ...change }, NOW + offsetMs)).toBe(expected);
});

test.each([
  ['changed', started, {}, -1],
  ['expired', started, {}, 0],
  ['used', ready, {}, 0],
  ['wrong_browser', ready, { browserHash: undefined }, -1],
  ['wrong_browser', started, { browserHash: stateHash }, -1],
  ['unknown', started, { stateHash: browserHash }, -1],
  ['unknown', session, {}, -1],
  ['unknown', undefined, {}, -1],
])('a callback that was not let in is %s', (expected, row, change, offsetMs) => {
  expect(judgeCallback(row, { stateHash, browserHash, ...change }, NOW + offsetMs)).toBe(expected);
});

test.each([
  ['match', ready, {}, -1],
  ['late', ready, {}, 0],
  ['match', { ...ready, status: 'confirming' } as Session, {}, 5_000],
  ['done', { ...ready, status: 'confirmed' } as Session, {}, 5_000],
  ['other_end_user', ready, { endUser: 'eve' }, -1],
  ['other_end_user', ready, { endUser: 'eve' }, 0],
  ['foreign', { ...ready, status: 'confirmed' } as Session, { endUser: 'eve' }, -1],
  ['foreign', ready, { tenantId: globex }, -1],
  ['foreign', ready, { tenantId: globex, endUser: 'eve' }, -1],
  ['foreign', ready, { ticket: 'other' }, -1],
  ['foreign', ready, { ticket: 'other', endUser: 'eve' }, -1],
  ['foreign', { ...ready, status: 'revoking' } as Session, {}, -1],
  ['foreign', { ...ready, status: 'ended' } as Session, {}, -1],
  ['foreign', started, {}, -1],
  ['foreign', undefined, {}, -1],
])('a confirmation is %s (A-33, A-53)', (expected, row, change, offsetMs) => {
  const claim = { tenantId: acme, ticket: 'ticket', endUser: 'ada', ...change };
  expect(judgeConfirm(row, claim, NOW + offsetMs)).toBe(expected);
});

test('a link lives 15 minutes, a state and a confirmation 10, the row two days more (A-21)', () => {
  const minute = 60_000;
  expect([LINK_MS, STATE_MS, CONFIRM_MS, KEEP_MS]).toEqual([15 * minute, 10 * minute, 10 * minute, 2_880 * minute]);
});

test('what is sealed for a session opens at no connection, whose generations begin above 0', () => {
  expect(sessionPlace(session)).toEqual({ provider: 'demo', name: 'cs_1', generation: 0 });
});

test('a step is entered in the audit log under the end user, by the session’s id, with why it came to nothing', () => {
  const done = {
    ...{ tenant: acme, actor: { kind: 'end_user', id: 'cs_1' } },
    given: { session: 'cs_1', connection: { provider: 'demo', name: 'default' } },
  };
  expect(stepOf(session)).toEqual(done);
  expect(stepOf(session, 'denied')).toEqual({ ...done, error: 'denied' });
});
