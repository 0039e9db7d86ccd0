// Runs a TypeScript file of the project: the one place that explains a Node that is too old.
// npm puts node_modules/.bin first, so the packaged Node 24 is the one that reads this where the host's is older.
import module from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const major = Number(process.versions.node.split('.')[0]);
process.argv.splice(1, 1); // the script sees its own arguments, as if Node had been given it
process.argv[1] = resolve(process.argv[1]);
if (major < 24) {
  console.error(
    `Patchbay needs Node 24 or newer; this is ${process.version}. On Linux and Windows "npm ci" brings one along ` +
      '(do not pass --omit=optional, and start through npm); elsewhere install it from https://nodejs.org.',
  );
  process.exit(1);
}
// What was compiled once is loaded again: by this process, and by those it starts. Coverage would count it less exactly.
if (!process.argv.includes('--coverage')) {
  const folder = join(import.meta.dirname, '..', 'node_modules', '.cache', 'patchbay', 'compiled');
  if (module.enableCompileCache(folder).directory) process.env.NODE_COMPILE_CACHE ??= folder;
}
await import(pathToFileURL(process.argv[1]).href);
