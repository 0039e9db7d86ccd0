import { describe, expect, test } from 'vitest';
import { checkFields } from '../../../shared/connections/fields.ts';
import { isConfigured, openWays } from '../../../shared/connections/ways.ts';
import { located } from '../../../shared/providers/app.ts';
import type { Field, Fixed } from '../../../shared/providers/auth.ts';
import { catalogue } from '../../../shared/providers/catalogue.ts';

const region: Field = { name: 'region', label: 'Region', help: 'Where?', choices: { us: 'USA', eu: 'Europe' } };
const host: Field = { name: 'host', label: 'Host', help: 'Which?', pattern: '[a-z]{3,8}', example: 'acme' };
const key: Field = { name: 'key', label: 'Key', help: 'What?', secret: true };
const note: Field = { name: 'note', label: 'Note', help: 'If any.', optional: true };
const way: Fixed = {
  kind: 'api_key',
  fields: [region, host, key, note],
  place: [{ in: 'header', name: 'x-key', value: '{key}' }],
  account: { from: 'field', id: ['host'], name: [] },
};
const good = { region: 'eu', host: 'acme', key: 'k-1' };
const check = (entered: Readonly<Record<string, string>>) => checkFields(way, (name) => entered[name]);

test('what was entered is parted: secrets from what may be seen; blanks around it do not count', () => {
  const entered = check({ ...good, key: ' k-1\n' });
  if (!entered.ok) throw new Error('refused');
  expect(entered.value.settings).toEqual({ region: 'eu', host: 'acme' });
  expect(entered.value.secrets.key?.reveal()).toBe('k-1');
  expect(JSON.stringify(entered)).not.toContain('k-1');
});

describe('E-01: a part of a host is one of the choices, or fits its pattern, whole', () => {
  test.each(['', 'constructor', '__proto__', 'us.evil.example', 'US', 'us\nx'])('region %j', (value) => {
    expect(check({ ...good, region: value })).toMatchObject({ ok: false, error: { region: expect.any(String) } });
  });
  test.each(['ac', 'acme.evil', 'acme/..', 'acme\nevil', 'acme@evil', 'аcme', 'x'.repeat(9)])('host %j', (value) => {
    expect(check({ ...good, host: value })).toMatchObject({
      ok: false,
      error: { host: expect.stringContaining('acme.') },
    });
  });
});

test.each(['a b', 'k\u0000', 'k\r\nx-evil: 1', 'schlüssel', 'x'.repeat(4_001)])(
  'a key no header may carry: %j',
  (value) => {
    expect(check({ ...good, key: value })).toMatchObject({ ok: false, error: { key: expect.any(String) } });
  },
);

test('every fault is told at once, without the value', () => {
  const checked = check({ region: 'mars', host: 'SECRET-LOOKING', key: '' });
  expect(checked).toMatchObject({ ok: false });
  expect(Object.keys('error' in checked ? checked.error : {})).toEqual(['region', 'host', 'key']);
  expect(JSON.stringify(checked)).not.toMatch(/mars|SECRET-LOOKING/);
});

describe('which ways can be offered', () => {
  const demo = catalogue.demo?.provider;
  if (!demo) throw new Error('there is no demo');
  const kindsFor = (app: Parameters<typeof isConfigured>[1]) => openWays(demo, app).map(({ kind }) => kind);

  test('those for which the owner has registered what they take', () => {
    expect(kindsFor({})).toEqual(['api_key', 'basic', 'password', 'client_credentials']);
    expect(kindsFor({ clientId: 'a' })).not.toContain('oauth2');
    expect(kindsFor({ clientId: 'a', clientSecret: 'b' })).toContain('oauth2');
  });

  test('never one that mints with the owner’s key for whatever number is typed in', () => {
    const app = { clientId: 'a', clientSecret: 'b', privateKey: '-----BEGIN PRIVATE KEY-----' };
    expect(demo.auth.filter((each) => isConfigured(each, app)).map(({ kind }) => kind)).toContain('app_jwt');
    expect(kindsFor(app)).not.toContain('app_jwt');
  });
});

describe('a URL with parts of the owner’s choice', () => {
  const parts = { variables: { directory: { default: 'common', pattern: '[a-z0-9-]{1,40}' } } };
  const url = 'https://login.example.com/{directory}/token';

  test('is filled with the default, or with what the app’s secret says', () => {
    expect(located(url, parts, {})).toBe('https://login.example.com/common/token');
    expect(located(url, parts, { variables: { directory: 'contoso' } })).toBe(
      'https://login.example.com/contoso/token',
    );
  });

  test.each(['../x', 'a/b', 'A', '', 'x'.repeat(41)])('is refused with %j: the owner has to mend it', (directory) => {
    expect(() => located(url, parts, { variables: { directory } })).toThrow('does not fit');
  });
});
