import { describe, expect, test } from 'vitest';
import type { Connection } from '../../../shared/connections/connection.ts';
import { CLOCK_SKEW_MS, isHeld, leased, refreshed, released } from '../../../shared/connections/lease.ts';
import { acme } from '../../support/credential-ports.ts';

const NOW = 1_700_000_000_000;
const connection: Connection = {
  ...{ tenantId: acme, provider: 'demo', name: 'default', status: 'active', account: { id: '1' }, mode: 'live' },
  ...{ scopes: ['a'], version: 7, generation: 3, sealed: { accessToken: 'x', refreshToken: 'y' } },
  ...{ authorizedAtMs: NOW, createdAtMs: NOW, updatedAtMs: NOW - 1 },
};
const lease = { owner: 'me', untilMs: NOW + 30_000, generation: 4 };
const intent = { tokenHash: 'hash', firstTriedAtMs: NOW - 60_000, attempt: 2, ambiguous: false };
const lapsed = { ...lease, owner: 'crashed', untilMs: NOW - CLOCK_SKEW_MS - 1 };

describe('a lease (C-01, C-04)', () => {
  test('holds until it has ended by either clock', () => {
    expect(isHeld(connection, NOW)).toBe(false);
    const held = { ...connection, lease };
    expect([lease.untilMs, lease.untilMs + 1_000, lease.untilMs + 1_001].map((nowMs) => isHeld(held, nowMs))).toEqual([
      ...[true, true, false],
    ]);
  });

  test('is taken together with what is about to be tried', () => {
    expect(leased(connection, lease, 'hash', NOW)).toEqual({
      ...{ ...connection, lease, version: 8 },
      intent: { tokenHash: 'hash', firstTriedAtMs: NOW, attempt: 1, ambiguous: false },
    });
  });

  test('is not taken while it is held, nor for a connection that is over', () => {
    expect(leased({ ...connection, lease: { ...lease, owner: 'another' } }, lease, 'hash', NOW)).toBeUndefined();
    for (const status of ['needs_reauth', 'revocation_pending', 'revoked'] as const)
      expect(leased({ ...connection, status }, lease, 'hash', NOW)).toBeUndefined();
  });

  test.each([
    ['was given back: the next attempt of the same token', { intent }, { attempt: 3, ambiguous: false }],
    ['lapsed: the token may be spent', { intent, lease: lapsed }, { attempt: 3, ambiguous: true }],
    ['left that in doubt before', { intent: { ...intent, ambiguous: true } }, { attempt: 3, ambiguous: true }],
  ] as const)('after one that %s', (_what, before, expected) => {
    const row = leased({ ...connection, ...before }, lease, 'hash', NOW);
    expect(row?.intent).toEqual({ tokenHash: 'hash', firstTriedAtMs: NOW - 60_000, ...expected });
  });

  test('for another token knows nothing of the one before', () => {
    const before = { ...connection, lease: lapsed, intent: { ...intent, ambiguous: true } };
    expect(leased(before, lease, 'new', NOW)?.intent).toEqual({
      ...{ tokenHash: 'new', firstTriedAtMs: NOW, attempt: 1, ambiguous: false },
    });
  });

  test('is given back by its owner alone, who says what is to be remembered', () => {
    const row = { ...connection, lease, intent };
    const note = { ambiguous: false, notBeforeMs: NOW + 2_000 };
    expect(released(row, 'me', note)).toEqual({
      ...{ ...connection, lease: undefined, version: 8 },
      intent: { ...intent, notBeforeMs: NOW + 2_000 },
    });
    expect(released(row, 'another', note)).toBeUndefined();
    expect(released({ ...row, lease: undefined }, 'me', note)).toBeUndefined();
    expect(released({ ...row, intent: undefined }, 'me', note)).toBeUndefined();
  });

  test('given back in doubt once leaves the doubt (C.3)', () => {
    const doubtful = (before: boolean, ambiguous: boolean) =>
      released({ ...connection, lease, intent: { ...intent, ambiguous: before } }, 'me', { ambiguous })?.intent
        ?.ambiguous;
    expect([doubtful(false, true), doubtful(true, false), doubtful(false, false)]).toEqual([true, true, false]);
  });
});

describe('a refreshed credential (C-03)', () => {
  const fresh = {
    generation: 4,
    sealed: { accessToken: 'new', refreshToken: 'new' },
    scopes: ['b'],
    expiresInS: 1_000,
  };
  const moment = { nowMs: NOW, chance: () => 0.5 };
  const mine = { ...connection, lease, intent, announceAtMs: NOW, expiresAtMs: NOW - 1, refreshAtMs: NOW - 2 };

  test('takes the place of an older one, and ends the lease that it came under', () => {
    expect(refreshed(mine, 'me', fresh, moment)).toEqual({
      ...{ ...connection, version: 8, generation: 4, sealed: fresh.sealed, scopes: ['b'], updatedAtMs: NOW },
      ...{ expiresAtMs: NOW + 1_000_000, refreshAtMs: NOW + 700_000 },
      ...{ lease: undefined, intent: undefined, reason: undefined, announceAtMs: undefined },
    });
  });

  test('without an end has none', () => {
    const endless = refreshed(mine, 'me', { ...fresh, expiresInS: undefined }, moment);
    expect([endless?.expiresAtMs, endless?.refreshAtMs]).toEqual([undefined, undefined]);
  });

  test('never takes the place of its own or a newer generation', () => {
    for (const generation of [4, 5]) expect(refreshed({ ...mine, generation }, 'me', fresh, moment)).toBeUndefined();
  });

  test("leaves another's lease: that call is still on its way", () => {
    const theirs = { ...mine, lease: { ...lease, owner: 'another' } };
    expect(refreshed(theirs, 'me', fresh, moment)).toMatchObject({ generation: 4, lease: theirs.lease, intent });
    expect(refreshed({ ...mine, lease: undefined }, 'me', fresh, moment)?.intent).toBeUndefined();
  });

  test('revives what was given up for its sake, and nothing else that is over', () => {
    const over = (status: Connection['status'], reason?: string) =>
      refreshed({ ...mine, status, reason }, 'me', fresh, moment)?.status;
    expect(over('needs_reauth', 'rotation_lost')).toBe('active');
    expect(over('needs_reauth', 'grant_revoked')).toBeUndefined();
    expect(over('revoked', 'rotation_lost')).toBeUndefined();
    expect(over('revocation_pending')).toBeUndefined();
  });
});
