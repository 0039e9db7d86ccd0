import fc from 'fast-check';
import { activated, nextGeneration } from '../../shared/connections/connection.ts';
import { openCredentials } from '../../shared/connections/credential.ts';
import { dataKeyStore } from '../../shared/connections/data-key-store.ts';
import { sealGrant } from '../../shared/connections/grant.ts';
import type { CredentialPorts } from '../../shared/connections/refresh.ts';
import { type RotatePorts, rotate } from '../../shared/connections/rotate.ts';
import { keyOf } from '../../shared/connections/seal.ts';
import { connectionStore } from '../../shared/connections/store.ts';
import { OPENS_FOR_MS, openVault } from '../../shared/connections/vault.ts';
import type { Item, Table } from '../../shared/core/aws.ts';
import { TenantId } from '../../shared/core/ids.ts';
import { ok } from '../../shared/core/result.ts';
import { Secret } from '../../shared/core/secret.ts';
import { catalogue } from '../../shared/providers/catalogue.ts';
import { memoryTable } from '../support/memory-table.ts';
import { testMoment } from '../support/moment.ts';

// The rotation of data keys among refreshes, crashes and other processes, against a model that knows one thing: the newest
// token of each connection. The production modules with real cryptography; KMS is to be faked by whoever runs it.

/** What happens while a rotation is at its `at`-th request: it ends there, or another process does something. */
type Meanwhile =
  | { readonly what: 'crash before' | 'crash after'; readonly at: number }
  | { readonly what: 'refresh' | 'read' | 'rotate' | 'connect'; readonly at: number; readonly connection: number };

export type Step =
  | { readonly step: 'refresh' | 'read' | 'connect'; readonly connection: number; readonly process: number }
  | { readonly step: 'rotate'; readonly process: number; readonly meanwhile?: Meanwhile; readonly hurry: boolean }
  | { readonly step: 'wait'; readonly hours: number };

const CONNECTIONS = 3;
const PROCESSES = 2;
const connection = fc.nat(CONNECTIONS - 1);
const process = fc.nat(PROCESSES - 1);
const at = fc.integer({ min: 1, max: 24 });

/** Sequences of up to 16 steps. */
export const sequences: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.record({ step: fc.constantFrom('refresh' as const, 'read' as const, 'connect' as const), connection, process }),
    fc.record(
      {
        step: fc.constant('rotate' as const),
        process,
        hurry: fc.boolean(),
        meanwhile: fc.oneof(
          fc.record({ what: fc.constantFrom('crash before' as const, 'crash after' as const), at }),
          fc.record({
            what: fc.constantFrom('refresh' as const, 'read' as const, 'rotate' as const, 'connect' as const),
            at,
            connection,
          }),
        ),
      },
      { requiredKeys: ['step', 'process', 'hurry'] },
    ),
    fc.record({ step: fc.constant('wait' as const), hours: fc.constantFrom(1, 23, 25, 73) }),
  ),
  { minLength: 3, maxLength: 16 },
);

const HOUR_MS = 3_600_000;
const tenantId = TenantId.parse('acme');
const idOf = (index: number) => ({ provider: 'demo', name: `c${index}` });

/** Returns what went wrong in one sequence; nothing where all held. */
export async function runRotation(steps: readonly Step[]): Promise<string[]> {
  const world = new RotationWorld();
  for (let index = 0; index < CONNECTIONS; index++) await world.connect(index, world.process(0));
  for (const one of steps) {
    if (one.step === 'wait') world.moment.nowMs += one.hours * HOUR_MS;
    else if (one.step === 'rotate') await world.rotate(one);
    else await world.act(one.step, one.connection, world.process(one.process));
  }
  // Then quiet: one whole rotation, and once more when the keys before it may go.
  const quiet = { step: 'rotate', process: 0, hurry: false } as const;
  world.moment.nowMs += 8 * 24 * HOUR_MS;
  await world.rotate(quiet);
  world.judgeRows();
  world.moment.nowMs += OPENS_FOR_MS + HOUR_MS;
  await world.rotate(quiet);
  if (world.keyRows.rows.size !== 2) world.faults.push(`${world.keyRows.rows.size} data keys are left`);
  for (let index = 0; index < CONNECTIONS; index++) await world.act('read', index, world.open());
  return world.faults;
}

class Crash extends Error {}

/** One process of the hub: its own vault, with its own keys in memory. */
interface Process {
  readonly credentials: CredentialPorts;
  readonly rotation: RotatePorts;
}

class RotationWorld {
  readonly faults: string[] = [];
  readonly moment = testMoment();
  readonly rows = memoryTable();
  readonly keyRows = memoryTable();
  /** The newest access token of each connection. */
  readonly #newest: string[] = [];
  readonly #processes: Process[] = [];
  #issued = 0;

