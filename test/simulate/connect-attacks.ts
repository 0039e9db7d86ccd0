import { CLIENT_SECRET, type ConnectLab, connectLab, HUB, type LabBrowser } from './connect-world.ts';
import { seeded } from './world.ts';

// Attacks on the connect protocol (requirements A.3): two people of two tenants with a browser each, an honest provider and
// a hostile one, the owner's app that confirms for whoever is signed in where the browser comes back. Details by chance.

const MINUTE = 60_000;

interface Person {
  readonly tenant: string;
  readonly endUser: string;
  /** What the honest provider knows the person by. */
  readonly account: string;
  readonly browser: LabBrowser;
}

interface Scene {
  readonly lab: ConnectLab;
  readonly chance: () => number;
  readonly victim: Person;
  readonly attacker: Person;
  readonly name: string;
}

const pick = <T>({ chance }: Scene, ...choices: readonly T[]): T => choices[Math.floor(chance() * choices.length)] as T;
const linkOf = async ({ lab, name }: Scene, { tenant, endUser }: Person, provider = 'demo') =>
  lab.session({ provider, name, endUser }, tenant);

/** The browser returns to the provider's answer; the owner's app confirms for its own signed-in user. */
async function comeBack({ lab }: Scene, person: Person, query: string, provider = 'demo'): Promise<number> {
  const { status, location } = await person.browser.back(query, provider);
  const told = URL.parse(location)?.searchParams;
  const [session, ticket] = [told?.get('session'), told?.get('ticket')];
  if (!session || !ticket) return status;
  return (await lab.confirm(session, { ticket, endUser: person.endUser }, person.tenant)).status;
}

/** Each says by its name what is tried; none may come to a connection but the first. */
const scripts = {
  async 'honest use'(scene) {
    const person = pick(scene, scene.victim, scene.attacker);
    const { link } = await linkOf(scene, person);
    if (pick(scene, true, false)) await person.browser.begin(link); // double click, or back and again
    const query = scene.lab.provider.agree(await person.browser.begin(link), person.account);
    const status = await comeBack(scene, person, query);
    if (pick(scene, true, false)) await comeBack(scene, person, query); // reload
    return status === 200 ? 'connected' : `refused ${status}`;
  },

  async 'the attacker’s answer in the victim’s browser (login CSRF)'(scene) {
    const { victim, attacker, lab } = scene;
    const { link } = await linkOf(scene, pick(scene, attacker, victim));
    const query = lab.provider.agree(await attacker.browser.begin(link), attacker.account);
    if (pick(scene, true, false)) await victim.browser.begin((await linkOf(scene, victim)).link);
    return `refused ${await comeBack(scene, victim, query)}`;
  },

  async 'the attacker’s code under the victim’s state'(scene) {
    const { victim, attacker, lab } = scene;
    const own = await attacker.browser.begin((await linkOf(scene, attacker)).link);
    const theirs = await victim.browser.begin((await linkOf(scene, victim)).link);
    const query = new URLSearchParams(lab.provider.agree(own, attacker.account));
    query.set('state', new URL(theirs).searchParams.get('state') ?? '');
    return `refused ${await comeBack(scene, victim, query.toString())}`;
  },

  async 'the victim’s code in the attacker’s flow'(scene) {
    const { victim, attacker, lab } = scene;
    const own = await attacker.browser.begin((await linkOf(scene, attacker)).link);
    const theirs = await victim.browser.begin((await linkOf(scene, victim)).link);
    const query = new URLSearchParams(lab.provider.agree(theirs, victim.account));
    query.set('state', new URL(own).searchParams.get('state') ?? '');
    return `refused ${await comeBack(scene, attacker, query.toString())}`;
  },

  async 'the attacker’s link completed by the victim (COSF)'(scene) {
    const { victim, attacker, lab } = scene;
    const { id, link } = await linkOf(scene, attacker);
    const query = lab.provider.agree(await victim.browser.begin(link), victim.account);
    const { status, location } = await victim.browser.back(query);
    const ticket = URL.parse(location)?.searchParams.get('ticket') ?? 'A'.repeat(43);
    // The app confirms for who is signed in where the browser came back: the victim, of her own tenant or, for a colleague
    // who attacks, of the same one. Or the attacker asks, with a ticket that she does not have.
    const claims = [
      [{ ticket, endUser: victim.endUser }, victim.tenant],
      [{ ticket, endUser: victim.endUser }, attacker.tenant],
      [{ ticket, endUser: attacker.endUser }, victim.tenant],
      [{ ticket: 'A'.repeat(43), endUser: attacker.endUser }, attacker.tenant],
    ] as const;
    const confirmed = await lab.confirm(id, ...pick(scene, ...claims));
    return `${status}, then ${confirmed.status}`;
  },

  async 'a captured authorization URL opened by the victim'(scene) {
    const { victim, attacker, lab } = scene;
    const authorize = await attacker.browser.begin((await linkOf(scene, attacker)).link);
    const query = lab.provider.agree(authorize, victim.account); // agreed to before: no page is shown
    return `refused ${await comeBack(scene, victim, query)}`;
  },

  async 'the hostile provider sends the browser to the honest one (COAT)'(scene) {
    const { victim, lab } = scene;
    const { link } = await linkOf(scene, victim, 'github');
    const asked = new URL(await victim.browser.begin(link)).searchParams;
    const bounced = new URL('https://login.demo.invalid/auth');
    for (const [name, value] of asked) bounced.searchParams.set(name, value);
    bounced.searchParams.set('client_id', 'client-at-demo');
    bounced.searchParams.set('redirect_uri', `${HUB}/oauth/${pick(scene, 'demo', 'github')}/callback`);
    const query = lab.provider.agree(bounced.href, victim.account);
    return `refused ${await comeBack(scene, victim, query || 'error=x', pick(scene, 'demo', 'github'))}`;
  },

  async 'an answer that names another issuer (mix-up)'(scene) {
    const { victim, lab } = scene;
    const authorize = await victim.browser.begin((await linkOf(scene, victim)).link);
    const issuer = pick(scene, 'https://evil.example', 'https://login.demo.invalid/', 'HTTPS://LOGIN.DEMO.INVALID');
    const query = new URLSearchParams(lab.provider.agree(authorize, victim.account, issuer));
    if (pick(scene, true, false, false)) query.delete('iss');
    await comeBack(scene, victim, query.toString());
    return 'no code sent';
  },

  async 'a link that the attacker began first'(scene) {
    const { victim, attacker, lab } = scene;
    const { link } = await linkOf(scene, attacker);
    const query = lab.provider.agree(await attacker.browser.begin(link), attacker.account);
    const theirs = await victim.browser.begin(link);
    return theirs === '' ? `refused ${await comeBack(scene, victim, query)}` : 'went on';
  },

  async 'the ticket of one session for another'(scene) {
    const { victim, attacker, lab } = scene;
    const mine = await linkOf(scene, attacker);
    const theirs = await linkOf(scene, attacker);
    await victim.browser.back(lab.provider.agree(await victim.browser.begin(theirs.link), victim.account));
    const back = await attacker.browser.back(
      lab.provider.agree(await attacker.browser.begin(mine.link), attacker.account),
    );
    const ticket = URL.parse(back.location)?.searchParams.get('ticket') ?? '';
    return `${(await lab.confirm(theirs.id, { ticket, endUser: attacker.endUser }, attacker.tenant)).status}`;
  },

  async 'an answer that comes late'(scene) {
    const { victim, lab } = scene;
    const { link } = await linkOf(scene, victim);
    const query = lab.provider.agree(await victim.browser.begin(link), victim.account);
    lab.setNow(lab.moment.nowMs + 10 * MINUTE + Math.floor(scene.chance() * MINUTE));
    return `refused ${await comeBack(scene, victim, query)}`;
  },
} as const satisfies Record<string, (scene: Scene) => Promise<string>>;

