import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { register } from '../infra/alarms.ts';
import { contracts } from '../infra/contracts.ts';
import type { FeatureContract } from '../shared/core/contract.ts';
import { catalogue } from '../shared/providers/catalogue.ts';
import { findWebhooks } from '../shared/providers/senders.ts';
import { filesBelow, importsOf, places, readSources, root, type Source } from './support/sources.ts';

// The rules of the house, each a test. A failure quotes the rule and its reason, and lists every fault of the tree.

/** A feature and those it may know. A new arrow is one line with its reason. */
const features = {
  tenants: [],
  connections: ['tenants'], // whose link is it, and where may the browser go?
  // Who may have an endpoint? whose is it? what keeps a subscription alive; what a webhook shows is kept as what a poll finds.
  webhooks: ['tenants', 'connections', 'calls', 'syncs'],
  calls: ['connections'], // a live token
  syncs: ['connections', 'calls'], // a live token; the same limits
  deliveries: ['connections', 'calls'], // the vault; the same limits
  console: [], // renders what functions/console hands it
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** `<f>`: a feature and those it may know; `<id>`: the file's own provider; `*`: any one name. */
const may: Readonly<Record<string, readonly string[]>> = {
  infra: ['infra', 'shared/*/contract', 'shared/providers', 'cdk.json', 'package.json'], // names and data, never logic
  'infra/local': ['infra/local', 'infra/build'], // knows the template, not the features
  'infra/local/demo': ['infra/local/demo', 'infra/args'], // strangers to the hub
  'functions/middleware': ['functions/middleware', 'shared/core'],
  'functions/<f>': ['functions/middleware', 'shared/core', 'shared/providers', 'shared/<f>'],
  'functions/console': ['functions/middleware', 'shared'], // the operator sees every feature
  'shared/core': ['shared/core'],
  'shared/providers': ['shared/core', 'shared/providers'],
  // The words, one file each; never a neighbour.
  'shared/providers/<id>': [
    'shared/core',
    ...['provider', 'auth', 'webhooks', 'setup', 'handlers', 'actions', 'syncs', 'streams'].map(
      (word) => `shared/providers/${word}`,
    ),
    'shared/providers/<id>',
  ],
  'shared/console': ['shared/core', 'shared/console', 'shared/*/contract', 'shared/*/answers'], // describes every feature
  'shared/<f>': ['shared/core', 'shared/providers', 'shared/<f>'],
};

const all = readSources('infra', 'functions', 'shared');
const cloud = all.filter(({ file }) => !file.startsWith('infra/local/')); // infra/local plays AWS
const runtime = all.filter(({ file }) => !file.startsWith('infra/'));
const words = Object.keys(features);

const without = (sources: readonly Source[], ...excepted: readonly RegExp[]) =>
  sources.filter(({ file }) => !excepted.some((one) => one.test(file)));
const missing = (files: readonly string[], why: string) =>
  files.filter((file) => !existsSync(join(root, file))).map((file) => `create ${file}: ${why}`);

function rule(says: string, because: string, faults: () => readonly string[]): void {
  test(says, () => {
    const found = faults();
    expect(found, `${says}, because ${because}.\n  ${found.join('\n  ')}\n`).toEqual([]);
  });
}

describe('arrows', () => {
  rule('imports follow the table of this file', 'direction is the architecture', () =>
    all.flatMap((source) => {
      const allowed = allowedFor(source.file);
      return importsOf(source)
        .own.filter((path) => !allowed.some((one) => one.test(path)))
        .map((path) => `${source.file} imports ${path}`);
    }),
  );

  rule('no feature knows another that knows it, by whatever way', 'what goes round has no order to be read in', () => {
    const arrows: Readonly<Record<string, readonly string[]>> = features;
    let left = words;
    for (let before = 0; before !== left.length; ) {
      before = left.length;
      left = left.filter((feature) => arrows[feature]?.some((known) => left.includes(known)));
    }
    return left;
  });

  test.each([
    ['functions/calls/run.ts', 'shared/webhooks/store'],
    ['functions/tenants/remove.ts', 'shared/connections/ports'],
    ['functions/calls/run.ts', 'functions/calls/submit'],
    ['functions/middleware/http.ts', 'shared/tenants/store'],
    ['shared/calls/run.ts', 'functions/calls/run'],
    ['shared/calls/run.ts', 'shared/syncs/store'],
    ['shared/core/aws.ts', 'shared/calls/call'],
    ['shared/providers/github/actions.ts', 'shared/providers/slack/index'],
    ['infra/calls.ts', 'shared/calls/store'],
    ['infra/local/hub.ts', 'infra/calls'],
    ['infra/local/demo/tour.ts', 'infra/local/hub'],
  ])('%s may not import %s', (file, path) => {
    expect(allowedFor(file).some((one) => one.test(path))).toBe(false);
  });

  rule('only infra knows the CDK, and no runtime code the build', 'bundles hold no cloud part', () =>
    runtime.flatMap((source) =>
      importsOf(source)
        .packages.filter((name) => /^(aws-cdk|cdk-nag|constructs|esbuild|vitest)/.test(name))
        .map((name) => `${source.file} imports ${name}`),
    ),
  );

  rule(
    '@aws-sdk/* stands only in store.ts, vault.ts, core/aws.ts and core/bus.ts',
    'a use case is tested with plain values',
    () =>
      without(runtime, /\/(store|vault|[a-z-]+-store)\.ts$/, /^shared\/core\/(aws|bus)\.ts$/).flatMap((source) =>
        importsOf(source)
          .packages.filter((name) => name.startsWith('@aws-sdk/'))
          .map((name) => `${source.file} imports ${name}`),
      ),
  );

  rule('middy stands only in functions/middleware, and a feature never calls .use()', 'a stack has one shape', () => [
    ...without(runtime, /^functions\/middleware\//).flatMap((source) =>
      importsOf(source)
        .packages.filter((name) => name.startsWith('@middy/'))
        .map(() => source.file),
    ),
    ...places(
      runtime.filter(({ file }) => /^functions\/(?!middleware)/.test(file)),
      /\.use\(/,
    ),
  ]);

  rule('zod is imported as `* as z`', 'the other form drags every locale into the bundle', () =>
    places(all, /import \{[^}]*\bz\b[^}]*\} from 'zod'/),
  );
});

