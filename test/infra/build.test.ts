import { execFile } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as kms from '@aws-sdk/client-kms';
import { build } from 'esbuild';
import { afterAll, expect, test } from 'vitest';
import { bundleFunctions, bundling } from '../../infra/build.ts';
import { contracts, functionNames } from '../../infra/contracts.ts';
import { synthesize } from '../../infra/local/synth.ts';

// The bundles are those of `npm start`, made at most once for all tests; what is looked at is a copy of them.
const scratch = mkdtempSync(join(tmpdir(), 'patchbay-dist-'));
const folder = join(scratch, 'dist');
afterAll(() => rmSync(scratch, { recursive: true }));
await synthesize(join(scratch, 'cdk.out'));
const dist = join(import.meta.dirname, '..', '..', 'dist');
for (const name of ['.made-of.json', ...Object.keys(contracts)])
  cpSync(join(dist, name), join(folder, name), { recursive: true });
const bundle = () => bundleFunctions(folder, { sourcemap: false });
const sizes = await bundle();
const pathOf = (name: string) => join(folder, name, 'index.mjs');
const read = (name: string) => readFileSync(pathOf(name), 'utf8');
const finds = (word: RegExp) => functionNames().filter((name) => word.test(read(name)));

test('every function of the contracts becomes a bundle of its own', () => {
  expect(Object.keys(sizes).sort()).toEqual(functionNames().sort());
  for (const name of functionNames()) expect(read(name).length, name).toBeGreaterThan(1_000);
});

test('what is deployed has its source map beside the same code', async () => {
  const deployed = join(scratch, 'deployed');
  await bundleFunctions(deployed, { names: ['calls/get'] });
  const [code, map] = ['index.mjs', 'index.mjs.map'].map((name) =>
    readFileSync(join(deployed, 'calls/get', name), 'utf8'),
  );
  expect(code).toBe(`${read('calls/get')}//# sourceMappingURL=index.mjs.map\n`);
  expect(JSON.parse(map ?? '').sources.filter((file: string) => file.endsWith('functions/calls/get.ts'))).toHaveLength(
    1,
  );
});

test('a second build of the same sources touches no file, so that others may read them meanwhile', async () => {
  const written = () => functionNames().map((name) => statSync(join(folder, name, 'index.mjs')).mtimeMs);
  const before = written();
  mkdirSync(join(folder, 'calls', 'no-more'));
  expect(await bundle()).toEqual(sizes);
  expect(written()).toEqual(before);
  expect(readdirSync(folder).sort()).toEqual(['.made-of.json', ...Object.keys(contracts).sort()]);
  expect(existsSync(join(folder, 'calls', 'no-more')), 'a bundle of no function').toBe(false);
});

test('a file that has changed makes those bundles anew that it goes into, and no other', async () => {
  const [list, get] = ['calls/list', 'calls/get'].map((name) => join(folder, name, 'index.mjs')) as [string, string];
  const [made, record] = [readFileSync(list, 'utf8'), join(folder, '.made-of.json')];
  for (const file of [list, get]) writeFileSync(file, 'something else');
  const { stamps, ...rest } = JSON.parse(readFileSync(record, 'utf8'));
  writeFileSync(record, JSON.stringify({ ...rest, stamps: { ...stamps, 'functions/calls/list.ts': 'another' } }));
  await bundle();
  expect(readFileSync(list, 'utf8')).toBe(made);
  expect(readFileSync(get, 'utf8')).toBe('something else');
  rmSync(get);
  expect(await bundle()).toEqual(sizes);
});

test('the bundle of webhooks/receive has at most 350 kB, any other at most 600 kB', () => {
  for (const [name, bytes] of Object.entries(sizes)) {
    expect(bytes, name).toBeLessThanOrEqual(name === 'webhooks/receive' ? 350_000 : 600_000);
  }
});

test('an error of a client is in a bundle what it is without one: its name, whose fault, and what it is a case of', async () => {
  const names = 'DisabledException, KMSServiceException, NotFoundException';
  const contents = `export { ${names} } from '@aws-sdk/client-kms';`;
  const file = join(folder, 'errors.mjs');
  const stdin = { contents, resolveDir: import.meta.dirname };
  await build({ ...bundling, sourcemap: false, outExtension: {}, stdin, outfile: file });
  const told = ({ DisabledException, KMSServiceException, NotFoundException }: typeof kms) => {
    const error = new DisabledException({ message: 'off', $metadata: {} });
    const kinds = [DisabledException, KMSServiceException, NotFoundException, Error].map(
      (kind) => error instanceof kind,
    );
    return [error.name, error.message, error.$fault, ...kinds];
  };
  expect(told(await import(file))).toEqual(told(kms));
  expect(told(kms)).toEqual(['DisabledException', 'off', 'client', true, true, false, true]);
  expect(readFileSync(file, 'utf8').match(/ extends /g)).toHaveLength(3); // both bases, and one for all
});

test('every bundle is a module that parses: nothing of the banner clashes with a minified name', async () => {
  const parse = 'for (const file of process.argv.slice(1)) new vm.SourceTextModule(fs.readFileSync(file, "utf8"))';
  const args = ['--experimental-vm-modules', '--no-warnings', '--eval', parse, ...functionNames().map(pathOf)];
  await promisify(execFile)(process.execPath, args);
});

test('no bundle looks for credentials anywhere but in the environment', () => {
  expect(finds(/AWS_ACCESS_KEY_ID/).length).toBeGreaterThan(30);
  expect(finds(/AssumeRoleWithWebIdentity|credential_process|AWS_CONTAINER_CREDENTIALS/)).toEqual([]);
});

test('no bundle holds what reads streams of events, which no service that is asked answers with', () => {
  expect(finds(/:exception-type/)).toEqual([]);
  expect(finds(/@smithy\/core\/event-streams/).length).toBeGreaterThan(30);
});

test('no bundle holds the cloud part or the build tools', () => {
  expect(finds(/aws-cdk-lib|cdk-nag|esbuild/)).toEqual([]);
});
