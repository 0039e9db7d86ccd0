import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import * as z from 'zod';
import { startHub } from './hub.ts';
import { synthesize } from './synth.ts';

const usage = `npm start [-- --json] [--verbose]: the hub's own template, run on this computer.

  --json      when ready, one JSON object on stdout and nothing else
  --verbose   what each phase took and what the functions write, on stderr
  --help      this

  PORT                    default 8787; 0 takes any free port
  PATCHBAY_DATA           where state is kept; default .patchbay
  PATCHBAY_OPERATOR_KEY   the key that may do everything; default: made once, kept in the data folder
  PATCHBAY_PROVIDERS      a JSON file: {"github": {"clientId": "...", "clientSecret": "...", "webhookSecrets": ["..."]}}
  AWS_ENDPOINT_URL_DYNAMODB   a DynamoDB that runs already`;

const url = z.url({ protocol: /^https?$/ });
const Providers = z.record(
  z.string().regex(/^[a-z][a-z0-9-]*$/),
  z.strictObject({
    clientId: z.string().min(1).optional(),
    clientSecret: z.string().min(1).optional(),
    privateKey: z.string().startsWith('-----BEGIN ').optional(),
    variables: z.record(z.string(), z.string().min(1).max(100)).optional(),
    webhookSecrets: z.array(z.string().min(16)).max(5).optional(),
    webhookSettings: z.record(z.string(), z.unknown()).optional(),
    subscriptions: z.record(z.string(), z.record(z.string(), z.string())).optional(),
    origins: z.record(url, url).optional(),
  }),
);

const Settings = z.object({
  PORT: z.coerce.number('a port number').int('a port number').min(0).max(65_535).default(8787),
  PATCHBAY_DATA: z.string().min(1).default('.patchbay'),
  PATCHBAY_OPERATOR_KEY: z.string().min(16, 'at least 16 characters').optional(),
  PATCHBAY_PROVIDERS: z.string().min(1).optional(),
  AWS_ENDPOINT_URL_DYNAMODB: url.optional(),
});

function check<Schema extends z.ZodType>(schema: Schema, value: unknown, what: string): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path, message }) => [...path, message].join(': '));
  throw new Error(`${what}: ${faults.join('; ')}`);
}

function readProviders(file: string | undefined): z.output<typeof Providers> {
  if (file === undefined) return {};
  if (!existsSync(file)) throw new Error(`PATCHBAY_PROVIDERS: there is no file ${file}`);
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new Error(`PATCHBAY_PROVIDERS: ${file} is not JSON (${error instanceof Error ? error.message : error})`);
  }
  return check(Providers, content, `PATCHBAY_PROVIDERS: ${file}`);
}

async function main(): Promise<void> {
  const flag = { type: 'boolean', default: false } as const;
  const { values } = parseArgs({ options: { json: flag, verbose: flag, help: { ...flag, short: 'h' } } });
  if (values.help) return console.log(usage);
  const settings = check(Settings, process.env, 'environment');
  const given = readProviders(settings.PATCHBAY_PROVIDERS);

  let stop = async () => process.exit(130);
  let stopping = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (stopping) process.exit(130);
      stopping = true;
      void stop();
    });
  }

  const data = settings.PATCHBAY_DATA;
  const starting = import('./demo/provider.ts').then(({ startDemoProvider }) =>
    startDemoProvider({ file: join(data, 'demo.sqlite') }),
  );
  starting.catch(() => {}); // whoever awaits it says so
  const hub = await startHub({
    assembly: () => synthesize(join(data, 'cdk.out')),
    data,
    port: settings.PORT,
    operatorKey: settings.PATCHBAY_OPERATOR_KEY,
    providers: starting.then((demo) => ({ ...demo.providers, ...given })), // made while the hub is built
    dynamoDbUrl: settings.AWS_ENDPOINT_URL_DYNAMODB,
    clock: true,
    say: console.error,
    verbose: values.verbose,
  });
  const demo = await starting;
  stop = async () => {
    await Promise.all([hub.stop(), demo.stop()]);
    process.exit(0);
  };
  if (stopping) return stop();
  const { url, operatorKey, awsUrl } = hub;
  if (values.json) {
    console.log(
      JSON.stringify({
        ready: true,
        url,
        operatorKey,
        awsUrl,
        data,
        demo: { issuer: demo.issuer, apiUrl: demo.apiUrl },
      }),
    );
  } else {
    if (!settings.PATCHBAY_OPERATOR_KEY) console.log(`operator key ${operatorKey}`);
    console.log(`console ${url}/console`);
    console.log(`ready ${url}`);
  }
}

main().catch((error) => {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
});
