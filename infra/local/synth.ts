import { spawn } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { stop } from 'esbuild';
import { bundleFunctions } from '../build.ts';
import { takeLock } from './data-folder.ts';
import type { Assembly } from './template.ts';

const root = join(import.meta.dirname, '..', '..');
const cache = join(root, 'node_modules', '.cache', 'patchbay');
const made = join(cache, 'cdk.out');
const sources = ['functions', 'shared', 'infra', 'cdk.json', 'package-lock.json'];
/** Stands for the hub's address in the assembly, which so serves at any port. */
const ADDRESS = 'http://patchbay.invalid';
const STAMP = 'made-by-start';

/** What the app imports takes longest to load: it is loaded while esbuild works, and the app starts when it is told where
 *  to write. */
const waitingApp = `
const infra = ${JSON.stringify(`${join(root, 'infra')}/`)};
await Promise.all([import(infra + 'data-stack.ts'), import(infra + 'hub-stack.ts')]);
process.env.CDK_OUTDIR = await new Promise((resolve) => process.stdin.once('data', (text) => resolve(String(text))));
process.stdin.destroy();
await import(infra + 'app.ts');`;

/** Returns the cloud assembly of the local stage, copied to `outdir`; it is built and synthesized when a source is newer
 *  than the last one. One start does so, others wait for it. Throws what the app itself had to say. */
export async function synthesize(outdir: string): Promise<Assembly> {
  await whileNoOtherDoes(async () => {
    await build();
    rmSync(outdir, { recursive: true, force: true });
    cpSync(made, outdir, { recursive: true }); // the next build must not take it from under a running hub
  });
  return { outdir, madeFor: ADDRESS };
}

/** Builds and synthesizes ahead, where it was not done since a source changed: what `npm ci` ends with, so that the first
 *  start does not wait. */
export async function buildAhead(): Promise<void> {
  await whileNoOtherDoes(build);
}

async function whileNoOtherDoes(work: () => Promise<void>): Promise<void> {
  mkdirSync(cache, { recursive: true });
  const lock = join(cache, 'building');
  while (takeLock(lock)) await wait(50);
  try {
    await work();
  } finally {
    rmSync(lock);
  }
}

async function build(): Promise<void> {
  const newestMs = Math.max(...sources.map((source) => newest(join(root, source))));
  if (isFresh(made, newestMs)) return;
  const app = startApp();
  try {
    const dist = join(root, 'dist');
    if (!isFresh(dist, newestMs)) {
      await bundleFunctions(dist, { sourcemap: false }); // the code is that of a deployment; maps would double the wait
      await stop(); // esbuild would keep a gigabyte for as long as the hub runs
      stamp(dist, newestMs);
    }
    await renew(app.synth, newestMs);
  } finally {
    app.kill();
  }
}

/** Makes the assembly anew and swaps it in whole. */
async function renew(make: (half: string) => Promise<void>, newestMs: number): Promise<void> {
  const half = mkdtempSync(join(cache, 'half-'));
  try {
    await make(half);
    stamp(half, newestMs);
    rmSync(made, { recursive: true, force: true });
    renameSync(half, made);
  } finally {
    rmSync(half, { recursive: true, force: true });
  }
}

function stamp(folder: string, newestMs: number): void {
  writeFileSync(join(folder, STAMP), '');
  utimesSync(join(folder, STAMP), new Date(), new Date(Math.ceil(newestMs)));
}

function isFresh(folder: string, newestMs: number): boolean {
  return (statSync(join(folder, STAMP), { throwIfNoEntry: false })?.mtimeMs ?? 0) >= newestMs;
}

/** Starts to load the app; `synth` lets it run, and returns when it has ended well. */
function startApp() {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', waitingApp], {
    cwd: root,
    // Nothing else of the developer's environment, least of all an AWS profile.
    env: { PATH: process.env.PATH, PATCHBAY_STAGE: 'local', PATCHBAY_PUBLIC_URL: ADDRESS, CDK_VALIDATION: 'false' },
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (chunk) => {
    said += chunk;
  });
  child.stdin.on('error', () => {}); // an app that ended early says why on stderr
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  return {
    async synth(outdir: string): Promise<void> {
      child.stdin.end(outdir);
      if ((await ended) !== 0) throw new Error(`The CDK app failed: ${said.trim()}`);
    },
    kill: () => void child.kill(),
  };
}

/** Returns when a file, or anything in a folder, last changed, ms. */
function newest(path: string): number {
  const own = statSync(path);
  if (!own.isDirectory()) return own.mtimeMs;
  return Math.max(own.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))));
}
