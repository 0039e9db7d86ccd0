import { parseArgs } from 'node:util';

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
                      100 events to N subscriptions of every temper, faults at one of 200 requests; every single fault
  npm run simulate -- deliveries-load [--schedules N]
                      100 events to N subscriptions on the running hub, whose receivers are of every temper
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
                  outage 1000, on the running hub 20000, forged 500000; of records 10000, of subscriptions 1000, of calls and syncs
                  10000)
  --seed S        which ones: the same seed gives the same schedules (default: the time)
  --only SEED     that one schedule alone, with its plan; of mutants those of one group, one module or some of its lines
  --help          this text

Seeds that failed are kept in test/simulate/regressions.json and run first. Exit 1 where an invariant was broken.`;

const standards = {
  refresh: 100_000,
  exhaustive: 0,
  crashes: 0,
  rotate: 5_000,
  connect: 10_000,
  webhooks: 40_000,
  'webhook-faults': 0,
  'webhook-outages': 1_000,
  'webhook-load': 20_000,
  forgeries: 500_000,
  records: 10_000,
  calls: 10_000,
  'calls-load': 5_000,
  deliveries: 1_000,
  'deliveries-load': 100,
  syncs: 10_000,
  mutants: 0,
  'sync-load': 10_000,
  'sync-records': 50_000,
};
const isWord = (text: string): text is keyof typeof standards => Object.hasOwn(standards, text);

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    schedules: { type: 'string' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    only: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(help);
  process.exit(0);
}
const [what = 'refresh', ...surplus] = positionals;
if (surplus.length > 0 || !isWord(what)) {
  console.error(`what is simulated is one of ${Object.keys(standards).join(', ')}; see --help`);
  process.exit(2);
}
const count = Number(values.schedules ?? standards[what]);
const seed = Number(values.seed);
if (what === 'mutants') await (await import('./mutants.ts')).report(values.only);
const only = values.only === undefined ? undefined : Number(values.only);
if (![count, seed, only ?? 0].every((number) => Number.isInteger(number) && number >= 0)) {
  console.error('--schedules, --seed and --only take whole numbers; see --help');
  process.exit(2);
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130)); // what runs beside ends too
if (what === 'exhaustive') await (await import('./exhaustive-report.ts')).report();
if (what === 'crashes') await (await import('./crashes-report.ts')).report();
if (what === 'connect') await (await import('./connect-report.ts')).report(count, seed);
if (what === 'deliveries') await (await import('./deliveries-report.ts')).report(count, seed);
if (what === 'deliveries-load') await (await import('./deliveries-report.ts')).reportLoad(count);
if (what === 'rotate') await (await import('./rotation-report.ts')).report(count, seed);
if (what === 'calls') await (await import('./calls-report.ts')).report(count, seed);
if (what === 'calls-load') await (await import('./calls-report.ts')).reportLoad(count, seed);
if (what === 'webhook-faults') await (await import('./webhook-report.ts')).reportFaults();
if (what === 'webhook-outages') await (await import('./webhook-report.ts')).reportOutages(count, seed);
if (what === 'webhook-load') await (await import('./webhook-report.ts')).reportLoad(count, seed);
if (what === 'forgeries') (await import('./webhook-report.ts')).reportForgeries(count, seed);
if (what === 'records') await (await import('./records-report.ts')).report(count, seed);
if (what === 'sync-load') await (await import('./sync-report.ts')).reportLoad(count);
if (what === 'sync-records') await (await import('./sync-report.ts')).reportRecords(count, seed);
if (what === 'syncs') await reportCampaign(what, await import('./syncs.ts'), { count, seed, only });
if (what === 'webhooks') await reportCampaign(what, await import('./webhooks.ts'), { count, seed, only });
if (what === 'refresh') await reportCampaign(what, await import('./schedule.ts'), { count, seed, only });
