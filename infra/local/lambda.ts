import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { type OnOutput, openPool } from './lambda-pool.ts';
import { region } from './resources.ts';
import type { Say } from './service.ts';
import type { Resource, Template } from './template.ts';

interface FunctionProperties {
  readonly Code: { readonly S3Key?: string };
  readonly Handler?: string;
  readonly Description?: string;
  readonly Timeout?: number;
  readonly MemorySize?: number;
  readonly Environment?: { readonly Variables?: Readonly<Record<string, string>> };
  readonly ReservedConcurrentExecutions?: number;
  readonly DeadLetterConfig?: { readonly TargetArn?: string };
  readonly Role?: string;
}

/** A function of the template. `label` is `feature/verb`, which the project describes each function with. */
export type Fn = Resource<FunctionProperties> & { readonly label: string };

export type Outcome =
  | { readonly ok: true; readonly payload: string; readonly requestId: string }
  | { readonly ok: false; readonly error: FunctionError; readonly requestId: string };

export interface FunctionError {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace?: readonly string[];
}

export type Functions = ReturnType<typeof openFunctions>;

/** Returns the template's functions as pools of worker threads, at most `cap` environments each. */
export function openFunctions(template: Template, awsUrl: string, cap: number, onOutput: OnOutput, say: Say) {
  const all: readonly Fn[] = template.all<FunctionProperties>('AWS::Lambda::Function').map((one) => {
    const { Description = '' } = one.properties;
    return { ...one, label: /^[a-z-]+\/[a-z-]+$/.test(Description) ? Description : one.name };
  });
  const running = new Set<Promise<Outcome>>();
  const pools = new Map(
    all.map((fn) => {
      const { Timeout = 3, MemorySize = 128, ReservedConcurrentExecutions = cap, Environment } = fn.properties;
      const settings = { ...fn, timeoutMs: Timeout * 1000, memoryMb: MemorySize, ...locate(fn, template) };
      const env = { ...Environment?.Variables, ...awsEnvironment(fn, awsUrl, MemorySize) };
      return [fn.id, openPool({ ...settings, env, most: Math.min(cap, ReservedConcurrentExecutions) }, onOutput)];
    }),
  );
  if (pools.size < all.length) throw new Error('Two functions of the template bear the same logical id');

  return {
    all,
    /** A function by its label, logical id, name or ARN, or by the URI API Gateway makes of that. */
    find(wanted: string): Fn {
      const plain = wanted.replace(/^arn:aws:apigateway:.*\/functions\//, '').replace(/\/invocations$/, '');
      const found = all.find(({ label, id, name, arn }) => [label, id, name, arn].includes(plain));
      if (found) return found;
      throw new Error(`There is no function ${wanted}; there are ${all.map(({ label }) => label).join(', ')}`);
    },
    /** Returns what the function answered; a crash, a time-out or a broken import is an error, never a throw. */
    async invoke(wanted: string, event: unknown): Promise<Outcome> {
      const { id, label } = this.find(wanted);
      const pool = pools.get(id);
      if (!pool) throw new Error(`There is no pool for ${label}`);
      const run = pool.run(JSON.stringify(event)).finally(() => running.delete(run));
      running.add(run);
      const outcome = await run;
      if (!outcome.ok) say(`${label} failed: ${outcome.error.errorType}: ${outcome.error.errorMessage}`);
      return outcome;
    },
    /** Ends one environment of the function; false where it has none. */
    kill(wanted: string): boolean {
      return pools.get(this.find(wanted).id)?.kill() ?? false;
    },
    /** Lets what runs come to its end within `graceMs`, then ends every environment. */
    async stop(graceMs = 1_000): Promise<void> {
      await within(graceMs, Promise.all(running));
      await Promise.all([...pools.values()].map((pool) => pool.stop()));
    },
  };
}

/** Returns what the work comes to, or nothing after `ms`. */
export async function within<T>(ms: number, work: Promise<T>): Promise<T | undefined> {
  const late = new AbortController();
  const timer = wait(ms, undefined, { signal: late.signal }).catch(() => undefined);
  return Promise.race([work, timer]).finally(() => late.abort());
}

function locate({ id, properties: { Code, Handler = 'index.handler' } }: Fn, template: Template) {
  if (!Code.S3Key) throw new Error(`Function ${id}: only code from an asset is known on this computer`);
  const folder = template.asset(Code.S3Key);
  const [stem = '', exported = ''] = Handler.split('.');
  const file = ['mjs', 'js', 'cjs'].map((ending) => join(folder, `${stem}.${ending}`)).find(existsSync);
  if (!file) throw new Error(`Function ${id}: its handler ${Handler} is not in ${folder}`);
  return { file: pathToFileURL(file).href, exported };
}

/** The access key is the function's logical id: the gateway knows by it who calls. Nothing of the developer's own
 *  AWS settings reaches a function. */
function awsEnvironment({ id, name }: Fn, awsUrl: string, memoryMb: number) {
  return {
    AWS_ACCESS_KEY_ID: id,
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_ENDPOINT_URL: awsUrl,
    AWS_SHARED_CREDENTIALS_FILE: '/nonexistent/credentials',
    AWS_CONFIG_FILE: '/nonexistent/config',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
    AWS_LAMBDA_FUNCTION_NAME: name,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMb),
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${name}`,
    AWS_LAMBDA_LOG_STREAM_NAME: 'local',
  };
}
