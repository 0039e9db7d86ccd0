import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import type { OpenApi, Operation, Schema } from '../../shared/console/openapi.ts';
import { openScene, RETURN_URL, type Scene, type Tenant } from './scene.ts';

// Driven by the description that the hub itself serves: what it says of a route is asked of the running route, and every
// answer must be one that it says. A new route is tested as soon as its contract stands.

interface Case {
  readonly route: string;
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
}
interface Heard {
  readonly status: number;
  readonly type: string;
  readonly body: unknown;
}

let scene: Scene;
let acme: Tenant;
let globex: Tenant;
let api: OpenApi;
/** What stands for a placeholder. */
let known: Readonly<Record<string, string>>;
const faults: string[] = [];

beforeAll(async () => {
  scene = await openScene();
  [acme, globex] = [await scene.tenant('acme'), await scene.tenant('globex')];
  await scene.connect(acme);
  const call = await scene.ask(`POST ${acme.path}/connections/demo/calls`, {
    key: acme.key,
    body: { request: { method: 'GET', path: '/me' } },
  });
  const session = await scene.beginSession(acme);
  const subscription = await scene.ask('POST /v1/subscriptions', {
    key: scene.hub.operatorKey,
    body: { url: RETURN_URL, types: ['*'] },
  });
  const endpoint = await scene.ask(`POST ${acme.path}/webhook-endpoints`, {
    key: acme.key,
    body: { provider: 'github' },
  });
  const replay = await scene.ask(`POST ${acme.path}/events/replay`, { key: acme.key, body: {} });
  const issued = await scene.ask(`POST ${acme.path}/keys`, { key: scene.hub.operatorKey, body: {} });
  api = (await (await fetch(`${scene.hub.url}/openapi.json`)).json()) as OpenApi;
  known = {
    ...{ tenant: 'acme', provider: 'demo', connection: 'demo', sync: 'contacts', model: 'contacts' },
    ...{
      key: issued.body.id,
      call: call.body.id,
      session: session.body.id,
      subscription: subscription.body.id,
      endpoint: endpoint.body.id,
      replay: replay.body.id,
      link: session.body.url.split('/').at(-1) ?? '',
    },
  };
}, 60_000);
afterAll(() => scene?.stop());

const cases = (): Case[] =>
  Object.entries(api.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([verb, operation]) => {
      const method = verb.toUpperCase();
      return { route: `${method} ${path}`, method, path, operation };
    }),
  );
const guarded = () => cases().filter(({ operation }) => operation.security.length > 0);
const withBody = () => cases().filter(({ operation }) => operation.requestBody);
const bodyOf = ({ operation }: Case) => operation.requestBody?.content['application/json'];

/** Returns the path with every placeholder filled. */
function fill(path: string, ids: Readonly<Record<string, string>> = known): string {
  return path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(ids[name] ?? `no-such-${name}`));
}

async function send(
  { method, path }: Pick<Case, 'method' | 'path'>,
  { key, body, type = 'application/json' }: { key?: string; body?: unknown; type?: string } = {},
): Promise<Heard> {
  const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
  const response = await fetch(scene.hub.url + path, {
    method,
    redirect: 'manual',
    headers: { ...(key && { authorization: `Bearer ${key}` }), ...(text !== undefined && { 'content-type': type }) },
    body: text,
  });
  const said = await response.text();
  const contentType = response.headers.get('content-type')?.split(';')[0] ?? '';
  return { status: response.status, type: contentType, body: contentType.endsWith('json') ? JSON.parse(said) : said };
}

/** Notes what the description does not say of an answer. */
async function ask(one: Case, what: string, options: Parameters<typeof send>[1] & { readonly path?: string } = {}) {
  const heard = await send({ method: one.method, path: options.path ?? fill(one.path) }, options);
  const says = one.operation.responses[heard.status];
  const complain = (text: string) => faults.push(`${one.route} (${what}): ${text}`);
  if (heard.status >= 500) complain(`answers ${heard.status} ${JSON.stringify(heard.body)}`);
  if (!says) complain(`answers ${heard.status}, which is not described`);
  const content = says?.content?.[heard.type];
  if (says?.content && !content && heard.body !== '') complain(`answers ${heard.status} as ${heard.type}`);
  const schema = content?.schema.$ref ? api.components.schemas.Problem : content?.schema;
  if (schema && heard.type.endsWith('json')) {
    const judged = z.fromJSONSchema(schema as Schema & { $schema?: never }).safeParse(heard.body);
    if (!judged.success) complain(`its ${heard.status} does not fit: ${z.prettifyError(judged.error)}`);
  }
  return heard;
}

