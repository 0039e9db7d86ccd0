import { inspect } from 'node:util';
import { DecryptCommand, GenerateDataKeyCommand } from '@aws-sdk/client-kms';
import { beforeEach, describe, expect, test } from 'vitest';
import { dataKeyStore } from '../../../shared/connections/data-key-store.ts';
import type { Place } from '../../../shared/connections/seal.ts';
import { OPENS_FOR_MS, openVault, SEALS_FOR_MS } from '../../../shared/connections/vault.ts';
import { TenantId } from '../../../shared/core/ids.ts';
import { OWNER } from '../../../shared/core/keys.ts';
import { Secret } from '../../../shared/core/secret.ts';
import { allowDataKeys, eraseDataKeys } from '../../../shared/tenants/store.ts';
import { fakeKms } from '../../support/kms.ts';
import { memoryTable } from '../../support/memory-table.ts';
import { testMoment } from '../../support/moment.ts';

const KEY = 'arn:aws:kms:us-east-1:111111111111:key/vault';
const acme = TenantId.parse('acme');
const place: Place = { provider: 'demo', name: 'default', field: 'accessToken', generation: 1 };
let kms = fakeKms();
const decrypts = () => kms.commandCalls(DecryptCommand).length;

function setUp() {
  const keysTable = memoryTable();
  const moment = testMoment();
  const open = () => openVault({ keyId: KEY, keysTable, moment });
  return { keysTable, moment, open, vault: open() };
}

beforeEach(() => {
  kms = fakeKms();
});

describe('where a record opens', () => {
  test('an older record put back in its place does not open at the present generation (B-16)', async () => {
    const { vault } = setUp();
    const old = await vault.seal(acme, { ...place, generation: 4 }, new Secret('old'));
    expect(await vault.open(acme, { ...place, generation: 5 }, old)).toMatchObject({ error: { code: 'needs_reauth' } });
  });

  test('every kind of damage gets the same refusal, and nothing is taken for plaintext (B-03, B-07)', async () => {
    const { vault } = setUp();
    const sealed = await vault.seal(acme, place, new Secret('token'));
    const bad = ['', 'xoxb-plain', sealed.slice(0, -4), sealed.replace(/^..../, 'AAAA'), `${sealed}AAAA`];
    const refusals = await Promise.all(bad.map((record) => vault.open(acme, place, record)));
    for (const refusal of refusals) expect(refusal).toEqual(refusals[0]);
    expect(refusals[0]).toMatchObject({ ok: false, error: { code: 'needs_reauth' } });
  });
});

