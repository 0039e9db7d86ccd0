import { expect, test } from 'vitest';
import { openCredentials } from '../../../shared/connections/credential.ts';
import { tend } from '../../../shared/connections/due.ts';
import { revokeAll } from '../../../shared/connections/revoke-all.ts';
import { connectionStore } from '../../../shared/connections/store.ts';
import { dueShards } from '../../../shared/core/keys.ts';
import { credentialPorts } from '../../support/credential-ports.ts';
import { fakeKms } from '../../support/kms.ts';

const CONNECTIONS = 10_000;

test('the drill: 10,000 connections of a provider are ended while one request in ten fails, each with its result on record (A.6)', {
  timeout: 120_000,
}, async () => {
  fakeKms();
  const hub = credentialPorts();
  const store = connectionStore(hub.table);
  const ports = { ...hub.ports, store };
  const seed = await hub.connect({ refresh: 'refresh-1', expiresInS: 3_600 });
  const [item] = hub.table.rows.values();
  for (let at = 1; at < CONNECTIONS; at++) await hub.table.put({ ...item, sk: `demo#c${at}`, name: `c${at}` });
  // One credential serves them all: each row but the first is bound to another name and would not open.
  ports.vault = {
    ...hub.ports.vault,
    open: (tenant, place, sealed) => hub.ports.vault.open(tenant, { ...place, name: seed.name }, sealed),
  };

  let cursor: string | undefined;
  let marked = 0;
  do {
    const answer = await revokeAll(ports, { provider: 'demo', cursor }, () => false); // out of time after each page
    marked += answer.marked;
    cursor = answer.cursor;
  } while (cursor);
  expect(marked).toBe(CONNECTIONS);
  expect([...hub.table.rows.values()].every(({ status }) => status === 'revocation_pending')).toBe(true);

  let request = 0;
  hub.provider = () => ({ status: ++request % 10 === 0 ? 503 : 200 });
  const credentials = openCredentials(ports);
  let ticks = 0;
  for (; hub.table.rows.size > 0 && ticks < 60; ticks++) {
    hub.moment.nowMs += 60_000;
    const due = await Promise.all(dueShards.map((shard) => store.due(shard, hub.moment.nowMs)));
    await tend(ports, credentials, due.flat(), () => true);
  }
  expect(hub.table.rows.size).toBe(0);
  const results = new Map(
    hub.events.map(({ connection, data }) => [connection, (data as { revocation: string }).revocation]),
  );
  expect(results.size).toBe(CONNECTIONS);
  expect(new Set(results.values())).toEqual(new Set(['revoked']));
  expect(ticks).toBeLessThan(30); // minutes: one tick each
});
