import { activated, type Connection, nextGeneration } from '../../shared/connections/connection.ts';
import { openCredentials } from '../../shared/connections/credential.ts';
import { tend } from '../../shared/connections/due.ts';
import { sealGrant } from '../../shared/connections/grant.ts';
import type { CredentialPorts } from '../../shared/connections/refresh.ts';
import { remove } from '../../shared/connections/remove.ts';
import { TenantId } from '../../shared/core/ids.ts';
import { Secret } from '../../shared/core/secret.ts';
import type { Report } from './campaign.ts';
import { type Behaviour, behaviours, FakeProvider, type Pair } from './fake-provider.ts';
import { Hub, services } from './hub.ts';
import { type Caller, type Fault, type FaultKind, seeded, World } from './world.ts';

// One schedule: the production modules around one connection, eight callers at the moment of expiry and traffic after them,
// up to five faults, then quiet; and the invariants C-01 … C-11 of what happened.

export interface Plan {
  readonly seed: number;
  readonly behaviour: Behaviour;
  /** What the callers meet: a token that has ended, one that is due but good, one that the provider refuses. */
  readonly meet: 'expired' | 'due' | 'refused';
  /** What else happens to the connection meanwhile. */
  readonly turn: 'nothing' | 'disconnect' | 'reconnect' | 'wrong client';
  readonly faults: readonly Fault[];
}

/** Where faults strike: a service (the more often listed, the oftener), and which of its requests. */
const targets = [
  { service: services.provider, upTo: 2 },
  { service: services.provider, upTo: 4 },
  { service: services.table, upTo: 12 },
  { service: services.table, upTo: 24 },
  { service: services.table, upTo: 70 },
  { service: services.vault, upTo: 30 },
  { service: services.secrets, upTo: 10 },
  { service: services.bus, upTo: 2 },
] as const;
const CALLERS = 8;
const FOLLOWERS = 14;
const FOLLOWER_EVERY_MS = 7_000;
export const TOKEN_LIFE_S = 3_600;
/** Two leases and a token request (C-06). */
export const ANSWERED_WITHIN_MS = 80_000;
export const tenantId = TenantId.parse('acme');
export const id = { provider: 'demo', name: 'default' };

/** Returns the plan that a seed stands for. */
export function planOf(seed: number): Plan {
  const chance = seeded(seed ^ 0x5bd1e995);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(chance() * from.length)] as T;
  return {
    seed,
    behaviour: pick(behaviours),
    meet: pick(['expired', 'expired', 'due', 'refused'] as const),
    turn: pick(['nothing', 'nothing', 'nothing', 'nothing', 'disconnect', 'reconnect', 'wrong client'] as const),
    faults: Array.from({ length: Math.floor(chance() * 6) }, () => {
      const { service, upTo } = pick(targets);
      return { service: service.name, at: 1 + Math.floor(chance() * upTo), kind: pick<FaultKind>(service.faults) };
    }),
  };
}

/** Returns a plan for every fault there is, alone, at every request where it may strike, at every kind of provider. */
export function* singleFaults(): Generator<Plan> {
  let seed = 0;
  for (const behaviour of behaviours) {
    for (const { name: service, faults } of Object.values(services)) {
      for (const kind of faults) {
        for (let at = 1; at <= (service === 'table' ? 30 : service === 'vault' ? 20 : 3); at++) {
          seed += 1;
          yield { seed, behaviour, meet: 'expired', turn: 'nothing', faults: [{ service, at, kind }] };
        }
      }
    }
  }
}