describe('what may be touched where', () => {
  rule('process.env stands only in core/env.ts, infra/stage.ts and the launcher', 'settings are parsed once', () =>
    places(
      without(cloud, /^shared\/core\/env\.ts$/, /^infra\/stage\.ts$/, /^infra\/launch\.mjs$/),
      /(?<![.\w])process\.env/,
    ),
  );

  rule(
    'Date.now, a bare new Date() and randomness stand only in functions/middleware, core/clock.ts and core/ids.ts',
    'the same input has the same outcome',
    () =>
      places(
        without(cloud, /^functions\/middleware\//, /^shared\/core\/(clock|ids)\.ts$/),
        /Date\.now|new Date\(\)|performance\.now|Math\.random|random(Bytes|Int|UUID|FillSync)\(|getRandomValues/,
      ),
  );

  rule('no `===`, `!==`, `case` or `switch` on the id of a provider', 'a quirk belongs to the vocabulary', () => {
    const ids = Object.keys(catalogue).join('|');
    return places(
      without(cloud, /^shared\/providers\/[^/]+\//),
      new RegExp(`[!=]==\\s*['"](${ids})['"]|case\\s+['"](${ids})['"]|switch\\s*\\(.*provider`),
    );
  });

  rule(
    'StartMessageMoveTask is not used',
    'it moves everything at once; retry and replay ask again whether tenant and connection stand, and keep the limits',
    () => places(all, /StartMessageMoveTask/),
  );

  rule('no transactions and no streams', 'one durable write, then steps that may repeat, is the only pattern', () =>
    places(cloud, /Transact(Write|Get)|dynamoStream|kinesisStream|StreamViewType|DynamoEventSource/),
  );

  rule('`throw` is followed by `new`, or hands on what was caught', 'a refusal is returned, not thrown', () =>
    places(cloud, /\bthrow\s+(?!new\b|(\w+\.)?error;)\S+/),
  );

  rule('no default export, no enum, no namespace, no any', 'Node runs the TypeScript as it is', () =>
    places(
      without(all, /\.d\.ts$/),
      /^\s*export default\b|^\s*(export )?(const )?enum\s|^\s*(export )?namespace\s|:\s*any\b|\bas any\b/,
    ),
  );
});

describe('one word, five places', () => {
  rule(`folders are the seven words: ${words.join(' ')}`, 'who knows the word knows the places', () => {
    const known: Readonly<Record<string, readonly string[]>> = {
      functions: [...words, 'middleware'],
      shared: [...words, 'core', 'providers'],
      events: [...words, 'providers'],
      'test/functions': [...words, 'middleware'],
      'test/shared': [...words, 'core', 'providers'],
    };
    return Object.entries(known).flatMap(([parent, names]) =>
      folders(parent)
        .filter((name) => !names.includes(name))
        .map((name) => `${parent}/${name} is no word of the table`),
    );
  });

  rule('every feature with a contract is in infra/contracts.ts, and has its construct', 'no half feature', () => {
    const contracted = filesBelow('shared').flatMap((file) => file.match(/^shared\/([^/]+)\/contract\.ts$/)?.[1] ?? []);
    const built = contracted.filter((feature) => feature !== 'core');
    return [
      ...built.filter((feature) => !(feature in contracts)).map((feature) => `add ${feature} to infra/contracts.ts`),
      ...missing(
        built.map((feature) => `infra/${feature}.ts`),
        'the construct of the feature',
      ),
    ];
  });

  rule('every function of a contract has its file, its event and its test', 'no strays', () =>
    functions().flatMap(({ feature, verb }) => [
      ...missing([`functions/${feature}/${verb}.ts`], `${feature}/contract.ts names it`),
      ...missing([`events/${feature}/${verb}.json`], 'a sample for `npm run invoke` and the tests'),
      ...(isTested(feature, verb)
        ? []
        : [`create a test in test/functions/${feature}/ that runs functions/${feature}/${verb}.ts`]),
    ]),
  );

  rule('every function file and every event is named by a contract', 'no strays', () => {
    const named = new Set(functions().map(({ feature, verb }) => `${feature}/${verb}`));
    const strays = (folder: string, skipped: RegExp) =>
      filesBelow(folder).filter((file) => !skipped.test(file) && !named.has(file.replace(/^[^/]+\/|\.[a-z]+$/g, '')));
    return [...strays('functions', /^functions\/middleware\//), ...strays('events', /^events\/providers\//)];
  });

  rule('the sample of a route is an event of that route', 'a sample that could not arrive proves nothing', () =>
    functions().flatMap(({ feature, verb, entry }) => {
      const file = `events/${feature}/${verb}.json`;
      if (entry.kind !== 'http' || !existsSync(join(root, file))) return [];
      const { routeKey } = JSON.parse(readFileSync(join(root, file), 'utf8'));
      return entry.routes.includes(routeKey)
        ? []
        : [`${file}: routeKey is ${routeKey}, not ${entry.routes.join(' or ')}`];
    }),
  );
});

describe('providers', () => {
  const ids = folders('shared/providers');

  rule('every folder is in the indexes, each of its files too, and the reverse', 'no half provider', () => {
    const indexes = ['definitions', 'senders', 'setups', 'handled', 'callees', 'polled']
      .map((name) => readFileSync(join(root, `shared/providers/${name}.ts`), 'utf8'))
      .join('\n');
    const imported = (file: string) => indexes.includes(`'./${file.slice('shared/providers/'.length)}'`);
    return [
      ...ids.filter((id) => !(id in catalogue)).map((id) => `add ${id} to shared/providers/definitions.ts`),
      ...Object.keys(catalogue)
        .filter((id) => !ids.includes(id))
        .map((id) => `create shared/providers/${id}/`),
      ...Object.entries(catalogue).flatMap(([id, { provider }]) =>
        provider.id === id ? [] : [`${id} calls itself ${provider.id}`],
      ),
      ...ids
        .flatMap((id) => filesBelow(`shared/providers/${id}`))
        .filter((file) => !imported(file))
        .map((file) => `${file} is in no index`),
    ];
  });

  rule(
    'every folder has files of these names alone: index webhooks setup handlers actions syncs',
    'folders look alike',
    () =>
      ids
        .flatMap((id) => filesBelow(`shared/providers/${id}`))
        .filter((file) => !/\/(index|webhooks|setup|handlers|actions|syncs)\.ts$/.test(file)),
  );

  rule(
    'every provider with webhooks has signed samples',
    'the suite accepts each, and refuses it once it is bent',
    () =>
      Object.entries(catalogue)
        .filter(([id, { webhooks }]) => webhooks && folders('events/providers').indexOf(id) < 0)
        .map(([id]) => `create events/providers/${id}/<what happened>.json`),
  );

  rule('samples belong to senders of webhooks', 'no strays', () =>
    folders('events/providers').filter((id) => !findWebhooks(id)),
  );
});

describe('operators and readers', () => {
  rule('every alarm has a runbook heading, and the reverse', 'nobody is woken without instructions', () => {
    const runbook = readFileSync(join(root, 'infra/runbook.md'), 'utf8');
    const headings = [...runbook.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading);
    const wanted: string[] = Object.values(register).map(({ heading }) => heading);
    return [
      ...wanted
        .filter((heading) => !headings.includes(heading))
        .map((heading) => `add "## ${heading}" to infra/runbook.md`),
      ...headings
        .filter((heading) => !wanted.includes(heading ?? ''))
        .map((heading) => `no alarm is called "${heading}"`),
    ];
  });

  rule('a file has at most 300 lines, provider data excepted', 'one idea, one file', () =>
    without(all, /^shared\/providers\/[^/]+\//)
      .map(({ file, text }) => ({ file, lines: text.trimEnd().split('\n').length }))
      .filter(({ lines }) => lines > 300)
      .map(({ file, lines }) => `split ${file}: ${lines} lines`),
  );

  rule('infra/hub-stack.ts has at most 80 lines', 'it is the table of contents', () =>
    readFileSync(join(root, 'infra/hub-stack.ts'), 'utf8').trimEnd().split('\n').length > 80
      ? ['infra/hub-stack.ts']
      : [],
  );

  rule('names are kebab-case, and index.ts stands only in provider folders', 'a name tells its contents', () =>
    [
      ...filesBelow('infra'),
      ...filesBelow('functions'),
      ...filesBelow('shared'),
      ...filesBelow('test'),
      ...filesBelow('events'),
    ]
      .filter(
        (file) =>
          !/^([a-z0-9.-]+\/)*[a-z0-9.-]+$/.test(file) ||
          (/\/index\.ts$/.test(file) && !file.startsWith('shared/providers/')),
      )
      .filter((file) => !/\.(png|snap)$/.test(file)),
  );

  rule('no file names a place of one machine', 'what is true here is not true elsewhere', () =>
    places(readSources('infra', 'functions', 'shared', 'test'), /['"`\s(](\/work|\/root|\/home|\/Users)\//),
  );

  rule('the top level holds what house style lists, and nothing else', 'who opens the folder sees the whole', () => {
    const ignored = readFileSync(join(root, '.gitignore'), 'utf8')
      .split('\n')
      .map((line) => line.replace(/\/$/, ''));
    const fixed = [
      ...['package.json', 'package-lock.json', 'tsconfig.json', 'cdk.json', 'biome.json', 'README.md', 'LICENSE'],
      ...['infra', 'functions', 'shared', 'test', 'events', '.gitignore', '.ci', '.git'],
    ];
    return [
      ...readdirSync(root)
        .filter((name) => !fixed.includes(name) && !ignored.includes(name))
        .map((name) => `${name} is one too many`),
      ...missing(
        fixed.filter((name) => name !== '.git'),
        'house style',
      ),
    ];
  });
});

function allowedFor(file: string): RegExp[] {
  const [, top = '', second = ''] = file.match(/^([^/]+)\/([^/]+)/) ?? [];
  const provider = file.match(/^shared\/providers\/([^/]+)\//)?.[1];
  const area =
    (provider && 'shared/providers/<id>') ||
    ['infra/local/demo', 'infra/local'].find((one) => file.startsWith(`${one}/`)) ||
    (top === 'infra' ? 'infra' : undefined) ||
    (`${top}/${second}` in may ? `${top}/${second}` : `${top}/<f>`);
  const feature = second as keyof typeof features;
  const reach = area.endsWith('<f>') || area === 'functions/console' ? [feature, ...(features[feature] ?? [])] : [];
  return (may[area] ?? [])
    .flatMap((pattern) => (pattern.includes('<f>') ? reach.map((one) => pattern.replace('<f>', one)) : [pattern]))
    .map((pattern) => pattern.replace('<id>', provider ?? ''))
    .map((pattern) => new RegExp(`^${pattern.replaceAll('.', '\\.').replaceAll('*', '[^/]+')}(/|$)`));
}

function folders(parent: string): string[] {
  if (!existsSync(join(root, parent))) return [];
  return readdirSync(join(root, parent), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
}

function functions() {
  return Object.entries<FeatureContract>(contracts).flatMap(([feature, contract]) =>
    Object.entries(contract).map(([verb, { entry }]) => ({ feature, verb, entry })),
  );
}

/** A test names the file, or the verb where it loads several by name. */
function isTested(feature: string, verb: string): boolean {
  const folder = `test/functions/${feature}`;
  if (!existsSync(join(root, folder))) return false;
  const names = [`functions/${feature}/${verb}.ts'`, `'${verb}'`, `'${feature}/${verb}'`];
  return readSources(folder).some(({ code }) => names.some((name) => code.includes(name)));
}
