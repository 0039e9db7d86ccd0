import { callback } from '../../shared/connections/callback.ts';
import { confirm } from '../../shared/connections/confirm.ts';
import { createSession } from '../../shared/connections/create-session.ts';
import { openCredentials } from '../../shared/connections/credential.ts';
import { tend } from '../../shared/connections/due.ts';
import { endGrants } from '../../shared/connections/end-grants.ts';
import { openLink } from '../../shared/connections/open-link.ts';
import { remove } from '../../shared/connections/remove.ts';
import { sessionStore } from '../../shared/connections/session-store.ts';
import { revokeUnshared } from '../../shared/connections/spare.ts';
import { start } from '../../shared/connections/start.ts';
import { connectionStore } from '../../shared/connections/store.ts';
import { sweep } from '../../shared/connections/sweep.ts';
import { openVault } from '../../shared/connections/vault.ts';
import type { Table } from '../../shared/core/aws.ts';
import type { HubEvent } from '../../shared/core/event.ts';
import type { OutboundRequest, Send } from '../../shared/core/fetch.ts';
import { TenantId } from '../../shared/core/ids.ts';
import { dueShards } from '../../shared/core/keys.ts';
import { err, ok } from '../../shared/core/result.ts';
import { offeredProviders } from '../../shared/providers/definitions.ts';
import { erase } from '../../shared/tenants/erase.ts';
import { remove as removeTenant } from '../../shared/tenants/remove.ts';
import { tenantStore } from '../../shared/tenants/store.ts';
import { fakeKms } from '../support/kms.ts';
import { memoryTable } from '../support/memory-table.ts';
import { testMoment } from '../support/moment.ts';

// A connection's whole life, step by step: each step with a fault at each of its requests, or two of them, the second at
// any request after the first, also of what mends it; then quiet, then a look at what is left. The production modules run.

export const steps = ['start', 'callback', 'confirm', 'refresh', 'disconnect', 'erase'] as const;
export type StepName = (typeof steps)[number];
/** The process ends; or the caller hears of a failure, whether or not there was an effect. */
export const kinds = ['crash before', 'crash after', 'refused', 'lost'] as const;
export interface Strike {
  readonly at: number;
  readonly kind: (typeof kinds)[number];
}

const tenantId = TenantId.parse('acme');
const id = { provider: 'demo', name: 'default' };
const returnUrl = 'https://app.example.com/connected';
const publicUrl = 'https://hub.example.com';
const TAKEN = 99;

export interface Run {
  /** How many of the faults struck: a step makes so many requests, and no more. */
  readonly struck: number;
  /** Whoever asked for the step was told that it is done. */
  readonly acknowledged: boolean;
  readonly faults: readonly string[];
}

/** Whose requests KMS answers: one life after the other. */
let living: Life;
const kms = fakeKms((answer) => living.ask(answer));

/** Returns what went wrong with faults in one step: the first within it, a second then or while it is mended. */
export async function runStep(target: StepName, ...strikes: readonly Strike[]): Promise<Run> {
  const life = new Life();
  living = life;
  kms.resetHistory();
  await life.begin();
  for (const step of steps.slice(0, steps.indexOf(target))) if (step !== 'disconnect') await life.take(step);
  life.arm(strikes);
  const acknowledged = await life.interrupted(() => life.take(target));
  if (life.struck === 0) life.arm([]);
  await life.heal();
  const { struck } = life;
  const about = `${target}, ${JSON.stringify(strikes)}`;
  return { struck, acknowledged, faults: life.judge(target, acknowledged).map((fault) => `${fault}: ${about}`) };
}

/** Returns what went wrong with two faults in a step, at every pair of places and of every kind. */
export async function runPairs(target: StepName): Promise<{ runs: number; faults: string[] }> {
  const found = { runs: 0, faults: [] as string[] };
  for (const kind of kinds) {
    for (let at = 1; (await runStep(target, { at, kind })).struck === 1; at++) {
      for (const second of kinds) {
        for (let then = at + 1; ; then++) {
          const run = await runStep(target, { at, kind }, { at: then, kind: second });
          if (run.struck < 2) break;
          found.runs += 1;
          found.faults.push(...run.faults);
        }
      }
    }
  }
  return found;
}

