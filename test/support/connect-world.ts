import { KMSClient } from '@aws-sdk/client-kms';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import { vi } from 'vitest';
import { fakeBus, fakeKms, fakeSecrets } from './aws-fakes.ts';
import { setEnv, startDynamo } from './dynamo.ts';
import { startProvider } from './provider.ts';

export const HUB = 'https://hub.example.com';
export const RETURN_URL = 'https://app.example.com/connected';

type Handler = (event: APIGatewayProxyEventV2, context: Context) => Promise<APIGatewayProxyStructuredResultV2>;

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly cookies: readonly string[];
  readonly body: string;
  readonly location: string;
}

interface Asked {
  readonly path: Record<string, string>;
  readonly method?: string;
  readonly query?: string;
  readonly headers?: Record<string, string>;
  readonly cookies?: string[];
  readonly body?: string;
  readonly principal?: Readonly<Record<string, string>>;
}

export const context = {
  awsRequestId: 'req-1',
  getRemainingTimeInMillis: () => 100_000,
} as unknown as Context;

export type ConnectWorld = Awaited<ReturnType<typeof startConnectWorld>>;

/** Returns the connect protocol as it is deployed: the exported handlers, on a real DynamoDB engine, before a provider
 *  that speaks OAuth. Tenants `acme` and `globex` exist. */
