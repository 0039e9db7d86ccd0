import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';

// Which files each bundle was made of, so that what nobody has changed since is not made again.

interface Made {
  /** By whatever options. */
  readonly how: string;
  /** By function. */
  readonly files: Readonly<Record<string, readonly string[]>>;
  /** How each file stood. */
  readonly stamps: Readonly<Record<string, string>>;
}

/** What every bundle depends on, whatever it is made of. */
const always = ['infra/build.ts', 'package-lock.json'];

/** Returns the record that a folder of bundles keeps of itself, as a build in it begins. */
export function openRecord(folder: string, root: string, how: string) {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, '.made-of.json');
  const beganMs = now(folder);
  const before = readMade(file, how);
  const isSame = ([path, stamp]: [string, string]) => stamp !== CHANGED && stampOf(join(root, path)) === stamp;
  const same = new Set(
    Object.entries(before.stamps)
      .filter(isSame)
      .map(([path]) => path),
  );

  return {
    /** Whether the function's bundle would be made as it is. */
    isFresh: (name: string): boolean => before.files[name]?.every((path) => same.has(path)) ?? false,

    /** Writes down what this build has made, beside what was there. */
    keep({ inputs, outputs }: Metafile): void {
      const files: Record<string, readonly string[]> = { ...before.files };
      for (const { entryPoint } of Object.values(outputs)) {
        const [, name] = /^functions\/(.+)\.ts$/.exec(entryPoint ?? '') ?? [];
        if (entryPoint && name) files[name] = [...always, ...reach(inputs, entryPoint)];
      }
      const all = [...new Set(Object.values(files).flat())];
      const stamps = Object.fromEntries(all.map((path) => [path, stampOf(join(root, path), beganMs)]));
      writeFileSync(file, JSON.stringify({ how, files, stamps } satisfies Made));
    },
  };
}

function readMade(file: string, how: string): Made {
  const made: Made | undefined = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
  return made?.how === how ? made : { how, files: {}, stamps: {} };
}

/** By the clock that files are stamped with. */
function now(folder: string): number {
  const probe = join(folder, `${process.pid}.half`);
  writeFileSync(probe, '');
  const { mtimeMs } = statSync(probe);
  rmSync(probe);
  return mtimeMs;
}

/** Returns every file that leads into a bundle, also one of which nothing is left there. */
function reach(inputs: Metafile['inputs'], entry: string): readonly string[] {
  const found = new Set([entry]);
  for (const path of found) {
    for (const { path: next, external } of inputs[path]?.imports ?? []) if (!external) found.add(next);
  }
  return [...found].filter((path) => !path.startsWith('environment-credentials:'));
}

const CHANGED = 'changed meanwhile';

/** One that was changed since `beforeMs` may not be what was read. */
function stampOf(path: string, beforeMs = Number.POSITIVE_INFINITY): string {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat && stat.mtimeMs < beforeMs ? `${stat.mtimeMs} ${stat.size}` : CHANGED;
}