class Life {
  struck = 0;
  #strikes: readonly Strike[] = [];
  #requests = 0;
  readonly #moment = testMoment();
  readonly #tables = {
    sessions: memoryTable(),
    connections: memoryTable(),
    tenants: memoryTable(),
    keys: memoryTable(),
  };
  readonly #events: HubEvent[] = [];
  /** How often the bus has brought an event that begins something. */
  readonly #brought = new Map<string, number>();
  /** Grants that are good upstream: the refresh token of each. */
  readonly #alive = new Set<string>();
  #issued = 0;
  /** Tokens were given out before a crash, or their answer was lost: that may have been the only copy (C.3). */
  #mayLose = false;
  #tokensGiven = false;
  #crashed: () => void = () => {};
  readonly #jar = new Map<string, string>();
  #session = { id: '', link: '' };
  #query = '';
  #ticket = '';

  /** From the next request on. */
  arm(strikes: readonly Strike[]): void {
    this.#strikes = strikes;
    this.#requests = 0;
  }

  /** One request to the outside: it has its effect, its answer, both, or neither. */
  async ask<T>(effect: () => Promise<T>, isTokenRequest = false): Promise<T> {
    this.#requests += 1;
    const kind = this.#strikes.find(({ at }) => at === this.#requests)?.kind;
    if (kind) this.struck += 1;
    if (kind === 'crash before') return this.#crash();
    if (kind === 'refused') throw Object.assign(new Error('throttled'), { name: 'ThrottlingException' });
    const value = await effect();
    if (isTokenRequest && this.#strikes.length > 0) this.#tokensGiven = true;
    if (isTokenRequest && kind === 'lost') this.#mayLose = true;
    if (kind === 'crash after') return this.#crash();
    if (kind === 'lost') throw Object.assign(new Error('no answer'), { name: 'TimeoutError' });
    return value;
  }

  #crash(): Promise<never> {
    this.#mayLose ||= this.#tokensGiven;
    this.#crashed();
    return new Promise(() => {});
  }

  /** Returns whether the work came to a good end. */
  async interrupted(work: () => Promise<boolean>): Promise<boolean> {
    const crash = new Promise<boolean>((resolve) => {
      this.#crashed = () => resolve(false);
    });
    return Promise.race([work().catch(() => false), crash]);
  }

  get #ports() {
    const moment = this.#moment;
    const through = (table: Table): Table => ({
      get: (key) => this.ask(() => table.get(key)),
      put: (item, expression) => this.ask(() => table.put(item, expression)),
      update: (key, expression) => this.ask(() => table.update(key, expression)),
      remove: (key, expression) => this.ask(() => table.remove(key, expression)),
      query: (query) => this.ask(() => table.query(query)),
      scan: (scan) => this.ask(() => table.scan(scan)),
    });
    const { sessions, connections, tenants, keys } = this.#tables;
    const store = connectionStore(through(connections));
    const offered = offeredProviders('local');
    const find = (provider: string) => offered.find((entry) => entry.provider.id === provider);
    const send: Send = async (request) => {
      try {
        const { status, json } = await this.ask(async () => this.#answer(request), request.url.endsWith('/token'));
        const headers = { 'content-type': 'application/json' };
        return ok({ status, headers, body: Buffer.from(JSON.stringify(json)) });
      } catch (error) {
        const sent = error instanceof Error && error.name === 'TimeoutError';
        return err({ reason: sent ? 'timeout' : 'network', sent, cause: 'no answer' });
      }
    };
    return {
      ...{ send, find, moment, publicUrl, offered },
      findProvider: find,
      sessions: sessionStore(through(sessions)),
      store,
      tenants: tenantStore(through(tenants)),
      dataKeys: through(keys),
      vault: openVault({ keyId: 'key', keysTable: through(keys), moment }),
      readApp: () => this.ask(async () => ({ clientId: 'client', clientSecret: 'made-up-secret' })),
      publish: (events: readonly HubEvent[]) => this.ask(async () => void this.#events.push(...events)),
      revoke: (...given: Parameters<Parameters<typeof callback>[0]['revoke']>) =>
        revokeUnshared({ send, moment, store }, ...given),
    };
  }

  /** An authorization server that rotates: a used refresh token is refused. */
  #answer({ url, body }: OutboundRequest): { status: number; json: unknown } {
    const form = new URLSearchParams(String(body ?? ''));
    if (url.endsWith('/me')) return { status: 200, json: { id: 'account-1', name: 'Ada' } };
    if (!url.endsWith('/token')) {
      this.#alive.delete(form.get('token') ?? '');
      return { status: 200, json: {} };
    }
    const used = form.get('refresh_token');
    if (used !== null && !this.#alive.delete(used)) return { status: 400, json: { error: 'invalid_grant' } };
    this.#issued += 1;
    const tokens = { access_token: `access-${this.#issued}`, refresh_token: `refresh-${this.#issued}` };
    this.#alive.add(tokens.refresh_token);
    return { status: 200, json: { ...tokens, token_type: 'bearer', expires_in: 3_600 } };
  }

  async begin(): Promise<void> {
    const nowMs = this.#moment.nowMs;
    const about = { name: 'Acme', returnUrls: [returnUrl], createdAtMs: nowMs, updatedAtMs: nowMs };
    await this.#ports.tenants.create({ tenantId, status: 'active', ...about });
    const wish = { ...id, endUser: 'ada@acme.example', returnUrl };
    const made = await createSession(this.#ports, tenantId, wish, this.#moment);
    if (!made.ok) throw new Error(made.error.message);
    this.#session = { id: made.value.id, link: made.value.url.slice(`${publicUrl}/connect/`.length) };
  }

  /** Returns whether the step came to a good end. */
  async take(step: StepName): Promise<boolean> {
    const ports = this.#ports;
    const moment = this.#moment;
    const cookie = (name: string) => this.#jar.get(name);
    if (step === 'start') {
      const opened = await openLink(ports, this.#session.link, cookie, moment);
      if (!opened.ok) return false;
      const [name = '', value = ''] = (opened.value.cookie.split(';')[0] ?? '').split('=');
      this.#jar.set(name, value);
      const form = new URLSearchParams({ csrf: opened.value.csrf, action: 'continue' });
      const sent = { link: this.#session.link, form, cookie, origin: 'null', fetchSite: 'same-origin' };
      const started = await start(ports, sent, moment);
      if (!started.ok || !('goTo' in started.value)) return false;
      const state = new URL(String(started.value.goTo)).searchParams.get('state') ?? '';
      this.#query = new URLSearchParams({ code: 'code', state, iss: 'https://login.demo.invalid' }).toString();
      return true;
    }
    if (step === 'callback') {
      const back = { provider: id.provider, query: new URLSearchParams(this.#query), cookie };
      const gone = await callback(ports, back, moment);
      this.#ticket = gone.ok ? (new URL(gone.value.goTo).searchParams.get('ticket') ?? '') : '';
      return this.#ticket !== '';
    }
    if (step === 'confirm') {
      const vouching = { tenantId, session: this.#session.id, ticket: this.#ticket, endUser: 'ada@acme.example' };
      return (await confirm(ports, vouching, moment)).ok;
    }
    if (step === 'refresh') {
      moment.nowMs += 3_600_000;
      return (await openCredentials(ports).live(tenantId, id)).ok;
    }
    if (step === 'disconnect') return (await remove(ports, tenantId, id)).ok;
    const removed = await removeTenant(ports, tenantId, moment);
    await this.#deliver();
    return removed.ok;
  }

  /** The bus brings each event until it is taken: three times, as Lambda runs what an event begins. */
  async #deliver(): Promise<void> {
    for (let [event] = this.#undelivered(); event; [event] = this.#undelivered()) {
      const { id: one } = event;
      this.#brought.set(one, (this.#brought.get(one) ?? 0) + 1);
      if (!(await this.interrupted(() => this.#handle(event)))) return;
      this.#brought.set(one, TAKEN);
    }
  }

  async #handle({ type, time, data }: HubEvent): Promise<boolean> {
    const ports = this.#ports;
    if (type === 'tenant.removing') await endGrants(ports, tenantId, Date.parse(time), 60_000);
    else await erase(ports, tenantId, Date.parse((data as { since: string }).since), this.#moment);
    return true;
  }

  /** Ticks and the bus, until nothing is under way; for two hours at most. */
  async heal(): Promise<void> {
    for (let turn = 0; turn < 12 && (turn === 0 || this.#isBusy()); turn++) {
      this.#moment.nowMs += 10 * 60_000;
      const ports = this.#ports;
      await this.#deliver();
      await this.interrupted(() => sweep(ports, this.#moment, () => 1e6).then(() => true));
      await this.interrupted(async () => {
        const due = await Promise.all(dueShards.map((shard) => ports.store.due(shard, this.#moment.nowMs)));
        await tend(ports, openCredentials(ports), due.flat(), () => true);
        return true;
      });
    }
  }

  #isBusy(): boolean {
    const { sessions, connections } = this.#tables;
    const undone = [...connections.rows.values()].some(
      ({ lease, removal, announceAtMs }) => lease ?? removal ?? announceAtMs,
    );
    return undone || [...sessions.rows.values()].some(({ dueAt }) => dueAt) || this.#undelivered().length > 0;
  }

  #undelivered(): HubEvent[] {
    const begins = this.#events.filter(({ type }) => /^tenant\.(removing|disconnected)$/.test(type));
    return begins.filter(({ id: one }) => (this.#brought.get(one) ?? 0) < 3);
  }

  /** Returns what is not as it may be. */
  judge(target: StepName, acknowledged: boolean): string[] {
    const faults: string[] = [];
    const [session] = this.#tables.sessions.rows.values();
    const [row] = this.#tables.connections.rows.values();
    const told = new Set(this.#events.map(({ type }) => type));
    const must = (holds: boolean, what: string) => void (holds || faults.push(what));

    must(session?.grant === undefined && session?.dueAt === undefined, `the session is left ${session?.status}`);
    if (target === 'erase' && (acknowledged || told.has('tenant.removing'))) {
      must(this.#tables.tenants.rows.size === 0, 'the tenant is still there');
      must(
        [...this.#tables.keys.rows.values()].every(({ wrapped }) => wrapped === undefined),
        'a data key is left',
      );
      must(told.has('tenant.removed'), 'nobody was told of the erasure');
      return faults;
    }
    if (row) must(row.lease === undefined && row.removal === undefined, 'something is still under way');
    if (row?.status === 'active') {
      must(told.has('connection.activated'), 'nobody was told of the connection');
      must(this.#alive.size === 1, `${this.#alive.size} grants are good upstream`);
    } else {
      must(row === undefined || (row.reason === 'rotation_lost' && this.#mayLose), `the connection is ${row?.status}`);
      if (!this.#mayLose) must(this.#alive.size === 0, 'a grant that nobody has is good upstream');
    }
    if (target === 'confirm' && acknowledged) must(row?.status === 'active', 'confirmed, and not there');
    if (target === 'refresh' && !this.#mayLose) must(row?.status === 'active', 'lost without need');
    if (target === 'disconnect' && acknowledged) must(row === undefined, 'disconnected, and still there');
    if (target === 'erase') must(row?.status === 'active', 'nothing was asked for, and the connection is gone');
    if (row === undefined && steps.indexOf(target) >= steps.indexOf('disconnect')) {
      must(told.has('connection.removed'), 'nobody was told of the disconnection');
    }
    return faults;
  }
}
