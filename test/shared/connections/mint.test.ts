import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { checkFields } from '../../../shared/connections/fields.ts';
import { mintRequest } from '../../../shared/connections/mint.ts';
import { isConfigured, openWays, usesApp } from '../../../shared/connections/ways.ts';
import type { Minted } from '../../../shared/providers/auth.ts';
import { google } from '../../../shared/providers/google/index.ts';
import { type Provider, wayOf } from '../../../shared/providers/provider.ts';

// A service account of the tenant's own signs for itself (RFC 7523).

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const provider: Provider = google;
const way = wayOf(provider, 'app_jwt') as Minted;
const scope = 'https://www.googleapis.com/auth/calendar';
const clientEmail = 'sync@acme-1.iam.gserviceaccount.com';
const nowMs = Date.parse('2026-11-20T10:00:00Z');

const enter = (fields: Readonly<Record<string, string>>) =>
  checkFields(way, (name) => ({ clientEmail, scope, privateKey: pem, ...fields })[name]);

async function assertionOf(fields: Readonly<Record<string, string>> = {}) {
  const entered = enter(fields);
  if (!entered.ok) throw new Error(JSON.stringify(entered.error));
  const { settings, secrets } = entered.value;
  const { url, body } = await mintRequest(way, {}, { ...settings, ...secrets }, nowMs);
  const form = new URLSearchParams(String(body));
  const [head = '', claims = '', signature = ''] = (form.get('assertion') ?? '').split('.');
  const text = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
  const signed = verify('sha256', Buffer.from(`${head}.${claims}`), publicKey, Buffer.from(signature, 'base64url'));
  return { url, grantType: form.get('grant_type'), head: text(head), claims: text(claims), signed };
}

describe('the assertion of a service account', () => {
  test('is signed by its own key, for one audience, which is the token endpoint (A-19)', async () => {
    const { url, grantType, head, claims, signed } = await assertionOf();
    expect(grantType).toBe('urn:ietf:params:oauth:grant-type:jwt-bearer');
    expect(head).toEqual({ alg: 'RS256', typ: 'JWT' });
    const iat = nowMs / 1000 - 60;
    expect(claims).toEqual({ iss: clientEmail, aud: url, scope, iat, exp: iat + 600 });
    expect(signed).toBe(true);
  });

  test('names the person it acts for, where one is given', async () => {
    expect((await assertionOf({ subject: 'ada@acme.example' })).claims).toMatchObject({ sub: 'ada@acme.example' });
  });

  test('needs nothing of the owner, so that its tenant may enter it', () => {
    expect([usesApp(way), isConfigured(way, {})]).toEqual([false, true]);
    expect(openWays(provider, {}).map(({ kind }) => kind)).toEqual(['app_jwt']);
  });
});

describe('its private key', () => {
  test.each([
    ['as the file has it', JSON.stringify(pem).slice(1, -1)],
    ['as a program has read it', pem],
    ['as an input without lines leaves it', pem.replaceAll('\n', '')],
    ['with the line ends of Windows', pem.replaceAll('\n', '\r\n')],
  ])('is taken %s', async (_says, text) => {
    expect((await assertionOf({ privateKey: text })).signed).toBe(true);
  });

  const other = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  test.each([
    ['cut off', pem.slice(0, 200)],
    ['a public one', createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }).toString()],
    ['of another kind', other],
    ['a word', 'secret'],
  ])('is refused where it is %s, and never repeated', (_says, text) => {
    const entered = enter({ privateKey: text });
    expect(entered).toEqual({ ok: false, error: { privateKey: 'This is no private key in PEM.' } });
  });
});
