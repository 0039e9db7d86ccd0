import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readSettings } from './settings.ts';

const usage = `npm start [-- --json] [--verbose]: the hub's own template, run on this computer.

  --json      when ready, one JSON object on stdout and nothing else
  --verbose   what each phase took and what the functions write, on stderr
  --help      this

  PORT                    default 8787; 0 takes any free port
  PATCHBAY_DATA           where state is kept; default .patchbay
  PATCHBAY_OPERATOR_KEY   the key that may do everything; default: made once, kept in the data folder
  PATCHBAY_PROVIDERS      a JSON file: {"github": {"clientId": "...", "clientSecret": "...", "webhookSecrets": ["..."]}}
  AWS_ENDPOINT_URL_DYNAMODB   a DynamoDB that runs already`;

async function main(): Promise<void> {
  const flag = { type: 'boolean', default: false } as const;
  const { values } = parseArgs({ options: { json: flag, verbose: flag, help: { ...flag, short: 'h' } } });
  if (values.help) return console.log(usage);
  const { settings, providers } = readSettings(process.env);

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
  // Only now: they take longest to load, and help and refusals do without.
  const [{ startHub }, { synthesize }] = await Promise.all([import('./hub.ts'), import('./synth.ts')]);
  const hub = await startHub({
    assembly: () => synthesize(join(data, 'cdk.out')),
    data,
    port: settings.PORT,
    operatorKey: settings.PATCHBAY_OPERATOR_KEY,
    providers: starting.then((demo) => ({ ...demo.providers, ...providers })), // made while the hub is built
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
