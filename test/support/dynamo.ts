import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { CreateTableCommand, type CreateTableCommandInput, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { callLine, dueCall } from '../../shared/calls/contract.ts';
import { eventLine } from '../../shared/webhooks/contract.ts';

// A real DynamoDB engine for tests, in memory, with the template's keys and indexes. Start it in `beforeAll`, before the
// handlers are imported: they read their settings and open their tables as they load.
//
//   const dynamo = await startDynamo();
//   setEnv({ SESSIONS_TABLE: dynamo.tables.sessions });
//   const { handler } = await import('…/functions/connections/open.ts');
//   afterAll(() => dynamo.stop());

/** Its keys, and what it holds beside them where that is not all of the row. */
type Index = readonly [string, string, (readonly string[])?];

const schemas = {
  tenants: { sort: true },
  'tenant-keys': { sort: true },
  connections: { sort: true, indexes: { 'by-account': ['accountKey', 'pk'], 'by-due': ['dueShard', 'dueAt'] } },
  sessions: {
    sort: false,
    indexes: { 'by-due': ['dueShard', 'dueAt'], 'by-tenant': ['tenantId', 'createdAtMs', ['id']] },
  },
  inbox: { sort: true, indexes: { 'by-time': ['pk', 'receivedAt', eventLine] } },
  endpoints: { sort: true, indexes: { 'by-endpoint': ['endpoint', 'pk'], 'by-due': ['dueShard', 'dueAt'] } },
  calls: {
    sort: true,
    indexes: { 'by-time': ['pk', 'createdAt', callLine], 'by-due': ['dueShard', 'dueAt', dueCall] },
  },
  limits: { sort: false },
  syncs: { sort: true, indexes: { 'by-due': ['dueShard', 'dueAt'] } },
  records: { sort: true },
  activity: { sort: true },
  deliveries: { sort: true, indexes: { 'by-time': ['pk', 'createdAt'], 'by-due': ['dueShard', 'dueAt'] } },
} as const satisfies Record<string, { sort: boolean; indexes?: Record<string, Index> }>;

export type TableName = keyof typeof schemas;

const numbers = new Set(['dueAt', 'receivedAt', 'createdAt', 'createdAtMs']);

export interface TestDynamo {
  readonly endpoint: string;
  /** Feature table → its name in the engine. */
  readonly tables: Readonly<Record<TableName, string>>;
  /** Resolves once the engine has ended. */
  stop(): Promise<void>;
}

/** Returns a fresh engine with every table of the hub, and points the SDK at it. */
export async function startDynamo(): Promise<TestDynamo> {
  const engine = await startEngine();
  const endpoint = `http://127.0.0.1:${engine.port}`;
  process.env.AWS_ENDPOINT_URL_DYNAMODB = endpoint;
  const client = new DynamoDBClient({ endpoint });
  const names = Object.keys(schemas) as TableName[];
  await Promise.all(names.map((name) => client.send(new CreateTableCommand(tableInput(name)))));
  client.destroy();
  return {
    endpoint,
    tables: Object.fromEntries(names.map((name) => [name, name])) as Record<TableName, string>,
    stop: engine.stop,
  };
}

/** Sets what the handlers will find in `process.env`. */
export function setEnv(values: Readonly<Record<string, string>>): void {
  Object.assign(process.env, values);
}

function tableInput(name: TableName): CreateTableCommandInput {
  const { sort, indexes = {} }: { sort: boolean; indexes?: Record<string, Index> } = schemas[name];
  const keys = ['pk', ...(sort ? ['sk'] : [])];
  const attributes = new Set([...keys, ...Object.values(indexes).flatMap((index) => index.slice(0, 2) as string[])]);
  return {
    TableName: name,
    BillingMode: 'PAY_PER_REQUEST',
    KeySchema: keySchema(keys),
    AttributeDefinitions: [...attributes].map((attribute) => ({
      AttributeName: attribute,
      AttributeType: numbers.has(attribute) ? 'N' : 'S',
    })),
    GlobalSecondaryIndexes:
      Object.keys(indexes).length === 0
        ? undefined
        : Object.entries(indexes).map(([index, [by, sortedBy, holds]]) => ({
            IndexName: index,
            KeySchema: keySchema([by, sortedBy]),
            Projection: holds
              ? { ProjectionType: 'INCLUDE' as const, NonKeyAttributes: [...holds] }
              : { ProjectionType: 'ALL' as const },
          })),
  };
}

function keySchema([partition = '', sort]: readonly string[]) {
  return [
    { AttributeName: partition, KeyType: 'HASH' as const },
    ...(sort ? [{ AttributeName: sort, KeyType: 'RANGE' as const }] : []),
  ];
}

interface Engine {
  readonly port: number;
  stop(): Promise<void>;
}

/** dynoxide where its binary is installed, else dynalite. */
async function startEngine(): Promise<Engine> {
  const require = createRequire(import.meta.url);
  try {
    const folder = join(require.resolve(`@dynoxide/${process.platform}-${process.arch}/package.json`), '..');
    return await startDynoxide(join(folder, 'dynoxide'));
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error) || error.code !== 'MODULE_NOT_FOUND') throw error;
    return startDynalite(require);
  }
}

async function startDynoxide(binary: string): Promise<Engine> {
  const port = await freePort();
  const child = spawn(binary, ['serve', '--host', '127.0.0.1', '--port', String(port)], { stdio: 'ignore', env: {} });
  const kill = () => void child.kill('SIGKILL');
  process.once('exit', kill);
  await listening(port, child);
  return {
    port,
    async stop() {
      process.off('exit', kill);
      if (child.exitCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

async function startDynalite(require: NodeJS.Require): Promise<Engine> {
  const dynalite = require('dynalite') as (options: object) => import('node:http').Server;
  const server = dynalite({ createTableMs: 0, deleteTableMs: 0 });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: portOf(server),
    async stop() {
      server.close();
    },
  };
}

async function listening(port: number, child: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 500; tries++) {
    if (child.exitCode !== null) throw new Error('dynoxide ended at once');
    const socket = connect(port, '127.0.0.1');
    const open = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    });
    socket.destroy();
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error('dynoxide did not listen within 5 s');
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const port = portOf(server);
  server.close();
  await once(server, 'close');
  return port;
}

function portOf(server: import('node:net').Server): number {
  const address = server.address();
  if (typeof address !== 'object' || !address) throw new Error('the server has no port');
  return address.port;
}
