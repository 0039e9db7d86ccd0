import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { account, type Identity, kinds, region } from './resources.ts';

export interface Resource<Properties = Readonly<Record<string, unknown>>> {
  readonly stack: string;
  readonly id: string;
  readonly type: string;
  /** The physical name. */
  readonly name: string;
  readonly ref: string;
  /** The `Arn` attribute; empty where the type has none. */
  readonly arn: string;
  readonly properties: Properties;
}

export interface Template {
  readonly resources: readonly Resource[];
  all<Properties = Resource['properties']>(type: string): readonly Resource<Properties>[];
  /** The folder of a function's code, by its `Code.S3Key`. */
  asset(s3Key: string): string;
}

interface RawResource {
  readonly Type: string;
  readonly Condition?: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
}

export interface RawStack {
  readonly name: string;
  readonly Resources: Readonly<Record<string, RawResource>>;
  readonly Conditions?: Readonly<Record<string, unknown>>;
  readonly Parameters?: Readonly<Record<string, { readonly Default?: string }>>;
  readonly Outputs?: Readonly<
    Record<string, { readonly Value: unknown; readonly Export?: { readonly Name: unknown } }>
  >;
}

interface Artifact {
  readonly type: string;
  readonly properties?: { readonly templateFile?: string; readonly stackName?: string; readonly file?: string };
}

interface AssetManifest {
  readonly files: Readonly<Record<string, { readonly source: { readonly path?: string } }>>;
}

export interface Assembly {
  readonly outdir: string;
  /** The public address it was synthesized for, where that is not yet the real one. */
  readonly madeFor?: string;
}

/** Returns every resource of a cloud assembly with its intrinsics resolved for this computer.
 *  Throws one line naming stack, resource and what is not known here. */
export function readTemplate(assembly: Assembly, awsUrl: string, publicUrl: string): Template {
  const outdir = resolve(assembly.outdir);
  const read = (file: string) => {
    const text = readFileSync(join(outdir, file), 'utf8');
    return JSON.parse(assembly.madeFor ? text.replaceAll(assembly.madeFor, publicUrl) : text);
  };
  const manifest: { artifacts: Record<string, Artifact> } = read('manifest.json');
  const stacks: RawStack[] = [];
  const assets = new Map<string, string>();
  for (const [id, { type, properties = {} }] of Object.entries(manifest.artifacts)) {
    if (type === 'aws:cloudformation:stack' && properties.templateFile) {
      stacks.push({ ...read(properties.templateFile), name: properties.stackName ?? id });
    }
    if (type === 'cdk:asset-manifest' && properties.file) {
      const { files }: AssetManifest = read(properties.file);
      for (const [hash, { source }] of Object.entries(files)) {
        if (source.path) assets.set(`${hash}.zip`, resolve(outdir, source.path));
      }
    }
  }
  const resources = resolveStacks(stacks, awsUrl);
  return {
    resources,
    all: <Properties>(type: string) => resources.filter((one) => one.type === type) as Resource<Properties>[],
    asset(s3Key) {
      const folder = assets.get(s3Key);
      if (!folder) throw new Error(`The assembly in ${outdir} has no asset ${s3Key}`);
      return folder;
    },
  };
}

/** Returns the resources of plain templates, resolved against each other. */
export function resolveStacks(stacks: readonly RawStack[], awsUrl: string): readonly Resource[] {
  return stacks.flatMap((stack) => {
    const scope = openScope(stack, stacks, awsUrl);
    return Object.keys(stack.Resources)
      .filter((id) => scope.exists(id))
      .map((id) => scope.resource(id));
  });
}