describe('data keys', () => {
  test('a hundred parallel first reads ask KMS once; five minutes later, once more (B-10)', async () => {
    const { open, vault, moment } = setUp();
    const sealed = await vault.seal(acme, place, new Secret('token'));
    const cold = open();
    const answers = await Promise.all(Array.from({ length: 100 }, () => cold.open(acme, place, sealed)));
    expect(answers.every((answer) => answer.ok && answer.value.reveal() === 'token')).toBe(true);
    expect(decrypts()).toBe(1);
    moment.nowMs += 5 * 60_000 - 1;
    await cold.open(acme, place, sealed);
    expect(decrypts()).toBe(1);
    moment.nowMs += 1;
    await cold.open(acme, place, sealed);
    expect(decrypts()).toBe(2);
  });

  test('one seals for 30 days, and for 2^32 records never: the next makes the next one, and older records open (B-08)', async () => {
    const { vault, keysTable, moment } = setUp();
    const first = await vault.seal(acme, place, new Secret('first'));
    moment.nowMs += SEALS_FOR_MS - 1;
    await vault.seal(acme, place, new Secret('still the first'));
    expect(keysTable.rows.size).toBe(1);
    moment.nowMs += 1;
    const second = await vault.seal(acme, place, new Secret('second'));
    await vault.seal(acme, place, new Secret('still the second'));
    expect(keysTable.rows.size).toBe(2);
    for (const [record, text] of [[first, 'first'] as const, [second, 'second'] as const]) {
      const opened = await vault.open(acme, place, record);
      expect(opened.ok && opened.value.reveal()).toBe(text);
    }
    const partitionWritesPerS = 1_000;
    expect((SEALS_FOR_MS / 1_000) * partitionWritesPerS).toBeLessThan(2 ** 32);
  });

  test('what is sealed opens for 105 days: as long as the longest call lives, and longer than a key seals', () => {
    const dayMs = 86_400_000;
    expect(OPENS_FOR_MS).toBe(105 * dayMs);
    expect(SEALS_FOR_MS).toBe(30 * dayMs);
  });

  test('fifty that find it over at once agree on the next', async () => {
    const { open, vault, keysTable, moment } = setUp();
    await vault.seal(acme, place, new Secret('first'));
    moment.nowMs += SEALS_FOR_MS;
    const vaults = Array.from({ length: 50 }, open);
    const records = await Promise.all(vaults.map((one) => one.seal(acme, place, new Secret('next'))));
    expect(keysTable.rows.size).toBe(2);
    for (const record of records) expect(await vault.open(acme, place, record)).toMatchObject({ ok: true });
  });

  test('one that is over goes on while KMS makes no other: no refresh is lost for it (B-13)', async () => {
    const { vault, keysTable, moment } = setUp();
    await vault.seal(acme, place, new Secret('first'));
    moment.nowMs += SEALS_FOR_MS - 1;
    await vault.seal(acme, place, new Secret('in memory'));
    moment.nowMs += 1;
    kms.on(GenerateDataKeyCommand).rejects(new Error('throttled'));
    const sealed = await vault.seal(acme, place, new Secret('token'));
    expect(await vault.open(acme, place, sealed)).toMatchObject({ ok: true });
    expect(keysTable.rows.size).toBe(1);
  });

  test('two that seal first for a tenant agree on one data key', async () => {
    const { open, keysTable } = setUp();
    const [one, two] = [open(), open()];
    const [first, second] = await Promise.all([
      one.seal(acme, place, new Secret('one')),
      two.seal(acme, place, new Secret('two')),
    ]);
    expect(keysTable.rows.size).toBe(1);
    expect(await two.open(acme, place, first)).toMatchObject({ ok: true });
    expect(await one.open(acme, place, second)).toMatchObject({ ok: true });
  });

  test('a thousand and one tenants in memory push the oldest out, zeroed', async () => {
    const { open } = setUp();
    const vault = open();
    const first = await vault.seal(acme, place, new Secret('token'));
    for (let tenant = 0; tenant < 1_000; tenant++)
      await vault.seal(TenantId.parse(`t${tenant}`), place, new Secret('x'));
    kms.resetHistory();
    expect(await vault.open(acme, place, first)).toMatchObject({ ok: true });
    expect(decrypts()).toBe(1);
  });

  test('a wrapped key under another KMS key is refused before KMS is asked (B-09)', async () => {
    const { open, vault, keysTable } = setUp();
    const sealed = await vault.seal(acme, place, new Secret('token'));
    for (const row of keysTable.rows.values()) row.wrappedBy = 'arn:aws:kms:us-east-1:999999999999:key/theirs';
    expect(await open().open(acme, place, sealed)).toMatchObject({ error: { code: 'needs_reauth' } });
    expect(decrypts()).toBe(0);
  });

  test('Decrypt names the key, and the encryption context holds opaque ids alone (B-09, B-14)', async () => {
    const { open, vault } = setUp();
    await open().open(acme, place, await vault.seal(acme, place, new Secret('token')));
    const calls = [...kms.commandCalls(GenerateDataKeyCommand), ...kms.commandCalls(DecryptCommand)];
    expect(calls).toHaveLength(2);
    for (const call of calls) {
      expect(call.args[0].input.KeyId).toBe(KEY);
      const context = { purpose: 'patchbay-vault', tenantId: 'acme', keyVersion: '1' };
      expect(call.args[0].input.EncryptionContext).toEqual(context);
    }
  });

  test('while KMS is down warm reads go on; cold ones are told to come again (B-13)', async () => {
    const { open, vault } = setUp();
    const sealed = await vault.seal(acme, place, new Secret('token'));
    kms.on(DecryptCommand).rejectsOnce(Object.assign(new Error('slow down'), { name: 'ThrottlingException' }));
    expect(await vault.open(acme, place, sealed)).toMatchObject({ ok: true });
    const cold = open();
    expect(await cold.open(acme, place, sealed)).toMatchObject({ error: { code: 'unavailable' } });
  });

  test('one is held in memory once: what KMS gave is zeroed, also where another was faster (B-12)', async () => {
    const given: Uint8Array[] = [];
    kms = fakeKms(async (answer) => {
      const made = await answer();
      given.push((made as { Plaintext: Uint8Array }).Plaintext);
      return made;
    });
    const { open } = setUp();
    const sealed = await Promise.all([open(), open()].map((one) => one.seal(acme, place, new Secret('token'))));
    expect(await open().open(acme, place, sealed[0] ?? '')).toMatchObject({ ok: true });
    expect(given.length).toBeGreaterThanOrEqual(3);
    for (const plaintext of given) expect(Buffer.from(plaintext).equals(Buffer.alloc(32))).toBe(true);
  });

  test('none is made, and nothing sealed, where KMS answers without one', async () => {
    const { vault, keysTable } = setUp();
    for (const half of [{}, { Plaintext: Buffer.alloc(32, 1) }, { CiphertextBlob: Buffer.alloc(48, 1) }]) {
      kms.on(GenerateDataKeyCommand).resolves(half);
      await expect(vault.seal(acme, place, new Secret('token'))).rejects.toThrow('KMS made no data key');
    }
    expect(keysTable.rows.size).toBe(0);
    kms.on(GenerateDataKeyCommand).rejects(new Error('throttled'));
    await expect(vault.seal(acme, place, new Secret('token'))).rejects.toThrow('throttled');
  });

  test.each([
    ['opens to nothing', undefined],
    ['finds damaged', 'InvalidCiphertextException'],
    ['knows for one under another of its keys', 'IncorrectKeyException'],
  ])('one that KMS %s opens no record for good, and the next one seals (B-03, C-05)', async (_what, name) => {
    let damaged = false;
    kms = fakeKms(async <T>(answer: () => Promise<T>): Promise<T> => {
      const given = await answer();
      if (!damaged || 'CiphertextBlob' in (given as object)) return given;
      if (name === undefined) return {} as T;
      throw Object.assign(new Error('no'), { name });
    });
    const { open, vault, keysTable } = setUp();
    const sealed = await vault.seal(acme, place, new Secret('token'));
    damaged = true;
    const cold = open();
    expect(await cold.open(acme, place, sealed)).toMatchObject({
      error: { code: 'needs_reauth', cause: 'vault: the record does not open here' },
    });
    const again = await cold.seal(acme, place, new Secret('connected again'));
    expect(keysTable.rows.size).toBe(2);
    const opened = await cold.open(acme, place, again);
    expect(opened.ok && opened.value.reveal()).toBe('connected again');
  });

  test('one whose row is not there opens no record; the cause of a failure is told to the hub alone', async () => {
    const { open, vault, keysTable } = setUp();
    const sealed = await vault.seal(acme, place, new Secret('token'));
    kms.on(DecryptCommand).rejects(Object.assign(new Error('x'), { name: 'ThrottlingException' }));
    expect(await open().open(acme, place, sealed)).toEqual({
      ok: false,
      error: {
        code: 'unavailable',
        message: 'The credential cannot be opened at present; try again.',
        cause: 'vault: ThrottlingException',
      },
    });
    keysTable.rows.clear();
    expect(await open().open(acme, place, sealed)).toMatchObject({ error: { code: 'needs_reauth' } });
  });

  test('one is retired once its successor is old enough; the newest, and the mark of an erasure, stay', async () => {
    const { vault, keysTable, moment } = setUp();
    const keys = dataKeyStore({ keyId: KEY, table: keysTable, moment });
    for (let made = 0; made < 3; made++) {
      await vault.seal(acme, place, new Secret('token'));
      moment.nowMs += SEALS_FOR_MS;
    }
    const secondMadeAtMs = moment.nowMs - 2 * SEALS_FOR_MS;
    expect(await keys.retire(acme, secondMadeAtMs - 1)).toBe(0);
    expect(await keys.retire(acme, secondMadeAtMs)).toBe(1);
    expect((await keys.newest(acme))?.version).toBe(3);
    expect(await keys.read(acme, 1)).toBeUndefined();
    expect(await keys.retire(acme, moment.nowMs)).toBe(1);
    await eraseDataKeys(keysTable, acme, moment.nowMs);
    const left = keysTable.rows.size;
    expect([await keys.retire(acme, moment.nowMs * 2), keysTable.rows.size]).toEqual([0, left]);
  });

  test('those that have some are listed by page: no owner, no tenant that is erased', async () => {
    const { vault, keysTable, moment } = setUp();
    const keys = dataKeyStore({ keyId: KEY, table: keysTable, moment });
    const tenants = Array.from({ length: 120 }, (_, at) => TenantId.parse(`tenant${at}`));
    for (const tenant of tenants) await vault.seal(tenant, place, new Secret('x'));
    await keysTable.put({ pk: OWNER, sk: 'data-key#1' });
    await eraseDataKeys(keysTable, acme, moment.nowMs);
    const first = await keys.tenants();
    const rest = await keys.tenants(first.cursor);
    expect(new Set([...first.tenants, ...rest.tenants])).toEqual(new Set(tenants));
    expect(first.tenants.length).toBeGreaterThan(90);
    expect(rest).not.toHaveProperty('cursor');
  });

  test('200 tenants that are warm outlast 4 minutes without KMS, which is not asked once (B-13)', async () => {
    const { vault, moment } = setUp();
    const tenants = Array.from({ length: 200 }, (_, at) => TenantId.parse(`tenant${at}`));
    const records = await Promise.all(tenants.map((tenant) => vault.seal(tenant, place, new Secret(tenant))));
    const before = kms.calls().length;
    kms.on(DecryptCommand).rejects(Object.assign(new Error('slow down'), { name: 'ThrottlingException' }));
    for (let minute = 0; minute < 4; minute++) {
      moment.nowMs += 60_000 - 1;
      const opened = await Promise.all(tenants.map((tenant, at) => vault.open(tenant, place, records[at] ?? '')));
      expect(opened.map((one) => one.ok && one.value.reveal())).toEqual(tenants);
    }
    expect(kms.calls()).toHaveLength(before);
  });
});

