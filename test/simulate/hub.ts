import type { Connection } from '../../shared/connections/connection.ts';
import type { RemovalPorts } from '../../shared/connections/remove.ts';
import type { Place } from '../../shared/connections/seal.ts';
import { connectionStore } from '../../shared/connections/store.ts';
import type { Table } from '../../shared/core/aws.ts';
import { refuse } from '../../shared/core/errors.ts';
import type { OutboundRequest } from '../../shared/core/fetch.ts';
import type { TenantId } from '../../shared/core/ids.ts';
import { err, ok } from '../../shared/core/result.ts';
import { Secret } from '../../shared/core/secret.ts';
import { catalogue } from '../../shared/providers/catalogue.ts';
import { memoryTable } from '../support/memory-table.ts';
import type { FakeProvider, Pair } from './fake-provider.ts';
import type { Answer, Caller, Outside, Service } from './world.ts';

// Everything outside of the modules under test, with its faults; whatever passes by is held against the invariants C.5.

const common = { slowMs: 4_000, timeoutMs: 5_000 } as const;
const plain = ['crash before', 'crash after', 'refused', 'late', 'outage'] as const;
export const services = {
  table: { ...common, name: 'table', faults: [...plain, 'lost', 'repeated'] },
  vault: { ...common, name: 'vault', faults: plain },
  bus: { ...common, name: 'bus', faults: plain },
  secrets: { ...common, name: 'secrets', faults: plain },
  provider: {
    name: 'provider',
    faults: ['crash before', 'crash after', 'refused', 'lost', 'late', 'frozen'],
    slowMs: 24_000,
    timeoutMs: 20_000,
  },
} as const satisfies Record<string, Service>;

export class Hub {
  readonly violations: string[] = [];
  readonly table = memoryTable();
  /** The types of the events that reached the bus. */
  readonly told: string[] = [];
  /** The provider does not accept the hub's client at present. */
  wrongClient = false;
  /** The end user was told that the connection is cut. */
  acknowledged = false;
  /** The latest refresh token that reached a process of the hub. */
  delivered = -1;
  #inFlight = 0;
  readonly #world: Outside;
  readonly #provider: FakeProvider;

  constructor(world: Outside, provider: FakeProvider) {
    this.#world = world;
    this.#provider = provider;
  }

  complain(text: string): void {
    this.violations.push(text);
  }

  /** The one row there is. */
  row(): Connection | undefined {
    const [row] = this.table.rows.values();
    return row as unknown as Connection | undefined;
  }

  /** The tokens in a row, for those who look from outside. */
  grantOf(row: Connection | undefined): Pair | undefined {
    if (!row?.sealed) return undefined;
    const text = (record: string): string => JSON.parse(record).text;
    const { accessToken = '', refreshToken } = row.sealed;
    return { access: text(accessToken), ...(refreshToken && { refresh: text(refreshToken) }) };
  }

