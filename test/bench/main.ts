import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readArgs } from '../../infra/args.ts';
import { acknowledgeCpuMs } from './acknowledge.ts';
import { runApart } from './apart.ts';
import { type CostRow, costTable, metricsOfProvider } from './bill.ts';
import { type Bundle, buildBundles } from './bundles.ts';
import { timeImports } from './imports.ts';
import type { PipelineCosts } from './pipeline.ts';
import type { Processed } from './process.ts';
import { vaultSpeed } from './vault.ts';
import { type Verified, verifiedPerSecond } from './verify.ts';
import type { Measured } from './ways.ts';

const usage = `npm run bench [-- --json] [--rounds N]: what each function weighs and how long its import takes, next to a bare
bundle of the SDK clients it uses, built and measured in the same run; and the hub's own CPU time of a warm
acknowledgement at 64 kB; how many webhooks its verifier judges, next to each provider's own; what a batch of them costs to
process; how many secrets the vault seals and opens again in a second, next to the AWS Encryption SDK; and what the requests that
are counted on each way cost at AWS's list prices, beside what the design aims at. Exits with 1 when a budget is exceeded; an aim
is none: the README's table is what a test holds the costs to.

  --json      one JSON object on stdout and nothing else
  --rounds N  fresh processes for each import, the median counts; default 15
  --help      this`;

/** Design §9. kB are thousands of bytes; the ratios are of medians in one run, since ms differ from one computer to another. */
const budgets = { receiveKB: 350, otherKB: 600, importRatio: 1.3, receiveCpuMs: 5, vaultRatio: 1, verifyRatio: 1 };
/** Two measurements of the same thing differ by so much. */
const NOISE = 0.1;

interface Row {
  readonly name: string;
  readonly kB: number;
  readonly importMs: number;
  readonly bareKB?: number;
  readonly bareMs?: number;
  /** Import against the bare one's; none where a function uses no client. */
  readonly ratio?: number;
  readonly over: readonly string[];
}

function judge({ name, bytes, bare }: Bundle, times: ReadonlyMap<string, number>): Row {
  const kB = bytes / 1000;
  const importMs = times.get(name) ?? Number.NaN;
  const bareMs = bare && times.get(bare.name);
  const ratio = bareMs && importMs / bareMs;
  const budget = name === 'webhooks/receive' ? budgets.receiveKB : budgets.otherKB;
  const over = [
    kB > budget && `over ${budget} kB`,
    ratio && ratio > budgets.importRatio && `over ${budgets.importRatio} x`,
  ];
  return {
    ...{ name, kB, importMs, ratio, bareMs },
    bareKB: bare && bare.bytes / 1000,
    over: over.filter((fault) => typeof fault === 'string'),
  };
}

function print(rows: readonly Row[]): void {
  const number = (value: number | undefined, digits: number, width: number) =>
    (value === undefined ? '-' : value.toFixed(digits)).padStart(width);
  console.log(`${'function'.padEnd(28)}     kB  bare kB  import ms  bare ms  ratio`);
  for (const { name, kB, bareKB, importMs, bareMs, ratio, over } of rows) {
    const sizes = `${number(kB, 0, 7)}${number(bareKB, 0, 9)}`;
    const times = `${number(importMs, 1, 11)}${number(bareMs, 1, 9)}${number(ratio, 2, 7)}`;
    console.log(`${name.padEnd(28)}${sizes}${times}  ${over.join(', ') || 'ok'}`);
  }
}

function printCosts(rows: readonly CostRow[], metrics: number): void {
  const usd = (value: number) => value.toFixed(2).padStart(8);
  console.log(`\n${'USD at list price, us-east-1'.padEnd(62)}of ten   alone    aim  of ten, where it goes`);
  for (const { what, ofTen, alone, aim, parts } of rows) {
    const spent = Object.entries(parts).filter(([, value]) => value >= 0.005);
    const where = spent.map(([name, value]) => `${name} ${value.toFixed(2)}`).join(', ');
    console.log(
      `${what.padEnd(60)}${usd(ofTen)}${usd(alone)}${aim === undefined ? '      -' : aim.toFixed(2).padStart(7)}  ${where}`,
    );
  }
  console.log(`a provider in use: ${metrics.toFixed(2)} a month for its metrics`);
}