describe('what may be lost with its tenant is sealed under the key at hand', () => {
  /** How often the tables of keys were read for one sealing. */
  async function readsOf({ vault, keysTable }: ReturnType<typeof setUp>, tenant = acme): Promise<number> {
    const { query } = keysTable;
    let reads = 0;
    keysTable.query = (...args) => {
      reads += 1;
      return query(...args);
    };
    const sealed = await vault.sealAtHand(tenant, place, new Secret('text'));
    keysTable.query = query;
    expect(await vault.open(tenant, place, sealed)).toMatchObject({ ok: true });
    return reads;
  }

  test('which is read once in 5 minutes, and for each tenant', async () => {
    const world = setUp();
    await world.vault.seal(acme, place, new Secret('first'));
    expect([await readsOf(world), await readsOf(world)]).toEqual([1, 0]);
    world.moment.nowMs += 5 * 60_000 - 1;
    expect(await readsOf(world)).toBe(0);
    world.moment.nowMs += 1;
    expect([await readsOf(world), await readsOf(world)]).toEqual([1, 0]);
    expect(await readsOf(world, TenantId.parse('other'))).toBeGreaterThan(0);
  });

  test('until that has sealed for 30 days', async () => {
    const world = setUp();
    await world.vault.seal(acme, place, new Secret('first'));
    world.moment.nowMs += 30 * 24 * 60 * 60_000 - 60_000;
    expect([await readsOf(world), await readsOf(world)]).toEqual([1, 0]);
    world.moment.nowMs += 60_000;
    await readsOf(world);
    expect(world.keysTable.rows.size).toBe(2);
  });

  test('unless the process was told to forget the tenant, or has a thousand others at hand', async () => {
    const world = setUp();
    const other = TenantId.parse('other');
    await readsOf(world);
    await readsOf(world, other);
    world.vault.forget(acme);
    expect([await readsOf(world, other), await readsOf(world)]).toEqual([0, 1]);
    for (let tenant = 0; tenant < 999; tenant++)
      await world.vault.sealAtHand(TenantId.parse(`t${tenant}`), place, new Secret('x'));
    expect([await readsOf(world), await readsOf(world, other)]).toEqual([0, 1]);
  });
});