  process(index: number): Process {
    this.#processes[index] ??= this.open();
    return this.#processes[index];
  }

  /** A process whose requests to tables go through `around`. */
  open(around: <T>(request: () => Promise<T>) => Promise<T> = (request) => request()): Process {
    const { moment } = this;
    const through = (table: Table): Table => ({
      get: (key) => around(() => table.get(key)),
      put: (item, expression) => around(() => table.put(item, expression)),
      update: (key, expression) => around(() => table.update(key, expression)),
      remove: (key, expression) => around(() => table.remove(key, expression)),
      query: (query) => around(() => table.query(query)),
      scan: (scan) => around(() => table.scan(scan)),
    });
    const about = { keyId: 'key', moment };
    const vault = openVault({ ...about, keysTable: through(this.keyRows) });
    const store = connectionStore(through(this.rows));
    return {
      rotation: { keys: dataKeyStore({ ...about, table: through(this.keyRows) }), store, vault, moment },
      credentials: {
        ...{ store, vault, moment },
        readApp: async () => ({ clientId: 'client', clientSecret: 'made-up-secret' }),
        findProvider: (id) => catalogue[id],
        publish: async () => {},
        send: async () => {
          const json = { ...this.#issue(), token_type: 'bearer', expires_in: 3_600 };
          const headers = { 'content-type': 'application/json' };
          return ok({ status: 200, headers, body: Buffer.from(JSON.stringify(json)) });
        },
      },
    };
  }

  async act(what: 'refresh' | 'read' | 'connect', index: number, process: Process): Promise<void> {
    if (what === 'connect') return this.connect(index, process);
    const { store } = process.credentials;
    const refusedGeneration =
      what === 'refresh' ? (await store.forTenant(tenantId).get(idOf(index)))?.generation : undefined;
    const issued = this.#issued;
    const live = await openCredentials(process.credentials).live(tenantId, idOf(index), { refusedGeneration });
    if (this.#issued > issued) this.#newest[index] = `access-${this.#issued}`;
    const token = live.ok ? live.value.secrets.accessToken?.reveal() : live.error.code;
    if (token !== this.#newest[index]) this.faults.push(`${what}: ${token} in place of ${this.#newest[index]}`);
  }

  async rotate({ process, meanwhile, hurry }: Extract<Step, { step: 'rotate' }>): Promise<void> {
    let request = 0;
    const disturbed = this.open(async (send) => {
      request += 1;
      if (request !== meanwhile?.at) return send();
      if (meanwhile.what === 'crash after') return send().then(() => Promise.reject(new Crash()));
      const other = this.process((process + 1) % PROCESSES);
      if (!('connection' in meanwhile)) throw new Crash();
      if (meanwhile.what === 'rotate') await rotate(other.rotation, { tenant: tenantId }, () => true);
      else await this.act(meanwhile.what, meanwhile.connection, other);
      return send();
    });
    const one = meanwhile ? disturbed : this.process(process);
    let turns = 0;
    try {
      await rotate(one.rotation, { tenant: tenantId }, () => !hurry || turns++ < 1);
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
    }
  }

  async connect(index: number, { credentials: { store, vault, moment } }: Process): Promise<void> {
    const rows = store.forTenant(tenantId);
    const previous = await rows.get(idOf(index));
    const generation = nextGeneration(previous, moment.nowMs);
    const { access_token, refresh_token } = this.#issue();
    const grant = { accessToken: new Secret(access_token), refreshToken: new Secret(refresh_token) };
    const sealed = await sealGrant(vault, tenantId, idOf(index), generation, grant);
    const about = { tenantId, id: idOf(index), account: { id: 'account' }, sourceSession: 'cs_1' };
    const row = activated(
      about,
      { generation, sealed, scopes: ['contacts'], expiresInS: 90 * 86_400 },
      previous,
      moment,
    );
    if (!(await rows.save(row, previous)).done) this.faults.push('a new authorization was not stored');
    else this.#newest[index] = access_token;
  }

  /** After a whole rotation no record needs an older key (B-11). */
  judgeRows(): void {
    const last = Math.max(...[...this.keyRows.rows.values()].map(({ version }) => Number(version)));
    const records = [...this.rows.rows.values()].flatMap(({ sealed }) => Object.values(sealed as Item));
    const behind = records.filter((record) => keyOf(String(record))?.version !== last);
    if (behind.length > 0) this.faults.push(`${behind.length} records need an older key`);
  }

  #issue() {
    this.#issued += 1;
    return { access_token: `access-${this.#issued}`, refresh_token: `refresh-${this.#issued}` };
  }
}