function openScope(stack: RawStack, stacks: readonly RawStack[], awsUrl: string) {
  const pseudo: Readonly<Record<string, string | undefined>> = {
    'AWS::AccountId': account,
    'AWS::Region': region,
    'AWS::Partition': 'aws',
    'AWS::URLSuffix': 'amazonaws.com',
    'AWS::StackName': stack.name,
    'AWS::StackId': `arn:aws:cloudformation:${region}:${account}:stack/${stack.name}/local`,
    'AWS::NoValue': undefined,
  };
  const refuse = (what: string): Error => new Error(`${stack.name}: ${what} is not known on this computer`);

  function raw(id: string): RawResource {
    const found = stack.Resources[id];
    if (!found) throw new Error(`${stack.name}: there is no resource ${id}`);
    return found;
  }

  function kindOf(id: string) {
    const { Type, Properties = {} } = raw(id);
    const kind = kinds.get(Type);
    if (!kind) throw refuse(`resource ${id} of type ${Type}`);
    const known = kind.properties.split(' ');
    const odd = kind.properties !== '*' && Object.keys(Properties).find((key) => !known.includes(key));
    if (odd) throw refuse(`property ${odd} of resource ${id} (${Type})`);
    return kind;
  }

  function identify(id: string): Identity {
    const { named } = kindOf(id);
    const given = named && value(raw(id).Properties?.[named]);
    const invented = `${stack.name}-${id}`;
    const name = given ?? (raw(id).Type === 'AWS::S3::Bucket' ? invented.toLowerCase() : invented);
    return { stack: stack.name, id, name: String(name), awsUrl };
  }

  function exists(id: string): boolean {
    const { Condition } = raw(id);
    return Condition === undefined || condition(Condition);
  }

  function condition(name: string): boolean {
    const rule = stack.Conditions?.[name];
    if (rule === undefined) throw refuse(`condition ${name}`);
    return value(rule) === true;
  }

  function ref(name: string): unknown {
    if (Object.hasOwn(pseudo, name)) return pseudo[name];
    if (stack.Resources[name]) return (kindOf(name).ref ?? ((of) => of.name))(identify(name));
    const parameter = stack.Parameters?.[name];
    if (parameter?.Default === undefined) throw refuse(`reference ${name}`);
    return parameter.Default;
  }

  function attribute(id: string, name: string): string {
    const read = kindOf(id).attributes?.[name];
    if (!read) throw refuse(`attribute ${name} of resource ${id} (${raw(id).Type})`);
    return read(identify(id));
  }

  function output(matches: (stack: RawStack, id: string, exported: unknown) => boolean, wanted: string): unknown {
    for (const other of stacks) {
      const scope = other === stack ? { value } : openScope(other, stacks, awsUrl);
      for (const [id, { Value, Export }] of Object.entries(other.Outputs ?? {})) {
        if (matches(other, id, Export && scope.value(Export.Name))) return scope.value(Value);
      }
    }
    throw new Error(`${stack.name}: no stack exports ${wanted}`);
  }

  function substitute(text: string, given: Readonly<Record<string, unknown>>): string {
    return text.replace(/\$\{(!?)([^}]+)\}/g, (_, literal: string, name: string) => {
      if (literal) return `\${${name}}`;
      if (Object.hasOwn(given, name)) return String(given[name]);
      const [id = '', ...rest] = name.split('.');
      return String(rest.length > 0 ? attribute(id, rest.join('.')) : ref(name));
    });
  }

  const intrinsics: Readonly<Record<string, (argument: unknown) => unknown>> = {
    Ref: (argument) => ref(String(argument)),
    Condition: (argument) => condition(String(argument)),
    'Fn::GetAtt': (argument) => {
      const [id = '', ...rest] = typeof argument === 'string' ? argument.split('.') : list(argument).map(String);
      return attribute(id, rest.join('.'));
    },
    'Fn::Join': (argument) => {
      const [separator, parts] = list(argument);
      return list(value(parts)).join(String(separator));
    },
    'Fn::Sub': (argument) => {
      const [text, given = {}] = typeof argument === 'string' ? [argument] : list(argument);
      return substitute(String(text), value(given) as Record<string, unknown>);
    },
    'Fn::Select': (argument) => {
      const [index, parts] = list(argument);
      return list(value(parts))[Number(value(index))];
    },
    'Fn::Split': (argument) => {
      const [separator, text] = list(argument);
      return String(value(text)).split(String(separator));
    },
    'Fn::If': (argument) => {
      const [name, yes, no] = list(argument);
      return value(condition(String(name)) ? yes : no);
    },
    'Fn::Equals': (argument) => {
      const [left, right] = list(value(argument));
      return left === right;
    },
    'Fn::And': (argument) => list(value(argument)).every((one) => one === true),
    'Fn::Or': (argument) => list(value(argument)).some((one) => one === true),
    'Fn::Not': (argument) => list(value(argument))[0] !== true,
    'Fn::ImportValue': (argument) => {
      const name = value(argument);
      return output((_stack, _id, exported) => exported === name, `the value ${name}`);
    },
    'Fn::GetStackOutput': (argument) => {
      const { StackName, OutputName } = value(argument) as Record<string, unknown>;
      return output((other, id) => other.name === StackName && id === OutputName, `${OutputName} as ${StackName}`);
    },
  };

  function value(node: unknown): unknown {
    if (Array.isArray(node)) return node.map(value).filter((one) => one !== undefined);
    if (typeof node !== 'object' || node === null) return node;
    const entries = Object.entries(node);
    const [key, argument] = entries[0] ?? [];
    if (entries.length === 1 && key && (key.startsWith('Fn::') || key === 'Ref' || key === 'Condition')) {
      // A policy statement may hold nothing but a Condition block; only a name is an intrinsic.
      if (key === 'Condition' && typeof argument !== 'string') return { Condition: value(argument) };
      const intrinsic = intrinsics[key];
      if (!intrinsic) throw refuse(`the intrinsic function ${key}`);
      return intrinsic(argument);
    }
    const resolved = entries.map(([name, inner]) => [name, value(inner)] as const);
    return Object.fromEntries(resolved.filter(([, inner]) => inner !== undefined));
  }

  function resource(id: string): Resource {
    const { Type, Properties = {} } = raw(id);
    const kind = kindOf(id);
    const identity = identify(id);
    const properties = kind.properties === '*' ? {} : (value(Properties) as Readonly<Record<string, unknown>>);
    const ownArn = kind.attributes?.Arn?.(identity) ?? '';
    return { stack: stack.name, id, type: Type, name: identity.name, ref: String(ref(id)), arn: ownArn, properties };
  }

  return { value, exists, resource };
}

function list(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new Error(`A list was expected in the template, got ${JSON.stringify(value)}`);
  return value;
}