  /** One process's way to the outside. */
  portsOf(caller: Caller): RemovalPorts {
    const world = this.#world;
    const moment = world.momentOf(caller);
    const ask = <T>(service: Service, effect: () => T) => world.request(caller, service, effect);
    return {
      moment,
      store: connectionStore(this.#tableOf(caller)),
      vault: {
        seal: async (tenant, place, secret) => {
          given(await ask(services.vault, nothing));
          return JSON.stringify({ binding: bindingOf(tenant, place), text: secret.reveal(), noise: moment.token() });
        },
        open: async (tenant, place, sealed) => {
          if ('refused' in (await ask(services.vault, nothing))) return refuse('unavailable', 'no answer');
          const { binding, text } = JSON.parse(sealed);
          if (binding !== bindingOf(tenant, place))
            this.complain(`C-11: ${binding} opened as ${bindingOf(tenant, place)}`);
          return ok(new Secret(text));
        },
      },
      findProvider: () => catalogue.demo,
      readApp: async () => given(await ask(services.secrets, () => ({ clientId: 'client', clientSecret: 'secret' }))),
      publish: async (events) =>
        given(await ask(services.bus, () => void this.told.push(...events.map(({ type }) => type)))),
      send: async (request) => {
        const form = new URLSearchParams(String(request.body));
        const refreshToken = form.get('refresh_token') ?? undefined;
        if (refreshToken !== undefined) this.#judgeAttempt(refreshToken);
        this.#inFlight += refreshToken === undefined ? 0 : 1;
        const answer = await ask(services.provider, () => this.#exchange(request, form));
        this.#inFlight -= refreshToken === undefined ? 0 : 1;
        if ('refused' in answer) return err({ reason: 'timeout', sent: answer.sent, cause: 'no answer' });
        const { status, json } = answer.value;
        const { refresh_token: fresh } = json as { refresh_token?: string };
        if (fresh) this.delivered = Math.max(this.delivered, this.#provider.issueOf(fresh));
        const headers = { 'content-type': 'application/json' };
        return ok({ status, headers, body: Buffer.from(JSON.stringify(json)) });
      },
    };
  }

  #tableOf(caller: Caller): Table {
    const real = this.table;
    // The table in memory has its effect at once: the promise only carries what came of it.
    const through = async <T>(effect: () => Promise<T>) =>
      given(await this.#world.request(caller, services.table, effect));
    return {
      get: (key) => through(() => real.get(key)),
      put: (item, expression) => through(() => this.#put(item, expression)),
      update: (key, expression) => through(() => real.update(key, expression)),
      remove: (key, expression) => through(() => real.remove(key, expression)),
      query: (query) => through(() => real.query(query)),
      scan: (scan) => through(() => real.scan(scan)),
    };
  }

  async #put(...[item, expression]: Parameters<Table['put']>) {
    const before = this.row();
    const written = await this.table.put(item, expression);
    if (written.done) this.#judgeWrite(before, item as unknown as Connection);
    return written;
  }

  #judgeWrite(before: Connection | undefined, after: Connection): void {
    this.#world.note(`row ${after.status} ${after.generation}`);
    if (before && after.generation < before.generation) this.complain('C-03: the generation went back');
    if (this.acknowledged && after.status === 'active') this.complain('C-08: a disconnected connection came back');
    if (before?.status !== 'active' || after.status !== 'needs_reauth') return;
    const { refresh } = this.grantOf(before) ?? {};
    if (refresh && this.#provider.accepts(refresh, this.#world.nowMs))
      this.complain('C-04: given up, its token is good');
    if (this.wrongClient) this.complain('C-10: a wrong client cost a connection');
  }

  #judgeAttempt(refreshToken: string): void {
    const frozen = this.#world.met.includes('provider frozen'); // longer than any lease: nothing can keep the next one out
    if (this.#inFlight > 0 && this.#world.crashes === 0 && !frozen) this.complain('C-01: two refreshes at once');
    const before = this.#provider.presented.get(refreshToken) ?? 0;
    const row = this.row();
    if (row?.status !== 'active' || before === 0 || this.#provider.behaviour.rotates !== 'always') return;
    if (this.grantOf(row)?.refresh !== refreshToken && !frozen)
      this.complain('C-02: a replaced token was presented again');
    else if ((row.intent?.attempt ?? 0) <= before)
      this.complain('C-02: presented again, and no record of the time before');
  }

  #exchange(request: OutboundRequest, form: URLSearchParams): { readonly status: number; readonly json: unknown } {
    const refreshToken = form.get('refresh_token');
    if (refreshToken === null) {
      if (!request.url.endsWith('/revocation')) this.complain(`nobody expected a request to ${request.url}`);
      this.#provider.revoke(form.get('token') ?? '');
      return { status: 200, json: {} };
    }
    if (this.wrongClient) {
      this.#provider.refreshes += 1;
      return { status: 401, json: { error: 'invalid_client' } };
    }
    return this.#provider.refresh(refreshToken, this.#world.nowMs);
  }
}

function nothing(): undefined {
  return undefined;
}

function given<T>(answer: Answer<T>): T {
  if ('refused' in answer) throw Object.assign(new Error('no answer'), { name: 'ThrottlingException' });
  return answer.value;
}

function bindingOf(tenantId: TenantId, { provider, name, field, generation }: Place): string {
  return [tenantId, provider, name, field, generation].join('#');
}