/** Who holds the other's state or code is held up by PKCE alone (RFC 9700 §4.5): only a provider that checks it counts.
 *  All else must hold also where it is ignored. */
const needsPkce: readonly Attack[] = [
  'the attacker’s code under the victim’s state',
  'the victim’s code in the attacker’s flow',
];

export type Attack = keyof typeof scripts;
export const attacks = Object.keys(scripts) as readonly Attack[];

export interface AttackReport {
  readonly seed: number;
  readonly attack: Attack;
  readonly outcome: string;
  readonly violations: readonly string[];
}

/** Plays one script and holds what came of it against what must never be. */
export async function attack(seed: number): Promise<AttackReport> {
  const chance = seeded(seed);
  const script = attacks[seed % attacks.length] as Attack;
  const lab = connectLab({ checksPkce: needsPkce.includes(script) || chance() < 0.5 });
  const [ada, mallory] = [
    { tenant: 'acme', endUser: 'ada@acme.example', account: 'account-of-ada' },
    { tenant: 'globex', endUser: 'mallory@globex.example', account: 'account-of-mallory' },
  ] as const;
  const victim = { ...ada, browser: lab.browser() };
  const attacker = { ...mallory, browser: lab.browser() };
  const outcome = await scripts[script]({ lab, chance, victim, attacker, name: 'default' });
  lab.setNow(lab.moment.nowMs + 11 * MINUTE);
  await lab.sweep(); // what nobody confirmed is gone by now
  return { seed, attack: script, outcome, violations: judge(lab, script) };
}

function judge({ connections, provider, sink }: ConnectLab, script: Attack): string[] {
  const violations: string[] = [];
  const owners: Record<string, string> = { 'account-of-ada': 'acme', 'account-of-mallory': 'globex' };
  const rows = [...connections.rows.values()] as unknown as { tenantId: string; account: { id: string } }[];
  for (const { tenantId, account } of rows) {
    if (owners[account.id] !== tenantId) violations.push(`${tenantId} holds ${account.id}`);
  }
  if (script !== 'honest use' && rows.length > 0) violations.push('an attack came to a connection');
  if (provider.alive.size !== rows.length)
    violations.push(`${provider.alive.size} grants for ${rows.length} connections`);
  const leaked = [CLIENT_SECRET, ...provider.codes.keys(), ...provider.alive];
  const received = JSON.stringify(sink);
  if (leaked.some((secret) => received.includes(secret))) violations.push('the hostile provider received a secret');
  return violations;
}

export interface AttackSummary {
  readonly flows: number;
  readonly failures: readonly AttackReport[];
  /** How often each script ended how. */
  readonly outcomes: Readonly<Record<string, number>>;
}

/** Plays the flows of these seeds. */
export async function attackAll(seeds: Iterable<number>): Promise<AttackSummary> {
  const failures: AttackReport[] = [];
  const outcomes: Record<string, number> = {};
  let flows = 0;
  for (const seed of seeds) {
    const report = await attack(seed);
    flows += 1;
    const ending = `${report.attack}: ${report.outcome}`;
    outcomes[ending] = (outcomes[ending] ?? 0) + 1;
    if (report.violations.length > 0) failures.push(report);
  }
  return { flows, failures, outcomes };
}