const codeOf = ({ body }: Heard) => (body as { code?: string }).code;

/** A value of another type than the schema's. */
function wrong(schema: Schema): unknown {
  return schema.type === 'string' || schema.anyOf || schema.type === undefined ? { not: 'this' } : 'not this';
}

describe('every route that needs a key', () => {
  test('is 401 without one, with a wrong one, and with one of another scheme', async () => {
    for (const one of guarded()) {
      for (const key of [undefined, 'pb_local_nobody_made-up', `${acme.key}x`]) {
        const { status } = await ask(one, 'no key', { key, body: bodyOf(one)?.example });
        if (status !== 401) faults.push(`${one.route}: ${status} instead of 401`);
      }
    }
    expect(faults.splice(0)).toEqual([]);
  });

  test("of a tenant answers another tenant's key as if nothing were there, whatever it is asked for (A-52)", async () => {
    const mine = guarded().filter(({ path }) => path.startsWith('/v1/tenants/{tenant}'));
    const strange = Object.fromEntries(Object.keys(known).map((name) => [name, `no-such-${name}`]));
    for (const one of mine) {
      const body = bodyOf(one)?.example;
      const operators = one.operation.responses['403'] !== undefined && !one.operation.description.includes('tenant');
      const foreign = await ask(one, 'foreign', { key: globex.key, body });
      const missing = await ask(one, 'missing', {
        key: globex.key,
        body,
        path: fill(one.path, { ...strange, tenant: 'nobody' }),
      });
      const told = ({ status, type, body: said }: Heard) => ({
        ...{ status, type, said: { ...(said as object), requestId: '' } },
      });
      if (JSON.stringify(told(foreign)) !== JSON.stringify(told(missing))) {
        faults.push(`${one.route}: ${JSON.stringify(told(foreign))} is not ${JSON.stringify(told(missing))}`);
      }
      const expected = operators ? 403 : 404;
      if (foreign.status !== expected) faults.push(`${one.route}: ${foreign.status} instead of ${expected}`);
    }
    expect(mine.length).toBeGreaterThan(20);
    expect(faults.splice(0)).toEqual([]);
  });

  test('of the operator refuses a tenant with 403', async () => {
    for (const one of guarded().filter(({ operation }) => operation.description.includes('the operator key.'))) {
      const { status } = await ask(one, 'tenant key', { key: acme.key, body: bodyOf(one)?.example });
      if (status !== 403) faults.push(`${one.route}: ${status} instead of 403`);
    }
    expect(faults.splice(0)).toEqual([]);
  });
});

describe('every route that takes a body', () => {
  const key = () => scene.hub.operatorKey;

  test('refuses fields that it does not know (A-54), each with its name', async () => {
    for (const one of withBody()) {
      const body = { ...(bodyOf(one)?.example as object), tenantId: 'globex' };
      const heard = await ask(one, 'surplus field', { key: key(), body });
      if (heard.status !== 400 || !JSON.stringify(heard.body).includes('tenantId')) {
        faults.push(`${one.route}: ${heard.status} ${JSON.stringify(heard.body)}`);
      }
    }
    expect(faults.splice(0)).toEqual([]);
  });

  test('refuses wrong types, what is no JSON, other content types and a megabyte too much', async () => {
    for (const one of withBody()) {
      const { schema, example } = bodyOf(one) ?? {};
      const properties = Object.entries((schema?.properties ?? {}) as Record<string, Schema>);
      for (const [name, property] of properties) {
        if (Object.keys(property).every((word) => word === 'description')) continue; // anything at all may stand there
        const body = { ...(example as object), [name]: wrong(property) };
        const heard = await ask(one, `wrong ${name}`, { key: key(), body });
        if (heard.status !== 400) faults.push(`${one.route}: ${heard.status} for a wrong ${name}`);
      }
      const expected = [
        [400, { body: '{"half":' }],
        [400, { body: '[]' }],
        [400, { body: '"text"' }],
        [415, { body: 'a=b', type: 'application/x-www-form-urlencoded' }],
        [413, { body: JSON.stringify({ filler: 'x'.repeat(1_100_000) }) }],
      ] as const;
      for (const [status, options] of expected) {
        const heard = await ask(one, `${status}`, { key: key(), ...options });
        if (heard.status !== status) faults.push(`${one.route}: ${heard.status} instead of ${status}`);
      }
    }
    expect(faults.splice(0)).toEqual([]);
  });
});

