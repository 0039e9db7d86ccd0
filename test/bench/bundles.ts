import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, type Metafile, type Plugin } from 'esbuild';
import { bundling } from '../../infra/build.ts';
import { functionNames } from '../../infra/contracts.ts';
import { root } from '../support/sources.ts';

export interface Bundle {
  readonly name: string;
  readonly file: string;
  readonly bytes: number;
  /** The bare bundle of exactly the SDK clients and commands it holds; none where it holds none. */
  readonly bare?: Bundle;
}

/** Returns every function's bundle, each beside the bare one of its clients, built in the same run with the same
 *  options, but as anybody would: without this project's plugins. */
export async function buildBundles(folder: string): Promise<readonly Bundle[]> {
  const entries = functionNames().map((name) => ({ in: join(root, 'functions', `${name}.ts`), out: name }));
  const functions = await bundle(entries, join(folder, 'functions'), bundling.plugins);

  const sources = new Map<string, string>();
  const usedBy = new Map([...functions].map(([name, { inputs }]) => [name, bareSource(Object.keys(inputs))]));
  for (const source of usedBy.values()) {
    if (source && !sources.has(source)) sources.set(source, `bare-${sources.size + 1}`);
  }
  mkdirSync(join(folder, 'sources'), { recursive: true });
  const bareEntries = [...sources].map(([source, name]) => {
    const file = join(folder, 'sources', `${name}.js`);
    writeFileSync(file, source);
    return { in: file, out: name };
  });
  const bare = await bundle(bareEntries, join(folder, 'bare'), []);

  const asBundle = (name: string, { file, bytes }: { file: string; bytes: number }): Bundle => ({ name, file, bytes });
  return [...functions].map(([name, made]) => {
    const other = sources.get(usedBy.get(name) ?? '') ?? '';
    const beside = bare.get(other);
    return { ...asBundle(name, made), ...(beside && { bare: asBundle(other, beside) }) };
  });
}

async function bundle(entryPoints: { in: string; out: string }[], outdir: string, plugins: Plugin[]) {
  const { metafile } = await build({
    ...bundling,
    plugins,
    metafile: true,
    absWorkingDir: root,
    nodePaths: [join(root, 'node_modules')],
    entryPoints,
    outdir,
  });
  const outputs = new Map<string, Metafile['outputs'][string] & { readonly file: string }>();
  for (const { out } of entryPoints) {
    const file = join(outdir, `${out}.mjs`);
    const [, output] = Object.entries(metafile.outputs).find(([path]) => join(root, path) === file) ?? [];
    if (output) outputs.set(out, { ...output, file });
  }
  return outputs;
}

/** Clients and commands are found by the files that esbuild kept: `client-sqs/dist-es/commands/SendMessageCommand.js`. */
function bareSource(inputs: readonly string[]): string | undefined {
  const clients = new Map<string, Set<string>>();
  for (const input of inputs) {
    const [, name, kept] =
      input.match(/@aws-sdk\/(client-[a-z-]+)\/dist-es\/(?:commands\/)?(\w+(?:Client|Command))\.js$/) ?? [];
    if (name && kept) clients.set(name, (clients.get(name) ?? new Set()).add(kept));
  }
  if (clients.size === 0) return undefined;
  const sorted = [...clients]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([name, kept]) => [name, [...kept].sort()] as const);
  const imports = sorted.map(([name, kept]) => `import { ${kept.join(', ')} } from '@aws-sdk/${name}';`);
  const kept = sorted.flatMap(([, names]) => names);
  const made = kept.map((name) => (name.endsWith('Client') ? `new ${name}({})` : name));
  return `${imports.join('\n')}\nexport const kept = [${made.join(', ')}];\n`;
}
