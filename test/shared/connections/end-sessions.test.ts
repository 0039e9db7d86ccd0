import { expect, test } from 'vitest';
import { endSessions } from '../../../shared/connections/end-sessions.ts';
import type { Session, SessionStatus } from '../../../shared/connections/session.ts';
import { sessionStore } from '../../../shared/connections/session-store.ts';
import { TenantId } from '../../../shared/core/ids.ts';
import { memoryTable } from '../../support/memory-table.ts';

const acme = TenantId.parse('acme');
const MINUTE = 60_000;

function world() {
  const table = memoryTable();
  const store = sessionStore(table);
  const put = (id: string, status: SessionStatus, more: object = {}) =>
    table.put({ pk: `session#${id}`, id, tenantId: acme, status, createdAtMs: 1_000, ...more });
  const statusOf = async (id: string) => (await store.get(id))?.status;
  const end = (sessions = store) => endSessions(sessions, acme, 2_000, { nowMs: 2_000, dueAtMs: 2_000 + MINUTE });
  return { store, put, statusOf, end };
}
const grant = { sealed: {}, grantedAtMs: 1_000, scopes: [], account: { id: 'account-1' } };

test('whatever stage a session is in, nothing comes of it; those with a grant are left to be ended upstream', async () => {
  const { put, statusOf, end } = world();
  for (const status of ['created', 'started', 'exchanging', 'confirmed', 'ended'] as const) await put(status, status);
  for (const status of ['ready', 'confirming', 'revoking'] as const) await put(status, status, { grant });
  expect((await end()).map(({ id }) => id).sort()).toEqual(['confirming', 'ready', 'revoking']);
  for (const id of ['created', 'started', 'exchanging', 'ended']) expect(await statusOf(id)).toBe('ended');
  for (const id of ['ready', 'confirming', 'revoking']) expect(await statusOf(id)).toBe('revoking');
});

test('a session that moves on meanwhile is ended where it has come to', async () => {
  const { store, put, statusOf, end } = world();
  await put('one', 'ready', { grant });
  const before = { id: 'one', tenantId: acme, status: 'exchanging' } as Session;
  const seen = { ...store, ofTenant: async () => ({ items: [before] }) };
  expect(await end(seen)).toMatchObject([{ id: 'one', status: 'revoking', endedBecause: 'tenant_removed' }]);
  await put('two', 'confirmed');
  expect(await end({ ...store, ofTenant: async () => ({ items: [{ ...before, id: 'two' }] }) })).toEqual([]);
  expect(await statusOf('two')).toBe('confirmed');
});

test('one that was made after the erasure began belongs to a new tenant', async () => {
  const { put, statusOf, end } = world();
  await put('new', 'ready', { grant, createdAtMs: 2_001 });
  expect(await end()).toEqual([]);
  expect(await statusOf('new')).toBe('ready');
});
