import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { stop } from 'esbuild';
import { bundleFunctions } from '../build.ts';
import { takeLock } from './data-folder.ts';
import type { Assembly } from './template.ts';

const root = join(import.meta.dirname, '..', '..');
const cache = join(root, 'node_modules', '.cache', 'patchbay');
const sources = ['functions', 'shared', 'infra/build.ts', 'infra/contracts.ts', 'package-lock.json'];

/** What the app imports takes longest to load: it is loaded while esbuild works, and the app starts when the bundles are
 *  there. */
const waitingApp = `
const infra = ${JSON.stringify(`${join(root, 'infra')}/`)};
await Promise.all([import('cdk-nag'), import(infra + 'data-stack.ts'), import(infra + 'hub-stack.ts')]);
await new Promise((resolve) => process.stdin.once('data', resolve));
process.stdin.destroy();
await import(infra + 'app.ts');`;

/** Returns the cloud assembly of the local stage, built and synthesized for one public address. Throws what the app
 *  itself had to say. */
export async function synthesize(outdir: string, publicUrl: string): Promise<Assembly> {
  const settings = { PATCHBAY_STAGE: 'local', PATCHBAY_PUBLIC_URL: publicUrl, CDK_OUTDIR: outdir };
  const { PATH } = process.env; // nothing else of the developer's environment, least of all an AWS profile
  const child = spawn(process.execPath, ['--input-type=module', '--eval', waitingApp], {
    cwd: root,
    env: { PATH, ...settings, CDK_VALIDATION: 'false' },
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (chunk) => {
    said += chunk;
  });
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  try {
    await bundle(join(root, 'dist'));
  } catch (error) {
    child.kill();
    throw error;
  }
  child.stdin.on('error', () => {}); // an app that ended early says why on stderr
  child.stdin.end('go');
  if ((await ended) !== 0) throw new Error(`The CDK app failed: ${said.trim()}`);
  return { outdir };
}

/** Bundles when a source is newer than the bundles. One start does so, others wait for it; the bundles are swapped in
 *  whole, since an earlier start may still be reading them. */
async function bundle(dist: string): Promise<void> {
  const stamp = join(dist, 'made-by-start');
  const newestMs = Math.max(...sources.map((source) => newest(join(root, source))));
  const fresh = () => (statSync(stamp, { throwIfNoEntry: false })?.mtimeMs ?? 0) >= newestMs;
  mkdirSync(cache, { recursive: true });
  const lock = join(cache, 'bundling');
  while (!fresh()) {
    if (takeLock(lock)) {
      await wait(50);
      continue;
    }
    const made = mkdtempSync(join(cache, 'dist-'));
    try {
      await bundleFunctions(made, { sourcemap: false }); // the code is that of a deployment; maps would double the wait
      await stop(); // esbuild would keep a gigabyte for as long as the hub runs
      writeFileSync(join(made, 'made-by-start'), '');
      utimesSync(join(made, 'made-by-start'), new Date(), new Date(Math.ceil(newestMs)));
      rmSync(dist, { recursive: true, force: true });
      renameSync(made, dist);
    } finally {
      rmSync(made, { recursive: true, force: true });
      rmSync(lock);
    }
  }
}

/** Returns when a file, or anything in a folder, last changed, ms. */
function newest(path: string): number {
  const own = statSync(path);
  if (!own.isDirectory()) return own.mtimeMs;
  return Math.max(own.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))));
}
