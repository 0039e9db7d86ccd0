import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

export const root = join(import.meta.dirname, '..', '..');

export interface Source {
  /** Relative to the project, with `/`. */
  readonly file: string;
  readonly text: string;
  /** The text without comments: what is only said is not done. Lines stay where they are. */
  readonly code: string;
}

/** Returns the files below a folder of the project, by path. */
export function filesBelow(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .sort();
}

/** Returns the TypeScript of these folders. */
export function readSources(...folders: readonly string[]): Source[] {
  return folders
    .flatMap(filesBelow)
    .filter((file) => /\.(ts|mjs)$/.test(file))
    .map((file) => {
      const text = readFileSync(join(root, file), 'utf8');
      const code = text
        .replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ''))
        .replace(/(^|\s)\/\/.*$/gm, '$1');
      return { file, text, code };
    });
}

/** Returns what a source imports: paths of the project without an ending, and packages by name. */
export function importsOf({ file, code }: Source): {
  readonly own: readonly string[];
  readonly packages: readonly string[];
} {
  const named = [...code.matchAll(/(?:\bfrom|\bimport\(|^import)\s*['"]([^'"]+)['"]/gm)].map(([, name = '']) => name);
  const own = named
    .filter((name) => name.startsWith('.'))
    .map((name) => relative(root, join(root, dirname(file), name)).replace(/\.ts$/, ''));
  return { own, packages: named.filter((name) => !name.startsWith('.')) };
}

/** Returns each match as `file:line: what`, for a message that leads there. */
export function places(sources: readonly Source[], pattern: RegExp): string[] {
  return sources.flatMap(({ file, code }) =>
    code.split('\n').flatMap((line, index) => {
      const found = line.match(pattern);
      return found ? [`${file}:${index + 1}: ${found[0].trim()}`] : [];
    }),
  );
}
