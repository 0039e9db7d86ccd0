import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readArgs } from '../../args.ts';
import { startBucket } from './bucket.ts';
import { startDemoProvider } from './provider.ts';
import { startSenders } from './senders.ts';
import { startThirdParties } from './third-parties.ts';
import { callSteps, lateCallSteps } from './tour/calls.ts';
import { connectSteps, lastSteps, tenantSteps } from './tour/connect.ts';
import { deliverySteps } from './tour/deliveries.ts';
import { startHubProcess } from './tour/hub-process.ts';
import { kindSteps } from './tour/kinds.ts';
import type { Scene, Step } from './tour/scene.ts';
import { senderSteps } from './tour/senders.ts';
import { syncSteps, tickStep } from './tour/syncs.ts';
import { webhookSteps } from './tour/webhooks.ts';

const usage = `npm run demo [-- --json]: the whole tour of the hub, unattended, in about a minute and a half.
Starts the hub, a sample app, an OAuth server and a provider on this computer, and prints what each step came to.
  --json   one JSON object in the end, for programs
  --help   this text
Exits 1 when a step did not go as expected.`;

/** The order matters: each step finds what those before it left. */
const steps: readonly Step[] = [
  ...tenantSteps,
  ...connectSteps,
  ...syncSteps,
  ...callSteps,
  ...webhookSteps,
  ...senderSteps,
  ...kindSteps,
  tickStep,
  ...lateCallSteps,
  ...deliverySteps,
  ...lastSteps,
];

interface Outcome {
  readonly step: string;
  readonly expected: string;
  readonly happened: string;
  readonly ok: boolean;
  readonly ms: number;
}

async function tour(tell: (outcome: Outcome) => void): Promise<readonly Outcome[]> {
  const folder = mkdtempSync(join(tmpdir(), 'patchbay-tour-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const demo = await startDemoProvider();
  const thirdParties = await startThirdParties();
  const store = await startBucket();
  const { senders, entered, stop: stopSenders } = await startSenders();
  const providers = join(folder, 'providers.json');
  writeFileSync(providers, JSON.stringify(entered({ ...demo.providers, ...thirdParties.providers, s3: store.s3 })));
  let port = '0';
  const startHub = () =>
    startHubProcess({ PORT: port, PATCHBAY_DATA: join(folder, 'data'), PATCHBAY_PROVIDERS: providers });

  const outcomes: Outcome[] = [];
  const record = async ({ step, expected }: Omit<Step, 'happen'>, happen: () => Promise<string>) => {
    const startedMs = performance.now();
    const happened = await happen().catch((error: unknown) => (error instanceof Error ? error.message : String(error)));
    const outcome = {
      step,
      expected,
      happened,
      ok: happened === expected,
      ms: Math.round(performance.now() - startedMs),
    };
    outcomes.push(outcome);
    tell(outcome);
    return outcome.ok;
  };

  const scene = { demo, thirdParties, senders, startHub } as Scene;
  const started = await record({ step: 'npm start', expected: 'ready' }, async () => {
    scene.hub = await startHub();
    port = new URL(scene.hub.url).port;
    return 'ready';
  });
  if (started) for (const step of steps) await record(step, () => step.happen(scene));
  if (started) await record({ step: 'Ctrl-C', expected: 'exit 0' }, async () => `exit ${await scene.hub.stop()}`);

  const servers = [scene.ownerApp, scene.inbox, thirdParties, store, demo];
  await Promise.all([...servers.map((server) => server?.stop()), stopSenders()]);
  return outcomes;
}

const { values: flags } = readArgs({ options: { json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } });

function row(mark: string, step: string, expected: string, happened: string, ms: string): string {
  return `${mark.padEnd(4)} ${step.padEnd(42)} ${expected.padEnd(44)} ${happened.padEnd(44)} ${ms.padStart(6)}`;
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

if (flags.help) console.log(usage);
else {
  if (!flags.json) console.log(row('', 'step', 'expected', 'happened', 'ms'));
  const startedMs = performance.now();
  const outcomes = await tour(({ ok, step, expected, happened, ms }) => {
    if (!flags.json) console.log(row(ok ? 'ok' : 'MISS', step, expected, happened, String(ms)));
  });
  const misses = outcomes.filter(({ ok }) => !ok).length;
  const ms = Math.round(performance.now() - startedMs);
  if (flags.json) console.log(JSON.stringify({ ok: misses === 0, ms, steps: outcomes }));
  else console.log(`${outcomes.length} steps, ${misses} misses, ${Math.round(ms / 1000)} s`);
  process.exitCode = misses === 0 ? 0 : 1;
}