describe('erasure (B-12)', () => {
  test('without its data key nothing sealed for a tenant opens: at once where it is not in memory, after 5 minutes anywhere', async () => {
    const { open, vault, keysTable, moment } = setUp();
    const other = TenantId.parse('other');
    const sealed = await vault.seal(acme, place, new Secret('token'));
    const theirs = await vault.seal(other, place, new Secret('theirs'));
    await eraseDataKeys(keysTable, acme, moment.nowMs);
    expect(await open().open(acme, place, sealed)).toMatchObject({ error: { code: 'needs_reauth' } });
    moment.nowMs += 5 * 60_000 + 1;
    expect(await vault.open(acme, place, sealed)).toMatchObject({ error: { code: 'needs_reauth' } });
    expect(await vault.open(other, place, theirs)).toMatchObject({ ok: true });
  });

  test('nothing more is sealed behind an erasure, whoever still holds the key', async () => {
    const { open, vault, keysTable, moment } = setUp();
    await vault.seal(acme, place, new Secret('old'));
    await eraseDataKeys(keysTable, acme, moment.nowMs);
    for (const one of [vault, open()]) {
      await expect(one.seal(acme, place, new Secret('late'))).rejects.toThrow(
        'the data keys of this tenant are erased',
      );
    }
    expect([...keysTable.rows.values()].filter(({ wrapped }) => wrapped)).toEqual([]);
  });

  test('a data key that is being made while its tenant is erased seals nothing', async () => {
    const { vault, keysTable, moment } = setUp();
    const { put } = keysTable;
    keysTable.put = async (item, expression) => {
      if (item.wrapped) await eraseDataKeys({ ...keysTable, put }, acme, moment.nowMs);
      return put(item, expression);
    };
    await expect(vault.seal(acme, place, new Secret('late'))).rejects.toThrow('erased');
  });

  test('a new tenant of the same id gets a new key; a process that holds the old one uses the new, and old records stay dead', async () => {
    const { open, vault, keysTable, moment } = setUp();
    const old = await vault.seal(acme, place, new Secret('old'));
    await eraseDataKeys(keysTable, acme, moment.nowMs);
    await allowDataKeys(keysTable, acme);
    const fresh = await vault.seal(acme, place, new Secret('new'));
    const cold = open();
    expect(await cold.open(acme, place, fresh)).toMatchObject({ ok: true });
    expect(await cold.open(acme, place, old)).toMatchObject({ error: { code: 'needs_reauth' } });
  });

  test('what a process is told to forget, it asks for again; other tenants stay warm', async () => {
    const { vault } = setUp();
    const other = TenantId.parse('other');
    const sealed = await vault.seal(acme, place, new Secret('token'));
    const theirs = await vault.seal(other, place, new Secret('theirs'));
    vault.forget(acme);
    kms.resetHistory();
    await vault.open(other, place, theirs);
    expect(decrypts()).toBe(0);
    await vault.open(acme, place, sealed);
    expect(decrypts()).toBe(1);
  });

  test('an hour after it, when nothing of before is under way any more, a tenant of that id has keys again', async () => {
    const { vault, keysTable, moment } = setUp();
    await eraseDataKeys(keysTable, acme, moment.nowMs);
    moment.nowMs += 60 * 60_000 - 1;
    await expect(vault.seal(acme, place, new Secret('early'))).rejects.toThrow('erased');
    moment.nowMs += 1;
    const sealed = await vault.seal(acme, place, new Secret('token'));
    expect(await vault.open(acme, place, sealed)).toMatchObject({ ok: true });
  });
});

