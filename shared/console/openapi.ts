import * as z from 'zod';
import type { Described } from '../core/answers.ts';
import type { Access, Entry, FeatureContract, HttpEntry } from '../core/contract.ts';
import { type HubErrorCode, outcomes } from '../core/errors.ts';

/** One feature as the description needs it. */
export interface DescribedFeature {
  readonly name: string;
  readonly about: string;
  readonly contract: FeatureContract;
  readonly answers: Readonly<Record<string, Described>>;
}

export type Schema = Readonly<Record<string, unknown>>;
type Content = Readonly<Record<string, { readonly schema: Schema; readonly example?: unknown }>>;

export interface Response {
  readonly description: string;
  readonly content?: Content;
}

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required: boolean;
  readonly description?: string;
  readonly schema: Schema;
}

export interface Operation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly description: string;
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
  readonly parameters: readonly Parameter[];
  readonly requestBody?: { readonly required: true; readonly content: Content };
  readonly responses: Readonly<Record<string, Response>>;
}

export type OpenApi = ReturnType<typeof describeApi>;

type ApiEntry = HttpEntry & { readonly access: Exclude<Access, 'session'> };

const callers = {
  public: 'Needs no key.',
  operator: 'Needs the operator key.',
  tenant: "Needs the operator key or a key of the path's tenant; to another tenant's key it answers 404.",
  key: 'Needs any key of this hub.',
} as const satisfies Readonly<Record<ApiEntry['access'], string>>;

/** Returns the OpenAPI 3.1 description of every route, made from the schemas that check what comes in. */
export function describeApi(
  features: readonly DescribedFeature[],
  { version, publicUrl }: { readonly version: string; readonly publicUrl: string },
) {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Patchbay',
      version,
      description:
        'Connect the accounts of your customers (tenants), take in their webhooks, call their providers, keep a live copy ' +
        'of their objects. Ids are opaque; times are ISO 8601 in UTC; lists answer `{items, cursor?}`.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: publicUrl.replace(/\/+$/, '') }],
    tags: features.map(({ name, about }) => ({ name, description: about })),
    paths: pathsOf(features),
    components: {
      securitySchemes: {
        key: { type: 'http', scheme: 'bearer', description: '`Authorization: Bearer pb_<stage>_<keyId>_<secret>`' },
      },
      schemas: { Problem: problem },
    },
  };
}

/** RFC 9457 problem details, as every refusal has them. */
const problem: Schema = {
  type: 'object',
  required: ['type', 'title', 'status', 'code', 'detail', 'requestId'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    code: { type: 'string', enum: [...Object.keys(outcomes), 'internal'], description: 'what a program may rely on' },
    detail: { type: 'string', description: 'what was wrong, and what to do' },
    requestId: { type: 'string', description: 'the log has it too' },
  },
};

function pathsOf(features: readonly DescribedFeature[]) {
  const paths: Record<string, Record<string, Operation>> = {};
  for (const feature of features) {
    for (const [verb, { entry }] of Object.entries(feature.contract)) {
      if (!isOfApi(entry)) continue;
      for (const route of entry.routes) {
        const [method = '', path = ''] = route.split(' ');
        paths[path] ??= {};
        paths[path][method.toLowerCase()] = operationOf(feature, verb, entry, route);
      }
    }
  }
  return paths;
}

/** The console is for people: no program is told of it; nor of what answers where nothing is. */
function isOfApi(entry: Entry): entry is ApiEntry {
  return entry.kind === 'http' && entry.access !== 'session' && !entry.routes.includes('$default');
}

function operationOf(
  { name, answers }: DescribedFeature,
  verb: string,
  entry: ApiEntry,
  route: HttpEntry['routes'][number],
): Operation {
  const described = answers[verb] ?? {};
  const turn = entry.routes.indexOf(route);
  return {
    operationId: `${name}-${verb}${turn > 0 ? `-${turn + 1}` : ''}`,
    tags: [name],
    summary: entry.summary,
    description: callers[entry.access],
    security: entry.access === 'public' ? [] : [{ key: [] }],
    parameters: parametersOf(entry, described, route),
    ...(entry.body && {
      requestBody: { required: true, content: json(schemaOf(entry.body, 'input'), described.body) },
    }),
    responses: { ...goodAnswers(entry, described), ...refusalsOf(entry, described) },
  };
}

function parametersOf(entry: HttpEntry, { headers = {} }: Described, route: string): Parameter[] {
  const inPath = fields(entry.path).filter(({ name }) => route.includes(`{${name}}`));
  return [
    ...inPath.map(({ name, schema }) => ({ name, in: 'path' as const, required: true, schema })),
    ...fields(entry.query).map(({ name, schema, required }) => ({ name, in: 'query' as const, required, schema })),
    ...Object.entries(headers).map(([name, description]) => ({
      ...{ name, in: 'header' as const, required: false, description, schema: { type: 'string' } },
    })),
  ];
}

function fields(schema: z.ZodType | undefined) {
  if (!schema) return [];
  const { properties = {}, required = [] } = schemaOf(schema, 'input') as {
    readonly properties?: Readonly<Record<string, Schema>>;
    readonly required?: readonly string[];
  };
  return Object.entries(properties).map(([name, property]) => ({
    name,
    schema: property,
    required: required.includes(name),
  }));
}

function goodAnswers({ status = 200 }: HttpEntry, { answer, example, also = {} }: Described): Record<string, Response> {
  const others = Object.entries(also).map(([code, description]) => [code, { description }]);
  const good: Response =
    answer === 'page'
      ? { description: 'A page', content: { 'text/html': { schema: { type: 'string' } } } }
      : {
          description: answer ? 'Done' : 'Done; no body',
          ...(answer && { content: json(schemaOf(answer, 'output'), example) }),
        };
  return { [status]: good, ...Object.fromEntries(others) };
}

/** Every route may be throttled, and may fail; the rest follows from what it takes. */
function refusalsOf(entry: HttpEntry, { answer, refusals = [] }: Described): Record<string, Response> {
  const codes = new Set<HubErrorCode>([
    ...(entry.access === 'public' ? [] : (['unauthenticated'] as const)),
    ...(entry.access === 'operator' ? (['forbidden'] as const) : []),
    ...(entry.path ? (['not_found'] as const) : []),
    ...(entry.query || entry.body ? (['invalid_request'] as const) : []),
    ...(entry.body ? (['payload_too_large', 'unsupported_media_type'] as const) : []),
    'rate_limited',
    'unavailable',
    ...refusals,
  ]);
  const byStatus = Map.groupBy(codes, (code) => outcomes[code].status);
  const type = answer === 'page' ? 'text/html' : 'application/problem+json';
  const schema = answer === 'page' ? { type: 'string' } : { $ref: '#/components/schemas/Problem' };
  const said = [...byStatus].map(([status, those]) => [
    status,
    {
      description: those.map((code) => `\`${code}\`: ${outcomes[code].title}`).join('\n\n'),
      content: { [type]: { schema } },
    },
  ]);
  const broken = { description: '`internal`: Something broke in the hub', content: { [type]: { schema } } };
  return { ...Object.fromEntries(said), 500: broken };
}

function json(schema: Schema, example: unknown): Content {
  return { 'application/json': { schema, ...(example !== undefined && { example }) } };
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Schema {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return rest;
}
