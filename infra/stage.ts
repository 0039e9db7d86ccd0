import { join } from 'node:path';
import * as z from 'zod';
import cdkJson from '../cdk.json' with { type: 'json' };
import packageJson from '../package.json' with { type: 'json' };
import { catalogue } from '../shared/providers/catalogue.ts';
import { checkProviders } from '../shared/providers/check.ts';
import { offeredProviders } from '../shared/providers/definitions.ts';
import { functionNames } from './contracts.ts';

const httpsUrl = z.url({ protocol: /^https$/ });
const origin = httpsUrl.refine((url) => URL.parse(url)?.origin === url, 'an origin: no path, no slash at the end');
const pace = z.strictObject({ rate: z.int().positive(), burst: z.int().positive() });
/** CloudWatch Logs knows these alone. */
const retentionDays = z.literal([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731]);

/** A stage as `cdk.json` has it under `context.stages`. */
const Settings = z.strictObject({
  /** Default: the account of the AWS profile in use. */
  account: z
    .string()
    .regex(/^\d{12}$/, 'twelve digits')
    .optional(),
  region: z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'a region, like eu-central-1'),
  /** Whom the hosted pages name. */
  owner: z.strictObject({
    name: z.string().trim().min(1).max(80),
    colour: z
      .string()
      .regex(/^#[0-9a-fA-F]{6}$/, 'a colour, like #0a66c2')
      .optional(),
    logoUrl: httpsUrl.optional(),
    supportUrl: httpsUrl.optional(),
  }),
  /** The hub's own domain, with a certificate of the same region. */
  domain: z.strictObject({ name: z.hostname(), certificateArn: z.string().startsWith('arn:aws') }).optional(),
  /** Where browsers reach the hub when something of the owner's stands before it. Default: the domain, or API Gateway's. */
  publicUrl: origin.optional(),
  /** Pages that may call the API from a browser. Default: none. */
  corsOrigins: z.array(origin).default([]),
  /** Default: every provider that the stage offers. */
  providers: z.array(z.string()).optional(),
  /** Whether `connections/token` hands out access tokens. */
  tokenExport: z.boolean().default(false),
  /** Whether a connection may answer from examples while its provider is down: never where its answers count. */
  hybridMode: z.boolean().default(false),
  /** How many calls each tenant may ask for in how many seconds. Default: the providers' limits alone. */
  tenantQuota: z.strictObject({ calls: z.int().positive(), perS: z.int().positive() }).optional(),
  alarmEmail: z.email().optional(),
  logRetentionDays: retentionDays.default(30),
  /** How long it is known who did what. */
  activityDays: z.int().min(1).max(3_650).default(400),
  /** Requests per second, over all callers. */
  throttling: z
    .strictObject({ api: pace, webhooks: pace })
    .default({ api: { rate: 100, burst: 200 }, webhooks: { rate: 200, burst: 400 } }),
  /** `<feature>/<verb>` → environments set aside. Default: none, since new accounts have ten in all. */
  reservedConcurrency: z.record(z.string(), z.int().min(1)).default({}),
});

/** All that `infra` is told: parsed once, here; nothing else in `infra` reads the environment. */
export interface Stage extends Omit<z.output<typeof Settings>, 'account' | 'providers'> {
  readonly name: string;
  readonly version: string;
  readonly account: string;
  readonly providers: readonly string[];
  /** Whether synth judges the template: CDK's own rules and cdk-nag's. */
  readonly checks: boolean;
  /** The folder of the bundles. */
  readonly bundles: string;
}

/** A stage that cannot be used: its message is the one line to show. */
export class StageError extends Error {}

const { stages, ...flags } = cdkJson.context;

/** CDK's feature flags, as the CDK's command line would pass them. */
export const featureFlags = flags;

/** Returns which stage is meant: `named` (`-c stage=`), else PATCHBAY_STAGE, else `local`. */
export function stageName(named?: string, env: NodeJS.ProcessEnv = process.env): string {
  return named ?? env.PATCHBAY_STAGE ?? 'local';
}

/** Returns the stage's settings: `named` (`-c stage=`), else PATCHBAY_STAGE, else `local`.
 *  Throws `StageError`, saying what to put where. */
export function readStage(
  named: string | undefined,
  env: NodeJS.ProcessEnv = process.env,
  settings: Readonly<Record<string, unknown>> = stages,
): Stage {
  const name = stageName(named, env);
  if (!/^[a-z][a-z0-9-]{0,15}$/.test(name)) {
    throw new StageError(`"${name}" cannot name a stage: at most 16 lower-case letters, digits and -.`);
  }
  if (!Object.hasOwn(settings, name)) {
    const known = Object.keys(settings).join(', ');
    throw new StageError(`There is no stage "${name}": add it to cdk.json under context.stages (there are: ${known}).`);
  }
  const parsed = Settings.safeParse(settings[name]);
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
    throw new StageError(`cdk.json, context.stages.${name}: ${faults.join('; ')}`);
  }
  const local = name === 'local';
  for (const variable of ['PATCHBAY_PROVIDERS', 'PATCHBAY_PUBLIC_URL']) {
    if (!local && env[variable]) throw new StageError(`${variable} exists in the local stage alone, not in "${name}".`);
  }
  const account = parsed.data.account ?? env.CDK_DEFAULT_ACCOUNT;
  if (!account) {
    throw new StageError(`Stage "${name}" has no account: sign in with an AWS profile, or set "account" in cdk.json.`);
  }
  return {
    ...parsed.data,
    name,
    account,
    version: packageJson.version,
    providers: chooseProviders(name, parsed.data.providers),
    reservedConcurrency: knownFunctions(name, parsed.data.reservedConcurrency),
    ...(local && { publicUrl: env.PATCHBAY_PUBLIC_URL ?? 'http://127.0.0.1:8787' }),
    checks: env.CDK_VALIDATION !== 'false',
    bundles: join(import.meta.dirname, '..', 'dist'),
  };
}

function chooseProviders(stage: string, chosen: readonly string[] | undefined): readonly string[] {
  const faults = checkProviders(catalogue);
  if (faults.length > 0) throw new StageError(`shared/providers: ${faults.join('; ')}`);
  const offered = offeredProviders(stage).map(({ provider }) => provider.id);
  const unknown = chosen?.filter((id) => !offered.includes(id)) ?? [];
  if (unknown.length === 0) return chosen ?? offered;
  throw new StageError(
    `cdk.json, context.stages.${stage}.providers: not offered: ${unknown.join(', ')} (choose from ${offered.join(', ')}).`,
  );
}

function knownFunctions(stage: string, reserved: Readonly<Record<string, number>>): Record<string, number> {
  const unknown = Object.keys(reserved).filter((name) => !functionNames().includes(name));
  if (unknown.length === 0) return reserved;
  throw new StageError(
    `cdk.json, context.stages.${stage}.reservedConcurrency: there is no function ${unknown.join(', ')}.`,
  );
}