test('an opened secret shows itself nowhere (B-15)', async () => {
  const { vault } = setUp();
  const opened = await vault.open(acme, place, await vault.seal(acme, place, new Secret('canary')));
  expect(`${inspect(opened, { depth: 9 })}${JSON.stringify(opened)}${opened.ok && opened.value}`).not.toContain(
    'canary',
  );
});

test('each of 300 records opens in its own place, and in none of the other 89,700 (B-01, G7)', {
  timeout: 120_000,
}, async () => {
  const { vault } = setUp();
  const places = Array.from({ length: 20 }, (_, tenant) => TenantId.parse(`tenant${tenant}`)).flatMap((tenantId) =>
    ['demo', 'github', 'slack', 'stripe', 'notion'].flatMap((provider) =>
      ['accessToken', 'refreshToken', 'secret'].map((field) => ({ tenantId, place: { ...place, provider, field } })),
    ),
  );
  const records: string[] = [];
  for (const { tenantId, place } of places) {
    records.push(await vault.seal(tenantId, place, new Secret(`${tenantId}/${place.provider}/${place.field}`)));
  }
  let own = 0;
  let foreign = 0;
  for (const [at, { tenantId, place }] of places.entries()) {
    for (const [from, sealed] of records.entries()) {
      const opened = await vault.open(tenantId, place, sealed);
      if (from === at && opened.ok)
        own += Number(opened.value.reveal() === `${tenantId}/${place.provider}/${place.field}`);
      else foreign += Number(opened.ok);
    }
  }
  expect({ records: records.length, own, foreign }).toEqual({ records: 300, own: 300, foreign: 0 });
});
