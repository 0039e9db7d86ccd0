import { spawnSync } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { contracts } from '../../infra/contracts.ts';
import type { FunctionContract } from '../../shared/core/contract.ts';
import type { Bundle } from './bundles.ts';

const probe = `
const begun = performance.now();
await import(process.env.BENCH_FILE);
process.stdout.write(String(performance.now() - begun));`;

/** Returns the median of each bundle's import in ms, by name: fresh processes, one of each in turn, so that whatever
 *  else the computer does meets all alike. */
export function timeImports(bundles: readonly Bundle[], rounds: number): ReadonlyMap<string, number> {
  const times = new Map<string, number[]>(bundles.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const { name, file } of bundles) times.get(name)?.push(timeOnce(name, file));
  }
  return new Map([...times].map(([name, measured]) => [name, median(measured)]));
}

function timeOnce(name: string, file: string): number {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', probe], {
    env: { ...settingsOf(name), BENCH_FILE: pathToFileURL(file).href },
    encoding: 'utf8',
  });
  if (status !== 0)
    throw new Error(`${name} does not start: ${stderr.match(/^\w*Error: .*/m)?.[0] ?? stderr.slice(-500)}`);
  return Number(stdout);
}

/** Made-up settings that fit the contract. */
function settingsOf(name: string): Record<string, string> {
  const [feature = '', verb = ''] = name.split('/');
  const contract = (contracts as Record<string, Record<string, FunctionContract>>)[feature]?.[verb];
  const special: Record<string, string> = {
    STAGE: 'prod',
    PUBLIC_URL: 'https://hub.example.com',
    OWNER: '{"name":"Example Inc."}',
    TOKEN_EXPORT: 'off',
    HYBRID_MODE: 'off',
    TENANT_QUOTA: 'off',
  };
  const settings = Object.keys(contract?.env.shape ?? {}).map((setting) => [
    setting,
    special[setting] ?? (setting.endsWith('_URL') ? 'https://sqs.us-east-1.amazonaws.com/111111111111/queue' : 'name'),
  ]);
  return {
    ...Object.fromEntries(settings),
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'bench',
    AWS_SECRET_ACCESS_KEY: 'bench',
    POWERTOOLS_METRICS_NAMESPACE: 'Patchbay',
    ...{ ACTIVITY_TABLE: 'name', ACTIVITY_DAYS: '365' }, // of each that is audited
  };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}