function isSlow({ ratio }: Verified): boolean {
  return ratio < budgets.verifyRatio - NOISE;
}

function describe(one: Verified): string {
  const { sender, ours, theirs, ratio } = one;
  const what = `webhook of ${sender} verified: ${ours} a second of CPU; its own verifier ${theirs}`;
  return `${what}: ${ratio.toFixed(2)} x  ${isSlow(one) ? 'slower than it' : 'ok'}`;
}

const { values } = readArgs({
  options: {
    json: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '15' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
const rounds = Number(values.rounds);
if (values.help) {
  console.log(usage);
} else if (!Number.isInteger(rounds) || rounds < 1) {
  console.error(`--rounds takes a whole number from 1 on, not "${values.rounds}".`);
  process.exitCode = 1;
} else {
  const folder = mkdtempSync(join(tmpdir(), 'patchbay-bench-'));
  try {
    const bundles = await buildBundles(folder);
    const bare = new Map(bundles.flatMap((bundle) => (bundle.bare ? [[bundle.bare.name, bundle.bare] as const] : [])));
    const times = timeImports([...bundles, ...bare.values()], rounds);
    const rows = bundles.map((bundle) => judge(bundle, times)).sort((a, b) => b.kB - a.kB);
    const receiveCpuMs = acknowledgeCpuMs();
    const verified = await verifiedPerSecond();
    const processed = runApart<Processed>('process.ts', 'processCosts', 'await processCosts()');
    const vault = await vaultSpeed();
    const pipeline = runApart<PipelineCosts>('pipeline.ts', 'pipelineCosts', 'await pipelineCosts()');
    const measured = runApart<Measured>('ways.ts', 'countWays', 'await countWays()');
    const costs = costTable(measured);
    if (values.json) {
      console.log(
        JSON.stringify(
          {
            node: process.version,
            rounds,
            budgets,
            receiveCpuMs,
            verified,
            processed,
            vault,
            pipeline,
            costs,
            functions: rows,
          },
          null,
          2,
        ),
      );
    } else {
      print(rows);
      const verdict = receiveCpuMs < budgets.receiveCpuMs ? 'ok' : `over ${budgets.receiveCpuMs} ms`;
      console.log(`\nwebhook of 64 kB acknowledged, warm: own CPU p99 ${receiveCpuMs.toFixed(2)} ms  ${verdict}`);
      for (const one of verified) console.log(describe(one));
      const { putsPerEvent, eventsPerPutEvents } = processed;
      console.log(`webhook processed: ${putsPerEvent} conditional puts, ${eventsPerPutEvents} events a PutEvents`);
      const sdk = `AWS Encryption SDK ${vault.cached} with its cache, ${vault.bound} without`;
      const slow = vault.ratio < budgets.vaultRatio ? `slower than it` : 'ok';
      console.log(
        `secrets sealed and opened again: ${vault.vault} a second; ${sdk}: ${vault.ratio.toFixed(1)} x  ${slow}`,
      );
      const { bareMs, pipelineMs, overheadMs } = pipeline;
      const parts = `${pipelineMs.toFixed(2)} ms through the pipeline, ${bareMs.toFixed(2)} by a bare fetch`;
      console.log(`call: ${overheadMs.toFixed(2)} ms beside its exchange (${parts})`);
      printCosts(costs, metricsOfProvider(measured));
    }
    const tooMuch = rows.some(({ over }) => over.length > 0) || receiveCpuMs >= budgets.receiveCpuMs;
    if (verified.some(isSlow) || processed.putsPerEvent > 1) process.exitCode = 1;
    if (tooMuch || vault.ratio < budgets.vaultRatio) process.exitCode = 1;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
