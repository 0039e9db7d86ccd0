import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Context } from 'aws-lambda';
import { releasePorts } from '../../shared/connections/connect-ports.ts';
import { activated, type Connection, nextGeneration } from '../../shared/connections/connection.ts';
import { sealGrant } from '../../shared/connections/grant.ts';
import { openTable } from '../../shared/core/aws.ts';
import { realMoment } from '../../shared/core/clock.ts';
import { type ConnectionId, TenantId } from '../../shared/core/ids.ts';
import { Secret } from '../../shared/core/secret.ts';
import { fakeBus, fakeKms, fakeSecrets } from './aws-fakes.ts';
import { setEnv, startDynamo } from './dynamo.ts';

const HOUR_S = 3_600;
const demo: ConnectionId = { provider: 'demo', name: 'default' };

/** What the provider says to one request. */
export type Said = { readonly status: number; readonly json?: unknown };

export type CredentialWorld = Awaited<ReturnType<typeof startCredentialWorld>>;

/** Returns connections as they are deployed: real tables, the exported handlers, a provider on this computer that is asked
 *  over HTTP. Every token is a new one, so that none can be mistaken for another. */
export async function startCredentialWorld() {
  const dynamo = await startDynamo();
  const kms = fakeKms();
  const bus = fakeBus();
  const heard: string[] = [];
  let issued = 0;
  const world = {
    /** Answers each request to the provider; may take its time. */
    provider: (path: string): Said | Promise<Said> =>
      path === '/token' ? { status: 200, json: tokens() } : { status: 200 },
  };

  async function serve(request: IncomingMessage, response: ServerResponse) {
    let body = '';
    for await (const chunk of request) body += chunk;
    heard.push(`${request.url} ${body}`);
    const { status, json = {} } = await world.provider(request.url ?? '');
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(json));
  }
  const server = createServer(serve).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const origins = { 'https://login.demo.invalid': origin, 'https://api.demo.invalid': origin };
  fakeSecrets({ 'patchbay/local/demo': { clientId: 'client', clientSecret: 'made-up-client-secret', origins } });

  const env = {
    ...{
      STAGE: 'local',
      VAULT_KEY_ID: 'key',
      PROVIDER_SECRETS: 'patchbay/local/',
      BUS_NAME: 'bus',
      TOKEN_EXPORT: 'on',
      HYBRID_MODE: 'on',
    },
    ...{ CONNECTIONS_TABLE: dynamo.tables.connections, TENANT_KEYS_TABLE: dynamo.tables['tenant-keys'] },
    ...{ TENANTS_TABLE: dynamo.tables.tenants, SESSIONS_TABLE: dynamo.tables.sessions },
  };
  setEnv(env);
  const ports = releasePorts(env);
  const context = { awsRequestId: 'request-1', getRemainingTimeInMillis: () => 280_000 } as Context;

  /** A connection to the demo provider, written as a confirmed session writes it. */
  async function connect(tenant: string, id = demo, expiresInS = HOUR_S): Promise<Connection> {
    const tenantId = TenantId.parse(tenant);
    const rows = ports.store.forTenant(tenantId);
    const previous = await rows.get(id);
    const generation = nextGeneration(previous, Date.now());
    const { access_token, refresh_token } = tokens();
    const grant = { accessToken: new Secret(access_token), refreshToken: new Secret(refresh_token) };
    const sealed = await sealGrant(ports.vault, tenantId, id, generation, grant);
    const about = { tenantId, id, account: { id: 'account', name: 'Account' }, sourceSession: 'cs_1' };
    const row = activated(about, { generation, sealed, scopes: ['contacts'], expiresInS }, previous, realMoment);
    await rows.save(row, previous);
    return row;
  }

  function tokens() {
    issued += 1;
    const life = { token_type: 'bearer', expires_in: HOUR_S };
    return { access_token: `access-${issued}`, refresh_token: `refresh-${issued}`, ...life };
  }

  return Object.assign(world, {
    ...{ dynamo, kms, heard, ports, connect },
    events: bus.events,
    bus: bus.mock,
    keyRows: openTable(dynamo.tables['tenant-keys']),
    rows: openTable(dynamo.tables.connections),
    tenants: openTable(dynamo.tables.tenants),

    /** Calls a function's exported handler, such as `connections/rotate`. */
    async run<T = Record<string, unknown>>(name: `${string}/${string}`, event: unknown): Promise<T> {
      const [feature, verb] = name.split('/');
      const { handler } = (await import(`../../functions/${feature}/${verb}.ts`)) as {
        handler: (event: unknown, context: Context) => Promise<T>;
      };
      return handler(event, context);
    },

    /** The data keys of a tenant, oldest first. */
    async keysOf(tenant: string) {
      const { items } = await openTable(dynamo.tables['tenant-keys']).query({
        where: 'pk = :tenant',
        values: { ':tenant': tenant },
      });
      return items.filter(({ wrapped }) => wrapped !== undefined);
    },

    async stop() {
      server.closeAllConnections();
      server.close();
      await dynamo.stop();
    },
  });
}
