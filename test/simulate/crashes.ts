import { callback } from '../../shared/connections/callback.ts';
import { confirm } from '../../shared/connections/confirm.ts';
import { createSession } from '../../shared/connections/create-session.ts';
import { openCredentials } from '../../shared/connections/credential.ts';
import { tend } from '../../shared/connections/due.ts';
import { openLink } from '../../shared/connections/open-link.ts';
import { remove } from '../../shared/connections/remove.ts';
import { revokeUpstream } from '../../shared/connections/revoke.ts';
import { endGrants } from '../../shared/connections/revoke-all.ts';
import { sessionStore } from '../../shared/connections/session-store.ts';
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
import { offeredProviders } from '../../shared/providers/catalogue.ts';
import { remove as eraseTenant } from '../../shared/tenants/remove.ts';
import { tenantStore } from '../../shared/tenants/store.ts';
import { memoryTable } from '../support/memory-table.ts';
import { testMoment } from '../support/moment.ts';

// A connection's whole life, step by step: each step with a fault at each of its requests, then quiet, then a look at what is
// left. The production modules run; KMS is to be faked by whoever runs it.

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

/** Returns what went wrong with one fault in one step, and whether whoever asked for it was told that it is done; `struck`
 *  is false where the step makes fewer requests. */
export async function runStep(
  target: StepName,
  strike: Strike,
): Promise<{ struck: boolean; acknowledged: boolean; faults: string[] }> {
  const life = new Life();
  await life.begin();
  for (const step of steps.slice(0, steps.indexOf(target))) if (step !== 'disconnect') await life.take(step);
  life.strike = strike;
  life.requests = 0;
  const acknowledged = await life.interrupted(() => life.take(target));
  life.strike = undefined;
  const struck = life.requests >= strike.at;
  await life.heal(target);
  const faults = life.judge(target, acknowledged).map((fault) => `${fault}: ${target}, ${JSON.stringify(strike)}`);
  return { struck, acknowledged, faults };
}

class Life {
  strike: Strike | undefined;
  requests = 0;
  readonly #moment = testMoment();
  readonly #tables = {
    sessions: memoryTable(),
    connections: memoryTable(),
    tenants: memoryTable(),
    keys: memoryTable(),
  };
  readonly #events: HubEvent[] = [];
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

  /** One request to the outside: it has its effect, its answer, both, or neither. */
  async #ask<T>(effect: () => Promise<T>, isTokenRequest = false): Promise<T> {
    this.requests += 1;
    const kind = this.requests === this.strike?.at ? this.strike.kind : undefined;
    if (kind === 'crash before') return this.#crash();
    if (kind === 'refused') throw Object.assign(new Error('throttled'), { name: 'ThrottlingException' });
    const value = await effect();
    if (isTokenRequest && this.strike) this.#tokensGiven = true;
    if (isTokenRequest && kind === 'lost') this.#mayLose = true;
    if (kind === 'crash after') return this.#crash();
    if (kind === 'lost') throw Object.assign(new Error('no answer'), { name: 'TimeoutError' });
    return value;
  }

  #crash(): Promise<never> {
    this.#mayLose = this.#tokensGiven;
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
      get: (key) => this.#ask(() => table.get(key)),
      put: (item, expression) => this.#ask(() => table.put(item, expression)),
      update: (key, expression) => this.#ask(() => table.update(key, expression)),
      remove: (key, expression) => this.#ask(() => table.remove(key, expression)),
      query: (query) => this.#ask(() => table.query(query)),
      scan: (scan) => this.#ask(() => table.scan(scan)),
    });
    const { sessions, connections, tenants, keys } = this.#tables;
    const offered = offeredProviders('local');
    const find = (provider: string) => offered.find((entry) => entry.provider.id === provider);
    const send: Send = async (request) => {
      try {
        const { status, json } = await this.#ask(async () => this.#answer(request), request.url.endsWith('/token'));
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
      store: connectionStore(through(connections)),
      tenants: tenantStore(through(tenants)),
      dataKeys: through(keys),
      vault: openVault({ keyId: 'key', keysTable: through(keys), moment }),
      readApp: () => this.#ask(async () => ({ clientId: 'client', clientSecret: 'made-up-secret' })),
      publish: (events: readonly HubEvent[]) => this.#ask(async () => void this.#events.push(...events)),
      revoke: async (...[entry, app, grant]: Parameters<Parameters<typeof callback>[0]['revoke']>) =>
        (await revokeUpstream({ send, moment }, entry, app, grant)).ok,
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
    const endAll = (tenant: TenantId) => endGrants(ports, tenant, 15_000);
    return (await eraseTenant({ ...ports, endGrants: endAll }, tenantId)).ok;
  }

  /** Two hours of ticks; the operator asks for an erasure again that failed. */
  async heal(target: StepName): Promise<void> {
    for (let turn = 0; turn < 12; turn++) {
      this.#moment.nowMs += 10 * 60_000;
      const ports = this.#ports;
      if (target === 'erase' && this.#tables.tenants.rows.size > 0) await this.take('erase');
      await sweep(ports, this.#moment, () => 1e6);
      const due = await Promise.all(dueShards.map((shard) => ports.store.due(shard, this.#moment.nowMs)));
      await tend(ports, openCredentials(ports), due.flat(), () => true);
    }
  }

  /** Returns what is not as it may be. */
  judge(target: StepName, acknowledged: boolean): string[] {
    const faults: string[] = [];
    const [session] = this.#tables.sessions.rows.values();
    const [row] = this.#tables.connections.rows.values();
    const told = new Set(this.#events.map(({ type }) => type));
    const must = (holds: boolean, what: string) => void (holds || faults.push(what));

    must(session?.grant === undefined && session?.dueAt === undefined, `the session is left ${session?.status}`);
    if (target === 'erase') {
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
    if (row === undefined && steps.indexOf(target) >= steps.indexOf('disconnect')) {
      must(told.has('connection.removed'), 'nobody was told of the disconnection');
    }
    return faults;
  }
}
