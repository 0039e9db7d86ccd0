import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';

// Which files each bundle was made of, so that what nobody has changed since is not made again.

interface Made {
  /** By whatever options. */
  readonly how: string;
  /** Every file, and how it stood. */
  readonly stamps: Readonly<Record<string, string>>;
  /** By function, which of them, by their places. */
  readonly files: Readonly<Record<string, readonly number[]>>;
}

/** What every bundle depends on, whatever it is made of. */
const always = ['infra/build.ts', 'package-lock.json'];

/** Returns the record that a folder of bundles keeps of itself, as a build in it begins. */
export function openRecord(folder: string, root: string, how: string) {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, '.made-of.json');
  const beganMs = now(folder);
  const before = readMade(file, how);
  const paths = Object.keys(before.stamps);
  const same = paths.map(
    (path) => before.stamps[path] !== CHANGED && before.stamps[path] === stampOf(join(root, path)),
  );

  return {
    /** Whether the function's bundle would be made as it is. */
    isFresh: (name: string): boolean => before.files[name]?.every((at) => same[at]) ?? false,

    /** Writes down what this build has made, beside what was there. */
    keep({ inputs, outputs }: Metafile): void {
      const places = new Map<string, number>(paths.map((path, at) => [path, at]));
      const placeOf = (path: string) => {
        if (!places.has(path)) places.set(path, places.size);
        return places.get(path) ?? -1;
      };
      const files: Record<string, readonly number[]> = { ...before.files };
      for (const { entryPoint } of Object.values(outputs)) {
        const [, name] = /^functions\/(.+)\.ts$/.exec(entryPoint ?? '') ?? [];
        if (entryPoint && name) files[name] = [...always, ...reach(inputs, entryPoint)].map(placeOf);
      }
      const stamps = Object.fromEntries([...places.keys()].map((path) => [path, stampOf(join(root, path), beganMs)]));
      writeFileSync(file, JSON.stringify({ how, stamps, files } satisfies Made));
    },
  };
}

function readMade(file: string, how: string): Made {
  const made: Made | undefined = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
  return made?.how === how ? made : { how, stamps: {}, files: {} };
}

/** By the clock that files are stamped with. */
function now(folder: string): number {
  const probe = join(folder, `${process.pid}.half`);
  writeFileSync(probe, '');
  const { mtimeMs } = statSync(probe);
  rmSync(probe);
  return mtimeMs;
}

/** Returns every file that leads into a bundle, also one of which nothing is left there; what a plugin makes is none. */
function reach(inputs: Metafile['inputs'], entry: string): readonly string[] {
  const found = new Set([entry]);
  for (const path of found) {
    for (const { path: next, external } of inputs[path]?.imports ?? []) if (!external) found.add(next);
  }
  return [...found].filter((path) => !/^[\w-]{2,}:/.test(path));
}

const CHANGED = 'changed meanwhile';

/** One that was changed since `beforeMs` may not be what was read. */
function stampOf(path: string, beforeMs = Number.POSITIVE_INFINITY): string {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat && stat.mtimeMs < beforeMs ? `${stat.mtimeMs} ${stat.size}` : CHANGED;
}
