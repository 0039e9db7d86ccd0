import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { webhooksOf } from '../../../shared/providers/senders.ts';
import type { Webhooks } from '../../../shared/providers/webhooks.ts';
import * as production from '../../../shared/webhooks/verify.ts';
import { campaign } from './campaign.ts';

const providers = Object.entries(webhooksOf) as [string, Webhooks][];

describe.each(providers)('the mutation campaign of %s (D.2)', (_provider, webhooks) => {
  test('10,000 mutants: none accepted; 1,000 genuine requests: all accepted; nothing throws', () => {
    const verdict = campaign(webhooks, production.verify, { seed: 20_261_120, mutants: 10_000, genuine: 1_000 });
    expect(verdict).toEqual({ accepted: {}, refused: [], crashed: [], mutants: 10_000 });
  });
});

/** Bugs as people have written them, each a change of the production source. */
const bugs: Record<string, [from: string, to: string]> = {
  'the comparison is gone': ['return equal(mac, ', 'return ((..._: unknown[]) => true)(mac, '],
  'the first bytes are compared': [
    'return equal(mac, hmac(signature.hash, secret, signed));',
    'return hmac(signature.hash, secret, signed).subarray(0, 1).equals(mac.subarray(0, 1));',
  ],
  'no match counts as a match': ['signer === -1 ?', 'signer < -1 ?'],
  'the signature is decoded leniently': [
    'decodeStrictly(spelled.slice(prefix.length), ',
    'Buffer.from(spelled.slice(prefix.length), ',
  ],
  'the version in front is not looked at': ['spelled.startsWith(prefix) ?', "spelled.includes('=') ?"],
  'any time is near': ['Math.abs(ageS) > signature.timestamp.toleranceS', 'Number.isNaN(ageS)'],
  'the future is near': ['Math.abs(ageS) >', 'ageS >'],
  'a time is whatever Number reads': ['!/^[1-9]\\d{0,11}$/.test(timestamp)', 'false'],
  'a header may be missing': ['if (single(headers[name]) === undefined)', 'if (false)'],
  'an unsigned request needs no check': [
    'const claim = readClaim(webhooks, request, nowMs);',
    'if (!request.headers[webhooks.signature.header]) return ok(0);\n  const claim = readClaim(webhooks, request, nowMs);',
  ],
  'without a secret there is nothing to check': [
    'const signer = matches.indexOf(true);',
    'const signer = secrets.length === 0 ? 0 : matches.indexOf(true);',
  ],
  'an empty secret signs': ["if (secret === '') return false;", "if (secret === '') return true;"],
  'only the first secret is tried': ['secrets.map((secret) =>', 'secrets.slice(0, 1).map((secret) =>'],
  'the first of two headers is taken': [
    'return value !== undefined && ',
    "value = value?.split(',')[0];\n  return value !== undefined && ",
  ],
  'the body is signed as text': [
    "if (part === 'body') return bytes;",
    "if (part === 'body') return bytes.toString('utf8');",
  ],
  'the body is signed as JSON': [
    "if (part === 'body') return bytes;",
    "if (part === 'body') { try { return JSON.stringify(JSON.parse(bytes.toString('utf8'))); } catch { return bytes; } }",
  ],
  'the time is not signed': ["part === 'timestamp' ? timestamp : part.text", "part === 'timestamp' ? '' : part.text"],
  'a bad length throws': [
    'if (!mac || mac.length !== macBytes[signature.hash])',
    'if (mac && mac.length !== 32) throw new Error();\n  if (!mac)',
  ],
  'everything is refused': ['const signer = matches.indexOf(true);', 'const signer = -1;'],
};

describe('a bug planted in the verifier', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'planted-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each(Object.entries(bugs))('is caught: %s', async (name, [from, to]) => {
    const planted = await plant(folder, name, from, to);
    const verdicts = providers.map(([, webhooks]) =>
      campaign(webhooks, planted.verify, { seed: 7, mutants: 1_500, genuine: 200 }),
    );
    const caught = verdicts.filter(
      (verdict) => Object.keys(verdict.accepted).length + verdict.refused.length + verdict.crashed.length > 0,
    );
    expect(caught.length).toBeGreaterThan(0);
  });
});

async function plant(folder: string, name: string, from: string, to: string): Promise<typeof production> {
  const source = new URL('../../../shared/webhooks/verify.ts', import.meta.url);
  const sound = readFileSync(source, 'utf8');
  const parts = sound.split(from);
  if (parts.length !== 2) throw new Error(`"${name}" cannot be planted any more: adapt it to the verifier`);
  const bugged = parts
    .join(to)
    .replaceAll(/from '(\.\.\/[^']+)'/g, (_all, path) => `from '${new URL(path, source).href}'`);
  const file = join(folder, `${name.replaceAll(' ', '-')}.mjs`);
  writeFileSync(file, stripTypeScriptTypes(bugged));
  return import(/* @vite-ignore */ pathToFileURL(file).href);
}
