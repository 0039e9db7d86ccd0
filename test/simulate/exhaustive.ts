import { openCredentials } from '../../shared/connections/credential.ts';
import { tend } from '../../shared/connections/due.ts';
import { Explorer, type Strike } from './explorer.ts';
import { type Behaviour, behaviours, FakeProvider } from './fake-provider.ts';
import { Hub } from './hub.ts';
import { ANSWERED_WITHIN_MS, connect, id, isQuiet, TOKEN_LIFE_S, tenantId } from './schedule.ts';
import type { Caller, FaultKind } from './world.ts';

// Two callers at the moment of expiry: every order of their requests, without a fault and with every single one at every
// place (C.5). The production modules run; a failure names its choices and its fault, and can be run again by them.

export const kinds = [
  'crash before',
  'crash after',
  'refused',
  'lost',
  'repeated',
  'frozen',
] as const satisfies readonly FaultKind[];

export interface Searched {
  /** Orders gone through, each a run of its own. */
  runs: number;
  /** Of these, with a fault that struck. */
  struck: number;
  /** The longest run's requests. */
  requests: number;
  readonly endings: Record<string, number>;
  readonly failures: string[];
}

export function newSearch(): Searched {
  return { runs: 0, struck: 0, requests: 0, endings: {}, failures: [] };
}

/** A used refresh token costs the whole family at once. */
export const strictest = behaviours.find(({ name }) => name === 'strict family') as Behaviour;

/** Goes through every order there is with this fault at the first request, at the second, … until there is none. */
export async function searchAll(found: Searched, behaviour: Behaviour, kind: FaultKind): Promise<void> {
  let quiet = 0;
  for (let at = 1; quiet < 3; at++) {
    const { struck } = found;
    await search(found, behaviour, { at, kind });
    quiet = struck > 0 && found.struck === struck ? quiet + 1 : 0; // the first services asked may not know this fault
  }
}

/** Goes through every order there is, with one fault or none. */
export async function search(found: Searched, behaviour: Behaviour, strike?: Strike): Promise<void> {
  let prefix: number[] | undefined = [];
  while (prefix) {
    const { world, violations, ending, requests } = await run(behaviour, prefix, strike);
    found.runs += 1;
    found.requests = Math.max(found.requests, requests);
    if (world.met.length > 0) found.struck += 1;
    found.endings[ending] = (found.endings[ending] ?? 0) + 1;
    if (violations.length > 0) {
      const choices = world.choices.map(({ taken }) => taken).join('');
      found.failures.push(
        `${violations.join('; ')} at ${behaviour.name}, ${JSON.stringify(strike)}, choices ${choices}`,
      );
    }
    prefix = nextPrefix(world);
  }
}

/** The next sequence of choices in order: the last choice that has another possibility takes it. */
function nextPrefix({ choices }: Explorer): number[] | undefined {
  const at = choices.findLastIndex(({ taken, of }) => taken + 1 < of);
  return at < 0 ? undefined : [...choices.slice(0, at).map(({ taken }) => taken), (choices[at]?.taken ?? 0) + 1];
}

async function run(behaviour: Behaviour, prefix: readonly number[], strike: Strike | undefined) {
  const world = new Explorer(prefix);
  const provider = new FakeProvider(behaviour, () => 0.5);
  const hub = new Hub(world, provider);
  const caller = (name: string, skewMs = 0): Caller => ({ name, skewMs, dead: false });
  world.start(() => connect(hub.portsOf(caller('setup')), provider.authorize()));
  await world.settle();
  world.nowMs += TOKEN_LIFE_S * 1000;

  world.arm(strike);
  let refusals = 0;
  for (const one of [caller('first', 300), caller('second', -300)]) {
    const credentials = openCredentials(hub.portsOf(one));
    world.start(async () => {
      const began = world.nowMs;
      const live = await credentials.live(tenantId, id).catch((error: Error) => {
        if (error.name !== 'ThrottlingException') hub.complain(`C-06: ${error.message}`);
        return { ok: false };
      });
      if (!live.ok) refusals += 1;
      if (world.nowMs - began > ANSWERED_WITHIN_MS) hub.complain('C-06: no answer in time');
    });
  }
  await world.settle();
  const { requests } = world;
  const faults = world.met.length;
  if (provider.refreshes > 1 + faults) hub.complain(`C-09: ${provider.refreshes} calls for ${faults} faults`);
  if (faults === 0 && refusals > 0) hub.complain('C-06: a caller was refused without need');

  world.arm(undefined);
  for (let turn = 0; turn < 4; turn++) {
    const before = hub.row();
    const ports = hub.portsOf(caller('tick'));
    world.nowMs += 65_000;
    world.start(async () => {
      const row = hub.row();
      if (row) await tend(ports, openCredentials(ports), [row], () => true);
      await openCredentials(ports).live(tenantId, id);
    });
    await world.settle();
    if (hub.row() === before && isQuiet(before)) break;
  }
  return { world, requests, violations: hub.violations, ending: judgeEnding(hub, provider, world) };
}

function judgeEnding(hub: Hub, provider: FakeProvider, world: Explorer): string {
  const row = hub.row();
  const grant = hub.grantOf(row);
  const { behaviour } = provider;
  if (!row || row.lease) hub.complain('C-05: no row, or a lease is left');
  if (row?.status === 'active') {
    if (!grant || !provider.isAlive(grant.access)) hub.complain('C-05: active, and its token does not work');
    return 'active';
  }
  const lost = world.met.some((fault) => /crash|^provider (lost|frozen)$/.test(fault)); // may take the only token along (C.3)
  if (!lost || behaviour.graceMs >= 60_000 || behaviour.rotates === 'never')
    hub.complain(`C-07: lost for ${world.met}`);
  if (!hub.told.includes('connection.needs_reauth')) hub.complain('C-05: given up, and the owner was not told');
  return `${row?.status}: ${row?.reason}`;
}
