import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bindingOf, keyOf, openRecord, type Place, sealRecord } from '../../../shared/connections/seal.ts';
import { TenantId } from '../../../shared/core/ids.ts';
import { readSources } from '../../support/sources.ts';

const ref = { version: 1, keyId: randomBytes(16).toString('base64url') };
const dataKey = randomBytes(32);
const acme = TenantId.parse('acme');
const place: Place = { provider: 'demo', name: 'default', field: 'accessToken', generation: 7 };
const noise = () => ({ salt: randomBytes(32), iv: randomBytes(12) });
const seal = (plaintext: string, key = dataKey) => sealRecord(key, ref, bindingOf(acme, place), plaintext, noise());
/** As the vault reads: the header first, then the rest. */
const open = (sealed: string, key = dataKey, binding = bindingOf(acme, place)) =>
  keyOf(sealed)?.keyId === ref.keyId && keyOf(sealed)?.version === 1 ? openRecord(key, binding, sealed) : undefined;

test('a sealed text opens again, whatever is in it', () => {
  for (const text of ['', 'token', 'päß wörd', '\u0000', 'x'.repeat(20_000)]) expect(open(seal(text))).toBe(text);
});

test('a record tells which data key it wants', () => {
  expect(keyOf(seal('token'))).toEqual(ref);
});

test('what was ever stored opens for ever: a record of known bytes is read, and made, exactly so (B-07)', () => {
  const bytes = (length: number, from: number) => Buffer.from(Array.from({ length }, (_, at) => from + at));
  const key = { version: 258, keyId: bytes(16, 100).toString('base64url') };
  const binding = bindingOf(acme, place);
  const record = [
    'UEJWMQEAAAECZGVmZ2hpamtsbW5vcHFycyAhIiMkJSYnKCkqKywtLi8wMTIzNDU2Nzg5Ojs8PT4_rV57cEWQAsFiKOxdaiV5PT4H0kfyGEvhfK3z',
    'Aa6p2PPIycrLzM3Oz9DR0tPBKQ5s_VPOEi3S3byjjKScrL7ETs54mOc',
  ].join('');
  expect(keyOf(record)).toEqual(key);
  expect(openRecord(bytes(32, 0), binding, record)).toBe('a secret');
  expect(sealRecord(bytes(32, 0), key, binding, 'a secret', { salt: bytes(32, 32), iv: bytes(12, 200) })).toBe(record);
});

test('no flipped bit anywhere in a record is accepted (B-03)', () => {
  let tried = 0;
  for (let record = 0; record < 10; record++) {
    const bytes = Buffer.from(seal(`token-${record}`), 'base64url');
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const changed = Buffer.from(bytes);
      changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      expect(open(changed.toString('base64url'))).toBeUndefined();
      tried += 1;
    }
  }
  expect(tried).toBeGreaterThan(9_000);
});

test('no other spelling of the same bytes is accepted', () => {
  const sealed = seal('token!');
  for (const spelling of [`${sealed}=`, `${sealed} `, `\n${sealed}`, sealed.replace(/.$/, '$&A')]) {
    expect(open(spelling)).toBeUndefined();
  }
});

test('a tag shorter than 16 bytes is refused, at every length (B-04)', () => {
  const bytes = Buffer.from(seal('0123456789abcdef'), 'base64url');
  for (let length = 0; length < 16; length++) {
    const cut = bytes.subarray(0, bytes.length - 16 + length);
    expect(open(cut.toString('base64url'))).toBeUndefined();
  }
});

test('a record under another data key is refused before anything is decrypted, and so is one whose commitment was kept (B-06)', () => {
  const other = randomBytes(32);
  const foreign = Buffer.from(seal('token', other), 'base64url');
  expect(open(foreign.toString('base64url'))).toBeUndefined();
  const own = Buffer.from(seal('token'), 'base64url');
  own.copy(foreign, 57, 57, 89); // commitment
  own.copy(foreign, 25, 25, 57); // salt
  expect(open(foreign.toString('base64url'))).toBeUndefined();
});

test('nothing but a record of this format is read as one (B-07)', () => {
  const record = Buffer.from(seal('token'), 'base64url');
  const patched = (at: number, value: number) => {
    const copy = Buffer.from(record);
    copy.writeUInt8(value, at);
    return copy.toString('base64url');
  };
  const old = ['', ' ', 'xoxb-plain-token', '{"iv":"","tag":""}', 'null', 'undefined', 'AAAA', 'A'.repeat(400)];
  const downgraded = [patched(3, 0x30), patched(3, 0x32), patched(4, 0), patched(4, 2)];
  for (const text of [...old, ...downgraded, record.subarray(0, 116).toString('base64url')]) {
    expect(keyOf(text)).toBeUndefined();
  }
});

test('equal plaintexts give records with nothing in common, 20,000 times (B-08)', () => {
  const salts = new Set<string>();
  const bodies = new Set<string>();
  for (let turn = 0; turn < 20_000; turn++) {
    const bytes = Buffer.from(seal('same'), 'base64url');
    salts.add(bytes.toString('hex', 25, 57));
    bodies.add(bytes.toString('hex', 89));
  }
  expect(salts.size).toBe(20_000);
  expect(bodies.size).toBe(20_000);
});

test('two bindings are equal only where tenant and place are (B-02)', () => {
  const text = fc.oneof(
    fc.constantFrom('', 'a', 'ab', 'b', 'c', '#', '\u0000', 'é', 'e\u0301'),
    fc.string({ maxLength: 6 }),
  );
  const parts = fc.tuple(text, text, text, text, fc.integer({ min: 0, max: 300 }));
  const binding = ([tenant, provider, name, field, generation]: [string, string, string, string, number]) =>
    bindingOf(tenant as TenantId, { provider, name, field, generation });
  fc.assert(
    fc.property(parts, parts, (left, right) => {
      const same = JSON.stringify(left) === JSON.stringify(right);
      expect(binding(left).equals(binding(right))).toBe(same);
    }),
    { numRuns: 20_000 },
  );
  expect(binding(['ab', 'c', '', '', 1]).equals(binding(['a', 'bc', '', '', 1]))).toBe(false);
});

test('one file of the hub deciphers, and hands nothing out before the tag is checked (B-05)', () => {
  const deciphering = readSources('shared', 'functions').filter(({ code }) => code.includes('createDecipheriv('));
  expect(deciphering.map(({ file }) => file)).toEqual(['shared/connections/seal.ts']);
  const { code = '' } = deciphering[0] ?? {};
  expect(code.match(/decipher\.(update|final)\(/g)).toEqual(['decipher.update(', 'decipher.final(']);
  expect(code).toMatch(/return [^\n]*decipher\.final\(\)/); // which throws where the tag does not fit
});
