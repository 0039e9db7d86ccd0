import { beforeEach, expect, test } from 'vitest';
import type { Call, SealedCall } from '../../../shared/calls/call.ts';
import { type CallContents, openContents } from '../../../shared/calls/contents.ts';
import { LONGEST_LIFE_MS } from '../../../shared/calls/draft.ts';
import { callStore, KEPT_MS } from '../../../shared/calls/store.ts';
import { dataKeyStore } from '../../../shared/connections/data-key-store.ts';
import { OPENS_FOR_MS, openVault } from '../../../shared/connections/vault.ts';
import { TenantId } from '../../../shared/core/ids.ts';
import { fakeKms } from '../../support/kms.ts';
import { memoryTable } from '../../support/memory-table.ts';
import { testMoment } from '../../support/moment.ts';

const tenantId = TenantId.parse('acme');
const DAY_MS = 86_400_000;
let kms = fakeKms();
beforeEach(() => {
  kms = fakeKms();
});

function setUp() {
  const moment = testMoment();
  const keysTable = memoryTable();
  const about = { keyId: 'vault-key', moment };
  const requests: string[] = [];
  const counting =
    <A extends unknown[], V>(name: string, request: (...args: A) => V) =>
    (...args: A) => {
      requests.push(name);
      return request(...args);
    };
  const counted = {
    ...keysTable,
    get: counting('get', keysTable.get),
    query: counting('query', keysTable.query),
  };
  const open = () => openContents(openVault({ ...about, keysTable: counted }));
  const keys = dataKeyStore({ ...about, table: keysTable });
  return { moment, keysTable, keys, requests, open, contents: open() };
}

/** The record that must come of it. */
async function sealed(contents: CallContents, one: Call = call()): Promise<SealedCall> {
  const record = await contents.seal(one);
  if (!record.ok) throw new Error(record.error.message);
  return record.value;
}

const call = (more: Partial<Call> = {}): Call => ({
  tenantId,
  id: 'call_1',
  connection: { provider: 'demo', name: 'default' },
  action: 'contacts.create',
  endpoint: 'contacts.create',
  asked: { action: 'contacts.create', input: { name: 'Ada Lovelace' } },
  lane: 'interactive',
  status: 'succeeded',
  result: { email: 'ada@example.com' },
  response: { status: 200, headers: { etag: '"1"' } },
  attempts: [],
  tries: 0,
  createdAtMs: 1,
  expiresAtMs: 2,
  ...more,
});

test('what was asked and what came of it opens for its own call alone, and the row shows nothing of it', async () => {
  const { contents } = setUp();
  const table = memoryTable();
  const rows = callStore(table).forTenant(tenantId);
  await rows.putOnce(await sealed(contents));
  const [row] = table.rows.values();
  const shown = Object.values(row ?? {}).map((value) =>
    value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : String(value),
  );
  for (const secret of ['Ada', 'example.com', 'etag']) expect(shown.join('\n')).not.toContain(secret);
  const kept = await rows.get('call_1');
  if (!kept) throw new Error('the call is gone');
  expect(await contents.open(kept)).toEqual({ ok: true, value: call() });
  for (const other of [{ id: 'call_2' }, { connection: { provider: 'demo', name: 'other' } }]) {
    expect(await contents.open({ ...kept, ...other })).toMatchObject({ error: { code: 'not_found' } });
  }
});

test('the largest of requests and results fit into one row of 400 kB', async () => {
  const { contents } = setUp();
  const table = memoryTable();
  const full = call({ asked: { action: 'x', input: 'x'.repeat(120_000) }, result: 'x'.repeat(250_000) });
  await callStore(table)
    .forTenant(tenantId)
    .putOnce(await sealed(contents, full));
  const [row] = table.rows.values();
  expect(Buffer.from(row?.sealed as Uint8Array).length).toBeLessThan(375_000);
});

test('a warm process seals and opens without a request; a cold one reads two rows and asks KMS once', async () => {
  const { contents, open, requests } = setUp();
  const record = await sealed(contents);
  requests.length = 0;
  kms.resetHistory();
  for (let turn = 0; turn < 20; turn++) await contents.open(await sealed(contents));
  expect([requests, kms.calls().length]).toEqual([[], 0]);
  const cold = open();
  expect(await cold.open(record)).toMatchObject({ ok: true });
  await sealed(cold);
  expect([requests, kms.calls().length]).toEqual([['get', 'query'], 1]);
});

test('B-11: a key made meanwhile seals within 5 minutes; what older ones sealed opens for as long as a call is kept', async () => {
  const { contents, keys, moment } = setUp();
  const record = await sealed(contents);
  await keys.make(tenantId, 2);
  moment.nowMs += 5 * 60_000;
  const later = await sealed(contents);
  expect(later.sealed.slice(0, 12)).not.toBe(record.sealed.slice(0, 12)); // format, algorithm and version of the key
  expect(LONGEST_LIFE_MS + KEPT_MS + 4 * DAY_MS).toBeLessThan(OPENS_FOR_MS);
  moment.nowMs += LONGEST_LIFE_MS + KEPT_MS;
  expect(await keys.retire(tenantId, moment.nowMs - OPENS_FOR_MS)).toBe(0);
  expect(await contents.open(record)).toMatchObject({ ok: true });
});

test('B-12: with the keys of its tenant gone, a call is gone too, for warm processes within 5 minutes', async () => {
  const { contents, keysTable, moment } = setUp();
  const record = await sealed(contents);
  keysTable.rows.clear();
  moment.nowMs += 5 * 60_000;
  expect(await contents.open(record)).toMatchObject({ error: { code: 'not_found' } });
});

test('while KMS is down a call is not said to be gone (B-13)', async () => {
  const { contents, open } = setUp();
  const record = await sealed(contents);
  kms.rejects(new Error('down'));
  expect(await open().open(record)).toMatchObject({ error: { code: 'unavailable' } });
  expect(await open().seal(call())).toMatchObject({ error: { code: 'unavailable' } });
  expect(await contents.seal(call())).toMatchObject({ ok: true }); // warm
});
