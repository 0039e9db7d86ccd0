import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type BuildOptions, build, type Plugin } from 'esbuild';
import { functionNames } from './contracts.ts';
import { openRecord } from './made-of.ts';

const root = join(import.meta.dirname, '..');

/** Lambda gives credentials in the environment. The default chain would look for profiles, SSO and metadata services
 *  before or after, and be a third of every bundle. */
const environmentCredentials: Plugin = {
  name: 'environment-credentials',
  setup({ onResolve, onLoad }) {
    const namespace = 'environment-credentials';
    onResolve({ filter: /^@aws-sdk\/credential-provider-node$/ }, ({ resolveDir }) => ({
      path: 'credentials',
      namespace,
      pluginData: resolveDir,
    }));
    onLoad({ filter: /.*/, namespace }, ({ pluginData }) => ({
      contents: "export { fromEnv as defaultProvider } from '@aws-sdk/credential-provider-env';",
      resolveDir: pluginData,
    }));
  },
};

/** Every client bundles its whole package.json to name its version. */
const versionsAlone: Plugin = {
  name: 'versions-alone',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]@aws-sdk[\\/][^\\/]+[\\/]package\.json$/ }, ({ path }) => {
      const { version } = JSON.parse(readFileSync(path, 'utf8'));
      return { contents: JSON.stringify({ version }), loader: 'json' };
    });
  },
};

/** Every client spells out a class of ten lines for each error that its service may tell: those that differ in nothing but
 *  their names are made by one function. */
const errorsByOneRule: Plugin = {
  name: 'errors-by-one-rule',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]@aws-sdk[\\/]client-[^\\/]+[\\/]dist-es[\\/]models[\\/]errors\.js$/ }, ({ path }) => ({
      contents: `${readFileSync(path, 'utf8').replaceAll(plainError, 'export const $1 = /* @__PURE__ */ plainError("$1", "$2", "$3");')}
function plainError(name, shapeId, $fault) {
  const Made = class extends __BaseException {
    static shapeId = shapeId;
    name = name;
    $fault = $fault;
    constructor(options) {
      super({ name, $fault, ...options });
      Object.setPrototypeOf(this, Made.prototype);
    }
  };
  return Made;
}`,
    }));
  },
};
const plainError = new RegExp(
  [
    'export class (\\w+) extends __BaseException {',
    'static shapeId = "([^"]+)";',
    'name = "\\1";',
    '\\$fault = "(client|server)";',
    'constructor\\(opts\\) {',
    'super\\({',
    'name: "\\1",',
    '\\$fault: "\\3",',
    '\\.\\.\\.opts,',
    '}\\);',
    'Object\\.setPrototypeOf\\(this, \\1\\.prototype\\);',
    '}',
    '}',
  ].join('\\s+'),
  'g',
);

/** What no client of the hub is asked for: DynamoDB's endpoints are its regions', and events go to one region. */
const unusedWays: Plugin = {
  name: 'unused-ways',
  setup({ onResolve, onLoad }) {
    const namespace = 'unused-ways';
    onResolve({ filter: /^@aws-sdk\/(endpoint-cache|signature-v4-multi-region)$/ }, ({ path }) => ({
      path,
      namespace,
    }));
    onLoad({ filter: /.*/, namespace }, () => ({
      // EventBridge's client signs by the second: for one region the plain signer is what it comes to.
      contents: `export class EndpointCache {}
export { SignatureV4 as SignatureV4MultiRegion } from '@smithy/signature-v4';`,
      resolveDir: root,
    }));
  },
};

/** What the SDK loads when a service answers with a stream of events: none that the hub asks does. */
const eventStreamsApart: Plugin = {
  name: 'event-streams-apart',
  setup({ onResolve }) {
    onResolve({ filter: /^@smithy\/core\/event-streams$/ }, ({ path, kind }) =>
      kind === 'dynamic-import' ? { path, external: true } : undefined,
    );
  },
};

/** How every bundle is made. Some dependencies still call `require`, hence the banner. */
export const bundling = {
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  mainFields: ['module', 'main'],
  minify: true,
  sourcemap: true,
  sourcesContent: false,
  outExtension: { '.js': '.mjs' },
  banner: {
    js: "import{createRequire as createBundleRequire}from'node:module';const require=createBundleRequire(import.meta.url);",
  },
  plugins: [environmentCredentials, versionsAlone, errorsByOneRule, unusedWays, eventStreamsApart],
  logLevel: 'warning',
} satisfies BuildOptions;

/** Bundles every function of the contracts, or those that are named, into `<folder>/<feature>/<verb>/index.mjs`, those anew that a changed file goes
 *  into; returns each bundle's bytes. Throws with the list of functions that have no file. Others may read the folder
 *  meanwhile. `sourcemap`: default true. */
export async function bundleFunctions(
  folder = join(root, 'dist'),
  {
    sourcemap = true,
    names = functionNames(),
  }: { readonly sourcemap?: boolean; readonly names?: readonly string[] } = {},
): Promise<Readonly<Record<string, number>>> {
  const missing = names.map((name) => `functions/${name}.ts`).filter((file) => !existsSync(join(root, file)));
  if (missing.length > 0) throw new Error(`The contracts name functions that have no file:\n  ${missing.join('\n  ')}`);

  const record = openRecord(folder, root, JSON.stringify({ sourcemap }));
  const changed = names.filter((name) => !record.isFresh(name) || !existsSync(join(folder, name, 'index.mjs')));
  if (changed.length > 0) {
    const { metafile, outputFiles } = await build({
      ...bundling,
      sourcemap,
      metafile: true,
      write: false,
      absWorkingDir: root,
      entryPoints: changed.map((name) => ({ in: join(root, 'functions', `${name}.ts`), out: `${name}/index` })),
      outdir: folder,
    });
    for (const { path, contents } of outputFiles) replaceFile(folder, path, contents);
    record.keep(metafile);
  }
  removeOthers(folder, names);
  return Object.fromEntries(names.map((name) => [name, statSync(join(folder, name, 'index.mjs')).size]));
}

/** Two starts at once make the same bundles: an equal file stays untouched, another one is replaced in one step. */
function replaceFile(folder: string, path: string, contents: Uint8Array): void {
  if (existsSync(path) && readFileSync(path).equals(contents)) return;
  mkdirSync(dirname(path), { recursive: true });
  const half = join(folder, `${process.pid}.half`);
  writeFileSync(half, contents);
  renameSync(half, path);
}

/** A function that is no longer in a contract leaves no bundle behind. */
function removeOthers(folder: string, names: readonly string[]): void {
  const bundles = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name: feature }) => readdirSync(join(folder, feature)).map((verb) => `${feature}/${verb}`));
  for (const name of bundles) if (!names.includes(name)) rmSync(join(folder, name), { recursive: true });
}

if (process.argv[1] === import.meta.filename) {
  bundleFunctions().catch((error: Error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
}
