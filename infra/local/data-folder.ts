import { existsSync, linkSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

export interface DataFolder {
  readonly path: string;
  file(name: string): string;
  release(): void;
}

/** Returns the data folder, held by this process alone until released; without a path a temporary one, removed then.
 *  Throws one line where another hub holds it. */
export function holdFolder(given: string | undefined): DataFolder {
  const path = given === undefined ? mkdtempSync(join(tmpdir(), 'patchbay-')) : resolve(given);
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const lock = join(path, 'lock');
  const holder = takeLock(lock);
  if (holder) {
    throw new Error(`The data folder ${path} is in use by process ${holder}: stop that one, or set PATCHBAY_DATA`);
  }
  return {
    path,
    file: (name) => join(path, name),
    release() {
      rmSync(given === undefined ? path : lock, { recursive: true, force: true });
    },
  };
}

/** Returns 0 when the lock is ours, else the process that holds it; one that has gone holds nothing. */
export function takeLock(lock: string): number {
  const own = `${lock}.${process.pid}`;
  writeFileSync(own, String(process.pid));
  try {
    linkSync(own, lock); // whole or not at all: nobody reads a lock without its holder
    return 0;
  } catch {
    const holder = existsSync(lock) ? Number(readFileSync(lock, 'utf8')) : 0;
    if (alive(holder)) return holder;
    rmSync(lock, { force: true });
    return takeLock(lock);
  } finally {
    rmSync(own, { force: true });
  }
}

function alive(pid: number): boolean {
  try {
    return pid > 0 && process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
