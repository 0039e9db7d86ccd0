import { readArgs } from '../../infra/args.ts';

// Failures are what is simulated: their log lines say nothing new here. Read by the logger as it loads.
Object.assign(process.env, { POWERTOOLS_LOG_LEVEL: 'SILENT', POWERTOOLS_METRICS_DISABLED: 'true' });
const { reportCampaign } = await import('./campaign-report.ts');

const help = `Runs the hub's own modules through simulated crashes, lost answers, throttling and slowness.

  npm run simulate -- [refresh] [--schedules N] [--seed S] [--only SEED]
                      eight callers at expiry, random schedules of up to five faults
  npm run simulate -- exhaustive
                      two callers, every order of their requests, every single fault at every place
  npm run simulate -- crashes
                      a connection's life, each step with every pair of faults: both within, or the second while it is mended
  npm run simulate -- rotate [--schedules N] [--seed S]
                      rotations of data keys among refreshes, reads and crashes
  npm run simulate -- connect [--schedules N] [--seed S]
                      attacks on the connect protocol, orders of its events, callbacks at once
  npm run simulate -- webhooks [--schedules N] [--seed S] [--only SEED]
                      25 webhooks a schedule, from the request to the inbox and the bus, up to five faults
  npm run simulate -- webhook-faults
                      every single fault, and every two, at every request of a webhook's way
  npm run simulate -- webhook-outages [--schedules N] [--seed S]
                      every service, and every two, down for five minutes, with N webhooks meanwhile
  npm run simulate -- webhook-load [--schedules N] [--seed S]
                      N webhooks on the running hub, 64 at a time, while its workers are killed
  npm run simulate -- forgeries [--schedules N] [--seed S]
                      N forged requests of all senders, and genuine ones, before the verifier
  npm run simulate -- records [--schedules N] [--seed S]
                      objects told by webhooks in any order, twice, late or never, and polled beside that
  npm run simulate -- deliveries [--schedules N] [--seed S]
                      100 events to N subscriptions whose receivers take, stall, fail or refuse, faults at one of 200 requests; every single fault
  npm run simulate -- deliveries-load [--schedules N]
                      100 events to N such subscriptions on the running hub
  npm run simulate -- calls [--schedules N] [--seed S]
                      N calls of 50 tenants against limits, an hour's outage, one tenant that is loud, slow or failing
  npm run simulate -- calls-load [--schedules N] [--seed S]
                      N calls on the running hub, 64 requests at a time, while providers fail and its workers are killed
  npm run simulate -- syncs [--schedules N] [--seed S] [--only SEED]
                      random histories of a sync: changes, ticks, messages, webhooks and tokens lost, late and repeated
  npm run simulate -- mutants [--only GROUP | FILE[:LINE-LINE]]
                      verify, session, refresh, vault and de-duplication, changed in every small way, one at a time and in a
                      copy of the tree: at least 85 % of it must fail a test (G15). Beside that, \`npm test\` plants bugs as
                      people write them in the verifier
  npm run simulate -- sync-load [--schedules N]
                      N syncs due at once, on the running hub's tables and queues
  npm run simulate -- sync-records [--schedules N] [--seed S]
                      N contacts copied by the running hub, while webhooks tell of changes, or are lost

  --schedules N   how many schedules (default 100000; of rotations 5000, of attacks 10000, of webhooks 40000, in an
                  outage 1000, on the running hub 20000, forged 500000; of records 10000, of subscriptions 1000, on the running
                  hub 100; of calls and syncs 10000)
  --seed S        which ones: the same seed gives the same schedules (default: the time)
  --only SEED     that one schedule alone, with its plan; of mutants those of one group, one module or some of its lines
  --help          this text

Seeds that failed are kept in test/simulate/regressions.json and run first. Exit 1 where an invariant was broken.`;

interface Campaign {
  /** How many schedules it runs unless told otherwise. */
  readonly schedules: number;
  readonly run: (count: number, seed: number, only: number | undefined) => Promise<unknown>;
}

const campaigns: Readonly<Record<string, Campaign>> = {
  refresh: {
    schedules: 100_000,
    run: async (count, seed, only) => reportCampaign('refresh', await import('./schedule.ts'), { count, seed, only }),
  },
  webhooks: {
    schedules: 40_000,
    run: async (count, seed, only) => reportCampaign('webhooks', await import('./webhooks.ts'), { count, seed, only }),
  },
  syncs: {
    schedules: 10_000,
    run: async (count, seed, only) => reportCampaign('syncs', await import('./syncs.ts'), { count, seed, only }),
  },
  exhaustive: { schedules: 0, run: async () => (await import('./exhaustive-report.ts')).report() },
  crashes: { schedules: 0, run: async () => (await import('./crashes-report.ts')).report() },
  rotate: { schedules: 5_000, run: async (count, seed) => (await import('./rotation-report.ts')).report(count, seed) },
  connect: { schedules: 10_000, run: async (count, seed) => (await import('./connect-report.ts')).report(count, seed) },
  'webhook-faults': { schedules: 0, run: async () => (await import('./webhook-report.ts')).reportFaults() },
  'webhook-outages': {
    schedules: 1_000,
    run: async (count, seed) => (await import('./webhook-report.ts')).reportOutages(count, seed),
  },
  'webhook-load': {
    schedules: 20_000,
    run: async (count, seed) => (await import('./webhook-report.ts')).reportLoad(count, seed),
  },
  forgeries: {
    schedules: 500_000,
    run: async (count, seed) => (await import('./webhook-report.ts')).reportForgeries(count, seed),
  },
  records: { schedules: 10_000, run: async (count, seed) => (await import('./records-report.ts')).report(count, seed) },
  deliveries: {
    schedules: 1_000,
    run: async (count, seed) => (await import('./deliveries-report.ts')).report(count, seed),
  },
  'deliveries-load': {
    schedules: 100,
    run: async (count) => (await import('./deliveries-report.ts')).reportLoad(count),
  },
  calls: { schedules: 10_000, run: async (count, seed) => (await import('./calls-report.ts')).report(count, seed) },
  'calls-load': {
    schedules: 5_000,
    run: async (count, seed) => (await import('./calls-report.ts')).reportLoad(count, seed),
  },
  'sync-load': { schedules: 10_000, run: async (count) => (await import('./sync-report.ts')).reportLoad(count) },
  'sync-records': {
    schedules: 50_000,
    run: async (count, seed) => (await import('./sync-report.ts')).reportRecords(count, seed),
  },
};

const { values, positionals } = readArgs({
  allowPositionals: true,
  options: {
    schedules: { type: 'string' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    only: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130)); // what runs beside ends too
const [what = 'refresh', ...surplus] = positionals;
const campaign = Object.hasOwn(campaigns, what) ? campaigns[what] : undefined;
if (values.help) console.log(help);
else if (what === 'mutants' && surplus.length === 0) await (await import('./mutants.ts')).report(values.only);
else if (!campaign || surplus.length > 0)
  refuse(`what is simulated is one of ${[...Object.keys(campaigns), 'mutants'].join(', ')}; see --help`);
else {
  const { schedules = campaign.schedules, seed, only } = values;
  const [count, first, alone] = [schedules, seed, only ?? 0].map(Number);
  if (![count, first, alone].every((number) => Number.isInteger(number) && Number(number) >= 0))
    refuse('--schedules, --seed and --only take whole numbers; see --help');
  else await campaign.run(Number(count), Number(first), only === undefined ? undefined : Number(alone));
}

function refuse(line: string): void {
  console.error(line);
  process.exitCode = 2;
}