describe('every list', () => {
  test('takes 1 to 100 a page and its own cursors alone, and no parameter that it does not know', async () => {
    const lists = cases().filter(({ operation }) => operation.parameters.some(({ name }) => name === 'cursor'));
    expect(lists.length).toBeGreaterThanOrEqual(5);
    for (const one of lists) {
      for (const query of ['limit=0', 'limit=101', 'limit=many', 'limit=1&limit=2', 'cursor=made-up', 'surprise=1']) {
        const path = `${fill(one.path)}?${query}`;
        const { status } = await ask(one, query, { key: scene.hub.operatorKey, path });
        if (status !== 400) faults.push(`${one.route}: ${status} for ${query}`);
      }
    }
    expect(faults.splice(0)).toEqual([]);
  });
});

describe('every route', () => {
  test('answers what does not exist with 404, and never breaks', async () => {
    const strange = ['no-such-thing', '..%2f..%2fsecrets', '%00', 'é', "x' or '1'='1", 'a'.repeat(500)];
    for (const one of cases().filter(({ path, operation }) => path.includes('{') && operation.security.length > 0)) {
      for (const id of strange) {
        const path = one.path.replace(/\{(\w+)\}/g, (_, name: string) =>
          name === 'tenant' ? 'acme' : encodeURIComponent(id),
        );
        if (path === one.path.replace('{tenant}', 'acme') && one.method === 'DELETE') continue; // that is acme itself
        await ask(one, id, { key: scene.hub.operatorKey, path, body: bodyOf(one)?.example });
      }
    }
    expect(faults.splice(0)).toEqual([]);
  });

  test('does what its example asks, with the answer it describes', async () => {
    const key = scene.hub.operatorKey;
    const done: string[] = [];
    const instead: Readonly<Record<string, unknown>> = {
      'POST /v1/tenants': { name: 'Another' },
      'POST /v1/subscriptions': { url: RETURN_URL, types: ['*'] }, // its example is no place of this computer
      'POST /v1/tenants/{tenant}/connect-sessions': {
        ...{ provider: 'demo', endUser: 'ada@acme.example', returnUrl: RETURN_URL },
      },
      'POST /v1/tenants/{tenant}/connections/{connection}/calls': { request: { method: 'GET', path: '/me' } },
    };
    // What is deleted goes last, what holds it after it.
    const [deletes = [], others = []] = [true, false].map((last) =>
      cases().filter(({ method }) => (method === 'DELETE') === last),
    );
    for (const one of [...others, ...deletes.sort((a, b) => b.path.length - a.path.length)]) {
      const heard = await ask(one, 'example', { key, body: instead[one.route] ?? bodyOf(one)?.example });
      if (heard.status < 400) done.push(one.route);
      else if (codeOf(heard) === undefined && heard.type !== 'text/html') faults.push(`${one.route}: no code`);
    }
    expect(faults.splice(0)).toEqual([]);
    expect(cases().flatMap(({ route }) => (done.includes(route) ? [] : [route]))).toEqual(notByExample);
  });
});

/** What a sample request cannot do: each needs something that only a person, a provider or time can bring. */
const notByExample: readonly string[] = [
  'POST /connect/{link}/start', // a form of the page before it, in the same browser
  'GET /oauth/{provider}/callback', // a state that the provider was sent
  'POST /v1/tenants/{tenant}/connect-sessions/{session}/confirm', // the ticket that the browser brought back
  'POST /v1/tenants/{tenant}/connections', // a credential that works
  'POST /v1/tenants/{tenant}/calls/{call}/retry', // a call that failed
  'POST /v1/tenants/{tenant}/calls/{call}/cancel', // a call that waits
  'POST /webhooks/{provider}', // the provider's signature
  'GET /webhooks/{provider}', // a handshake of one that has them
  'POST /webhooks/{provider}/{endpoint}', // the sender's signature
  'GET /webhooks/{provider}/{endpoint}', // a handshake
];