/** Runs one plan to its end: `active`, `needs_reauth: <reason>`, `gone`. */
export async function run(plan: Plan): Promise<Report<Plan>> {
  const world = new World(plan.seed);
  const provider = new FakeProvider(plan.behaviour, world.chance);
  const hub = new Hub(world, provider);

  let refusals = 0;
  let acknowledgedAtMs = Number.POSITIVE_INFINITY;
  const setup: Caller = { name: 'setup', skewMs: 0, dead: false };
  world.start(setup, 0, () => connect(hub.portsOf(setup), provider.authorize()));
  await world.settle();
  const refusedGeneration = plan.meet === 'refused' ? hub.row()?.generation : undefined;
  if (refusedGeneration === undefined) world.nowMs += (plan.meet === 'due' ? 0.9 : 1) * TOKEN_LIFE_S * 1000;
  hub.wrongClient = plan.turn === 'wrong client';
  world.arm(plan.faults);
  const calls = provider.refreshes;

  for (let caller = 0; caller < CALLERS; caller++) use(`caller ${caller}`, world.between(0, 50));
  for (let follower = 1; follower <= FOLLOWERS; follower++) use(`follower ${follower}`, follower * FOLLOWER_EVERY_MS);
  interfere();
  await world.settle();
  judgeTraffic(provider.refreshes - calls);

  hub.wrongClient = false;
  world.arm([]);
  await heal();
  return { plan, violations: hub.violations, ending: judgeEnding(), trace: world.trace };

  /** Where the table does not even answer the first read, there is nothing to hand out: any other error is a bug. */
  function excuse(error: Error): { readonly ok: false } {
    if (error.name !== 'ThrottlingException') hub.complain(`C-06: ${error.name}: ${error.message}`);
    return { ok: false };
  }

  function newCaller(name: string): Caller {
    return { name, skewMs: world.between(-400, 400), dead: false };
  }

  function use(name: string, delayMs: number): void {
    const caller = newCaller(name);
    const credentials = openCredentials(hub.portsOf(caller));
    world.start(caller, delayMs, async () => {
      const began = world.nowMs;
      const live = await credentials.live(tenantId, id, { refusedGeneration }).catch(excuse);
      if (world.nowMs - began > ANSWERED_WITHIN_MS) hub.complain('C-06: no answer in time');
      if (!live.ok) refusals += 1;
      const code = 'error' in live ? live.error.code : undefined;
      const mayRefuse = plan.meet !== 'due' || (code !== 'provider_unavailable' && code !== 'not_configured');
      if (!mayRefuse) hub.complain(`C-06: ${code}, though the token is good`);
      if (live.ok && began > acknowledgedAtMs) hub.complain('C-08: a token after the disconnection');
    });
  }

  function interfere(): void {
    const caller = newCaller(plan.turn);
    const ports = hub.portsOf(caller);
    const delayMs = world.between(0, world.chance() < 0.5 ? 150 : 25_000);
    if (plan.turn === 'disconnect') {
      world.start(caller, delayMs, async () => {
        const removed = await remove(ports, tenantId, id).catch(excuse);
        if (!removed.ok) return;
        hub.acknowledged = true;
        acknowledgedAtMs = world.nowMs;
      });
    }
    if (plan.turn === 'reconnect') {
      world.start(caller, delayMs, () => connect(ports, provider.authorize()).catch((error) => void excuse(error)));
    }
  }

  /** Up to an hour without any fault: the tick and a caller each few minutes, until there is nothing more to be done. */
  async function heal(): Promise<void> {
    for (let turn = 0; turn < 8; turn++) {
      const before = hub.row();
      const tick = newCaller('tick');
      const ports = hub.portsOf(tick);
      world.start(tick, 65_000 * (turn + 1), async () => {
        const row = hub.row();
        if (row) await tend(ports, openCredentials(ports), [row], () => true);
        const live = await openCredentials(ports).live(tenantId, id);
        if (!live.ok || provider.isAlive(live.value.secrets.accessToken?.reveal() ?? '')) return;
        await openCredentials(ports).live(tenantId, id, { refusedGeneration: live.value.generation });
      });
      await world.settle();
      if (hub.row() === before && isQuiet(before)) return;
    }
  }

  function judgeTraffic(refreshes: number): void {
    const faults = world.met.length;
    const allowed = plan.turn === 'wrong client' ? 1 + FOLLOWERS + faults : 1 + faults; // one for the burst, then one a caller
    if (plan.turn !== 'reconnect' && refreshes > allowed) hub.complain(`C-09: ${refreshes} calls for ${faults} faults`);
    const unnoticed = world.met.every((fault) => fault === 'table repeated');
    if (plan.turn === 'nothing' && unnoticed && refusals > 0) hub.complain('C-06: a caller was refused without need');
  }

  function judgeEnding(): string {
    const row = hub.row();
    const grant = hub.grantOf(row);
    // Whoever crashes, or never hears the answer, may take the only good token along: nothing can save that (C.3).
    const mayLose = world.crashes > 0 || world.met.some((fault) => /^provider (lost|late|frozen)$/.test(fault));
    if (plan.turn === 'disconnect' && hub.acknowledged) {
      if (!hub.told.includes('connection.removed')) hub.complain('C-08: the owner was not told');
      const alive = provider.usable(world.nowMs);
      if (row) hub.complain(`C-08: the row is still there, ${row.status}`);
      if (alive.length > 0 && !mayLose) hub.complain('C-08: a token lives on upstream');
    }
    if (!row) return 'gone';
    if (row.lease && row.lease.untilMs > world.nowMs) hub.complain('C-05: a lease is left');
    if (row.status === 'needs_reauth') {
      if (!hub.told.includes('connection.needs_reauth')) hub.complain('C-05: given up, and the owner was not told');
      if (!row.reason) hub.complain('C-05: given up without a reason');
      if (plan.turn === 'nothing' && (!mayLose || world.met.length <= bearable(plan.behaviour))) {
        hub.complain(`C-07: lost (${row.reason}) for ${world.met.join(', ')} at ${plan.behaviour.name}`);
      }
      const arrived = provider.usable(world.nowMs).some((text) => provider.issueOf(text) === hub.delivered);
      if (arrived && world.crashes === 0) hub.complain('C-03: given up, and a good token had arrived');
      return `needs_reauth: ${row.reason}`;
    }
    if (row.status !== 'active') hub.complain(`C-05: left as ${row.status}`);
    else if (!grant || !provider.isAlive(grant.access)) hub.complain('C-05: active, and its token does not work');
    else if (plan.turn === 'nothing' && world.crashes === 0 && provider.issueOf(grant.refresh ?? '') < hub.delivered) {
      hub.complain('C-03: an older refresh token is stored than one that arrived');
    }
    return row.status;
  }
}

