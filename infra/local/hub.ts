import { randomBytes } from 'node:crypto';
import { createServer, type RequestListener } from 'node:http';
import { lambdaApi, openAsyncInvoke } from './async-invoke.ts';
import { holdFolder } from './data-folder.ts';
import { openDynamoDb } from './dynamodb.ts';
import { openEventBus } from './event-bus.ts';
import { openGateway } from './gateway.ts';
import { readGrants } from './grants.ts';
import { openHttpApi } from './http-api.ts';
import { openJournal } from './journal.ts';
import { openKms } from './kms.ts';
import { type Outcome, openFunctions } from './lambda.ts';
import { pollQueues } from './queues.ts';
import { openSchedules } from './schedules.ts';
import { openSecrets } from './secrets.ts';
import { close, listen } from './server.ts';
import { keepPrivate, type Say } from './service.ts';
import { openSqsAndS3 } from './sqs-s3.ts';
import { type Assembly, readTemplate } from './template.ts';

type ProviderSeeds = Readonly<Record<string, unknown>>;

export interface HubOptions {
  /** The cloud assembly to run, or what makes one for the public address, known by then. */
  readonly assembly: Assembly | ((publicUrl: string) => Promise<Assembly>);
  /** Where state is kept. Default: a temporary folder, removed at the end. */
  readonly data?: string;
  /** Default: any free one. */
  readonly port?: number;
  /** Default: the one kept in the data folder, made the first time. */
  readonly operatorKey?: string;
  /** Values of provider secrets, by provider. Default: none, the template's stay. */
  readonly providers?: ProviderSeeds | Promise<ProviderSeeds>;
  /** Whether schedules run by the clock; otherwise only `tick` fires them. Default: no. */
  readonly clock?: boolean;
  /** Environments per function. Default 2: more are slower on a small computer. */
  readonly concurrency?: number;
  /** Shortens visibility timeouts, s. Default: as the template has them. */
  readonly longestVisibilityS?: number;
  /** Between attempts of an asynchronous invocation, ms. Default 1000. */
  readonly retryMs?: number;
  /** A DynamoDB engine that runs already. Default: one is started. */
  readonly dynamoDbUrl?: string;
  /** Hears what the person at the keyboard should know. Default: nobody. */
  readonly say?: Say;
  /** Passes on what functions write and how long each phase took as well. Default: no. */
  readonly verbose?: boolean;
}

export type Hub = Awaited<ReturnType<typeof startHub>>;

/** Returns the running hub: the template behind `url`, AWS's services behind `awsUrl`. Throws one line on a taken port,
 *  a data folder in use or of another version, and on what the template has that is not known here. */
export async function startHub(options: HubOptions) {
  const { say = () => {}, concurrency = 2, verbose = false } = options;
  const cleanups: (() => unknown)[] = [];
  async function stop(): Promise<void> {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  }
  const timed = stopwatch(verbose ? say : () => {});

  try {
    const folder = holdFolder(options.data);
    cleanups.push(folder.release);
    let serve: RequestListener = starting;
    const server = createServer((incoming, outgoing) => serve(incoming, outgoing));
    const url = await listen(server, options.port);
    cleanups.push(() => close(server));
    const { assembly } = options;
    const made = typeof assembly === 'function' ? await timed('build and synth', assembly(url)) : assembly;

    const callers = new Map<string, { label: string; check: ReturnType<typeof readGrants> }>();
    const gateway = await openGateway((accessKey) => callers.get(accessKey), say);
    cleanups.push(gateway.stop);
    const template = readTemplate(made, gateway.url, url);
    const journal = openJournal(folder.file('logs'), verbose ? say : undefined);

    const operatorKey = keepOperatorKey(folder.file('operator.key'), options.operatorKey);
    const seeds = { ...(await options.providers), operator: { key: operatorKey } };
    const secrets = openSecrets(template, folder.file('secrets.json'), seeds);
    const kms = openKms(template, folder.file('kms.key'));
    const dynamodb = await timed('dynamodb', openDynamoDb(template, folder.path, options.dynamoDbUrl, say));
    cleanups.push(dynamodb.stop);
    const keeping = { folder: options.data && folder.path, longestVisibilityS: options.longestVisibilityS };
    const { sqs, s3, queues, ...sqsAndS3 } = await timed('sqs, s3', openSqsAndS3(template, keeping));
    cleanups.push(sqsAndS3.stop);

    const functions = openFunctions(template, gateway.url, concurrency, journal.write, say);
    cleanups.push(functions.stop);
    for (const fn of functions.all) callers.set(fn.id, { label: fn.label, check: readGrants(template, fn) });
    const invoker = openAsyncInvoke(template, functions, queues, say, options.retryMs ?? 1_000);
    const bus = openEventBus(template, queues, invoker, say);
    const schedules = openSchedules(template, functions, invoker, queues, say);
    gateway.serve({
      sqs,
      s3,
      secretsmanager: secrets,
      kms,
      dynamodb: dynamodb.service,
      events: bus.service,
      lambda: lambdaApi(functions, invoker, say),
    });
    serve = openHttpApi(template, functions);
    const pollers = pollQueues(template, functions, queues, say, concurrency);
    cleanups.push(invoker.stop, pollers.stop);
    if (options.clock) schedules.start();
    cleanups.push(schedules.stop, () => void server.close());

    return {
      url,
      operatorKey,
      awsUrl: gateway.url,
      /** Every event the bus took. */
      busEvents: bus.events,
      /** Every request of a function to AWS. */
      awsCalls: gateway.calls,
      /** Every line the functions wrote. */
      logs: journal.lines,
      functions: functions.all.map(({ label }) => label),
      schedules: schedules.names,
      /** Runs a function, named `feature/verb`, and returns what it answered. */
      invoke: (wanted: string, event: unknown): Promise<Outcome> => functions.invoke(wanted, event),
      /** Ends one running environment of a function, whatever it does; false where it has none. */
      kill: (wanted: string): boolean => functions.kill(wanted),
      tick: schedules.tick,
      /** How many messages a queue holds, hidden and delayed ones included. */
      queueDepth: queues.depth,
      /** Deletes what its TTL has run out on, as DynamoDB does in its own time. */
      sweep: dynamodb.sweep,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

const starting: RequestListener = (_, outgoing) => {
  outgoing.writeHead(503, { 'retry-after': '2' }).end();
};

function keepOperatorKey(file: string, given: string | undefined): string {
  return (
    given ?? keepPrivate(file, () => Buffer.from(`pb_local_operator_${randomBytes(24).toString('hex')}`)).toString()
  );
}

function stopwatch(say: Say) {
  return async <T>(what: string, work: Promise<T>): Promise<T> => {
    const begun = performance.now();
    const result = await work;
    say(`${what}: ${Math.round(performance.now() - begun)} ms`);
    return result;
  };
}
