import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as production from '../../../shared/webhooks/verify.ts';
import { campaign } from './campaign.ts';
import { forms, sizeOf } from './forms.ts';
import type { Form } from './genuine.ts';

describe('the mutation campaign (D.2, G4)', () => {
  test.each(forms)(
    '$sender, form $form.index ($form.signature.kind): no mutant accepted, all genuine, nothing throws',
    ({ form }) => {
      const size = sizeOf(form);
      const verdict = campaign(form, production.verify, { seed: 20_261_120, ...size });
      expect(verdict).toEqual({ accepted: {}, refused: [], crashed: [], mutants: size.mutants });
    },
  );

  test('was over 100,000 mutants and 5,000 genuine requests', () => {
    const sizes = forms.map(({ form }) => sizeOf(form));
    expect(sizes.reduce((sum, { mutants }) => sum + mutants, 0)).toBeGreaterThanOrEqual(100_000);
    expect(sizes.reduce((sum, { genuine }) => sum + genuine, 0)).toBeGreaterThanOrEqual(5_000);
  });
});

/** Bugs as people have written them, each a change of the production source. */
const bugs: Record<string, [from: string, to: string]> = {
  'the comparison is gone': ['marks.map((mark) => equal(mark, mac))', 'marks.map(() => true)'],
  'the first bytes are compared': ['marks.map((mark) => equal(mark, mac))', 'marks.map((mark) => mark[0] === mac[0])'],
  'a public key is only read': ['marks.some((mark) => verifySignature(hash, bytes, key, mark))', 'marks.length > 0'],
  'a token is compared without its case': [
    'marks.every((mark) => equal(mark, secret))',
    'marks.every((mark) => equal(mark.toString().toLowerCase(), secret.toLowerCase()))',
  ],
  'one token of several is enough': [
    'marks.every((mark) => equal(mark, secret))',
    'marks.some((mark) => equal(mark, secret))',
  ],
  'no match counts as a match': ['signer === -1 ?', 'signer < -1 ?'],
  'the signature is decoded leniently': ['decodeStrictly(text, encoding) ?? []', 'Buffer.from(text, encoding)'],
  'the version in front is not looked at': [
    'entries?.filter((entry) => entry.startsWith(prefix)).map(',
    'entries?.map(',
  ],
  'a list has no end': ['!entries || entries.length > MAX_ENTRIES', '!entries'],
  'any time is near': ['Math.abs(ageS) > signature.timestamp.toleranceS', 'Number.isNaN(ageS)'],
  'the future is near': ['Math.abs(ageS) >', 'ageS >'],
  'a time is whatever Number reads': ['!/^[1-9]\\d{0,14}$/.test(text)', 'Number.isNaN(Number(text))'],
  'the first of two times counts': ['text === undefined || second !== undefined ||', 'text === undefined ||'],
  'the time is not signed': ['const values = { timestamp,', "const values = { timestamp: '',"],
  'an unsigned request needs no check': [
    'const claim = readClaim(webhooks, request, nowMs);',
    'if (!shownForm(webhooks, request)) return ok(0);\n  const claim = readClaim(webhooks, request, nowMs);',
  ],
  'a weaker form is taken where a stronger one is shown': [
    'webhooks.signatures.find(',
    'webhooks.signatures.findLast(',
  ],
  'without a secret there is nothing to check': [
    'const signer = matches.indexOf(true);',
    'const signer = secrets.length === 0 ? 0 : matches.indexOf(true);',
  ],
  'an empty secret signs': ["if (secret === '') return false;", "if (secret === '') return true;"],
  'only the first secret is tried': ['secrets.map((secret) =>', 'secrets.slice(0, 1).map((secret) =>'],
  'a repeated header is taken': ['value !== undefined && spelled[form].test(value) ? value : undefined', 'value'],
  'the body is signed as text': ['form, body };', "form, body: body.toString('utf8') };"],
  'the body is signed as JSON': [
    'form, body };',
    "form, body: (() => { try { return JSON.stringify(JSON.parse(body.toString('utf8'))); } catch { return body; } })() };",
  ],
  'the hash of the body is not compared': ['if (bodyHash !== undefined && !equal(', 'if (bodyHash === null && !equal('],
  'the query is not signed': ['sent: (url) => url,', "sent: (url) => url.split('?')[0] ?? '',"],
  'an id may hold what separates it': ['end !== undefined && value?.includes(end) ? undefined : value', 'value'],
  'everything is refused': ['const signer = matches.indexOf(true);', 'const signer = -1;'],
};

describe('a bug planted in the verifier (G15)', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'planted-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each(Object.entries(bugs))('is caught: %s', async (name, [from, to]) => {
    const planted = await plant(mkdtempSync(join(folder, 'bug-')), name, from, to);
    const isCaught = ({ form }: { form: Form }, mutants: number) => {
      const { accepted, refused, crashed } = campaign(form, planted.verify, { seed: 7, mutants, genuine: 10 });
      return Object.keys(accepted).length + refused.length + crashed.length > 0;
    };
    expect([50, 600].some((mutants) => forms.some((form) => isCaught(form, mutants)))).toBe(true);
  });
});

/** What the verifier is made of. */
const parts = ['verify', 'shown', 'signed', 'document'].map((name) => `${name}.ts`);

async function plant(folder: string, name: string, from: string, to: string): Promise<typeof production> {
  const source = new URL('../../../shared/webhooks/', import.meta.url);
  const sound = parts.map((part) => [part, readFileSync(new URL(part, source), 'utf8')] as const);
  if (sound.flatMap(([, text]) => text.split(from).slice(1)).length !== 1) {
    throw new Error(`"${name}" cannot be planted any more: adapt it to the verifier`);
  }
  for (const [part, text] of sound) {
    const bugged = stripTypeScriptTypes(text.replace(from, () => to))
      .replaceAll(/from '\.\/(\w+)\.ts'/g, "from './$1.mjs'")
      .replaceAll(/from '(\.\.\/[^']+)'/g, (_all, path) => `from '${new URL(path, source).href}'`);
    writeFileSync(join(folder, part.replace('.ts', '.mjs')), bugged);
  }
  return import(/* @vite-ignore */ pathToFileURL(join(folder, 'verify.mjs')).href);
}