export async function startConnectWorld(owner: Record<string, unknown> = { name: 'Example App' }) {
  const [dynamo, provider] = await Promise.all([startDynamo(), startProvider()]);
  fakeKms();
  const secrets: Record<string, unknown> = {
    'patchbay/local/demo': app(provider.url, {
      'https://login.demo.invalid': '/login',
      'https://api.demo.invalid': '/api',
    }),
    'patchbay/local/github': app(provider.url, {
      'https://github.com': '/github',
      'https://api.github.com': '/github-api',
    }),
    'patchbay/local/slack': app(provider.url, { 'https://slack.com': '/slack' }),
  };
  fakeSecrets(secrets);
  const bus = fakeBus();
  setEnv({
    STAGE: 'local',
    PUBLIC_URL: HUB,
    OWNER: JSON.stringify(owner),
    TENANTS_TABLE: dynamo.tables.tenants,
    HYBRID_MODE: 'on',
    SESSIONS_TABLE: dynamo.tables.sessions,
    CONNECTIONS_TABLE: dynamo.tables.connections,
    TENANT_KEYS_TABLE: dynamo.tables['tenant-keys'],
    VAULT_KEY_ID: 'vault-key',
    PROVIDER_SECRETS: 'patchbay/local/',
    BUS_NAME: 'hub',
  });
  const load = async (verb: string) =>
    ((await import(`../../functions/connections/${verb}.ts`)) as { handler: Handler }).handler;
  const names = [
    ...(['create-session', 'open', 'start', 'callback', 'confirm', 'sweep'] as const),
    ...(['create', 'get', 'list', 'remove', 'refresh'] as const),
  ] as const;
  const loaded = await Promise.all(names.map(load));
  const handlers = Object.fromEntries(names.map((name, index) => [name, loaded[index]])) as Record<
    (typeof names)[number],
    Handler
  >;
  const { openTable } = await import('../../shared/core/aws.ts');
  const sessions = openTable(dynamo.tables.sessions);
  const connections = openTable(dynamo.tables.connections);
  for (const tenantId of ['acme', 'globex']) {
    await openTable(dynamo.tables.tenants).put({
      ...{ pk: tenantId, sk: 'profile', tenantId, name: `${tenantId} Ltd`, returnUrls: [RETURN_URL] },
      ...{ status: 'active', createdAtMs: 1, updatedAtMs: 1 },
    });
  }

  async function ask(verb: (typeof names)[number], asked: Asked): Promise<Reply> {
    const answer = await handlers[verb](eventOf(asked), context);
    const headers = Object.fromEntries(
      Object.entries(answer.headers ?? {}).map(([name, value]) => [name, String(value)]),
    );
    return {
      status: answer.statusCode ?? 0,
      headers,
      cookies: answer.cookies ?? [],
      body: answer.body ?? '',
      location: headers.location ?? '',
    };
  }

  const asTenant = (tenantId: string): Readonly<Record<string, string>> => ({ kind: 'tenant', tenantId });

  async function post(
    verb: 'create-session' | 'confirm' | 'create',
    path: Record<string, string>,
    body: unknown,
    principal: Readonly<Record<string, string>>,
  ) {
    const headers = { 'content-type': 'application/json' };
    const reply = await ask(verb, { path, method: 'POST', headers, body: JSON.stringify(body), principal });
    return { ...reply, json: JSON.parse(reply.body) };
  }

  return {
    ...{ dynamo, provider, secrets, events: bus.events, sessions, connections, ask },

    /** A session of the owner's backend: its id and link. */
    async session(wish: Record<string, unknown> = {}, tenant = 'acme'): Promise<{ id: string; link: string }> {
      const body = { provider: 'demo', endUser: 'ada@acme.example', returnUrl: RETURN_URL, ...wish };
      const { status, json, body: text } = await post('create-session', { tenant }, body, asTenant(tenant));
      if (status !== 201) throw new Error(text);
      return { id: json.id, link: json.url.slice(`${HUB}/connect/`.length) };
    },
    createSession: (body: unknown, tenant = 'acme') => post('create-session', { tenant }, body, asTenant(tenant)),
    confirm: (session: string, body: unknown, tenant = 'acme', principal = asTenant(tenant)) =>
      post('confirm', { tenant, session }, body, principal),
    create: (body: unknown, tenant = 'acme', principal = asTenant(tenant)) =>
      post('create', { tenant }, body, principal),
    async remove(connection: string, tenant = 'acme') {
      const reply = await ask('remove', {
        ...{ path: { tenant, connection }, method: 'DELETE', principal: asTenant(tenant) },
      });
      return { ...reply, json: JSON.parse(reply.body) };
    },
    /** The next request to KMS fails. */
    throttleKms() {
      const throttled = () => Promise.reject(new Error('throttled'));
      vi.spyOn(KMSClient.prototype, 'send').mockImplementationOnce(throttled as never);
    },
    sweep: () => handlers.sweep({} as APIGatewayProxyEventV2, context),
    tick: () => handlers.refresh({} as APIGatewayProxyEventV2, context),
    row: async (id: string) => (await sessions.get({ pk: `session#${id}` })) ?? {},

    /** A browser with its own cookies. */
    browser() {
      const jar = new Map<string, string>();
      const cookies = () => [...jar].map(([name, value]) => `${name}=${value}`);
      const keep = (reply: Reply) => {
        for (const line of reply.cookies) {
          const [name = '', value = ''] = (line.split(';')[0] ?? '').split('=');
          jar.set(name, value);
        }
        return reply;
      };
      return {
        jar,
        open: async (link: string) => keep(await ask('open', { path: { link }, cookies: cookies() })),
        async submit(link: string, page: Reply, action = 'continue', headers: Record<string, string> = {}) {
          const csrf = /name="csrf" value="([^"]+)"/.exec(page.body)?.[1] ?? '';
          return keep(
            await ask('start', {
              path: { link },
              method: 'POST',
              headers: { 'content-type': 'application/x-www-form-urlencoded', origin: 'null', ...headers },
              cookies: cookies(),
              body: new URLSearchParams({ csrf, action }).toString(),
            }),
          );
        },
        /** Opens the link and goes on; returns the provider's authorize URL. */
        async begin(link: string): Promise<string> {
          const started = await this.submit(link, await this.open(link));
          if (started.status !== 303) throw new Error(`start: ${started.status}`);
          return started.location;
        },
        back: async (query: string, providerId = 'demo', extra: string[] = []) =>
          keep(await ask('callback', { path: { provider: providerId }, query, cookies: [...cookies(), ...extra] })),
      };
    },

    issuer: `${provider.url}/login`,
    async stop() {
      await Promise.all([dynamo.stop(), provider.stop()]);
    },
  };
}

/** Returns the ticket of a redirect to the owner's app. */
export function ticketOf({ location }: Reply): string {
  return new URL(location).searchParams.get('ticket') ?? '';
}

export function errorOf({ location }: Reply): string | null {
  return new URL(location).searchParams.get('error');
}

function app(url: string, origins: Record<string, string>) {
  const placed = Object.fromEntries(Object.entries(origins).map(([from, path]) => [from, url + path]));
  return { clientId: 'client-1', clientSecret: 'secret-of-the-client', origins: placed };
}

function eventOf({ path, method = 'GET', query = '', headers = {}, cookies = [], body, principal }: Asked) {
  return {
    version: '2.0',
    rawPath: '/',
    rawQueryString: query,
    headers,
    cookies,
    pathParameters: path,
    isBase64Encoded: false,
    ...(body !== undefined && { body }),
    requestContext: { http: { method, path: '/' }, ...(principal && { authorizer: { lambda: principal } }) },
  } as unknown as APIGatewayProxyEventV2;
}
