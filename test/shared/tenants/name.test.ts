import { expect, test } from 'vitest';
import { tenantsContract } from '../../../shared/tenants/contract.ts';

const { body } = tenantsContract.create.entry;
const takes = (name: string) => body.safeParse({ name }).success;

const honest = [
  'Acme Ltd',
  'Überland GmbH & Co. KG',
  'Café “Zoë” №1',
  'Компания ABC Logistics',
  'Ελληνικά Ταχυδρομεία',
  'شركة النقل السريع',
  '株式会社トヨタ',
  'O’Neill / Søn',
  '🚚 Trucks',
];

test.each(honest)('a tenant may be called %s', (name) => {
  expect(takes(name)).toBe(true);
});

/** Letters that look like Latin ones. */
const alike = {
  a: 'а',
  c: 'с',
  e: 'е',
  i: 'і',
  o: 'о',
  p: 'р',
  x: 'х',
  y: 'у',
  A: 'А',
  B: 'В',
  E: 'Ε',
  H: 'Η',
  O: 'Ο',
};
const brands = ['Google', 'PayPal', 'Example', 'Office', 'Apple', 'Oxxo', 'HubSpot', 'Box', 'Expensify', 'Calypso'];
const homoglyphs = brands.flatMap((brand) =>
  [...brand].flatMap((letter, at) => {
    const other = (alike as Record<string, string>)[letter];
    return other === undefined ? [] : [brand.slice(0, at) + other + brand.slice(at + 1)];
  }),
);
/** Direction marks, zero widths, fillers, line breaks, tags, private and unassigned code points. */
const hidden = [
  0x00, 0x09, 0x0a, 0x0d, 0x1b, 0x7f, 0x85, 0xad, 0x34f, 0x61c, 0x115f, 0x17b4, 0x180e, 0x200b, 0x200c, 0x200d,
]
  .concat([
    0x200e, 0x200f, 0x2028, 0x2029, 0x202a, 0x202b, 0x202c, 0x202d, 0x202e, 0x2060, 0x2066, 0x2067, 0x2068, 0x2069,
  ])
  .concat([0x206f, 0x3164, 0xe000, 0xfeff, 0xffa0, 0xfff9, 0xffff, 0x1d173, 0xe0001, 0xe0041, 0xe0100, 0x10ffff])
  .map((code) => String.fromCodePoint(code));
const inside = hidden.flatMap((one) => [`Ac${one}me`, `Acme ${one}Ltd`, `A${one}${one}cme`, `1${one}2`]);

test('200 names that would deceive who reads them are refused (A-40)', () => {
  const hostile = [...homoglyphs, ...inside];
  expect(hostile.length).toBeGreaterThan(200);
  expect(hostile.filter(takes).map((name) => JSON.stringify(name))).toEqual([]);
});