export function isQuiet(row: Connection | undefined): boolean {
  return !row || !(row.lease || row.intent || row.removal || row.announceAtMs !== undefined);
}

/** How many faults a provider's grace is sure to bear: a crash costs a lease and a token request each time (C-07). */
function bearable({ rotates, graceMs }: Behaviour): number {
  if (rotates === 'never') return Number.POSITIVE_INFINITY;
  return graceMs >= 600_000 ? 2 : graceMs >= 60_000 ? 1 : 0;
}

/** Writes what a confirmed session writes, by the same transitions. */
export async function connect(ports: CredentialPorts, pair: Required<Pair>): Promise<void> {
  const { store, vault, moment } = ports;
  const rows = store.forTenant(tenantId);
  for (let turn = 0; turn < 5; turn++) {
    const previous = await rows.get(id);
    const generation = nextGeneration(previous, moment.nowMs);
    const grant = { accessToken: new Secret(pair.access), refreshToken: new Secret(pair.refresh) };
    const sealed = await sealGrant(vault, tenantId, id, generation, grant);
    const fresh = { generation, sealed, scopes: ['contacts'], expiresInS: TOKEN_LIFE_S };
    const about = { tenantId, id, account: { id: 'account' }, sourceSession: `cs_${pair.refresh}` };
    if ((await rows.save(activated(about, fresh, previous, moment), previous)).done) return;
  }
}
