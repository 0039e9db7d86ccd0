import { randomUUID } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import type { FunctionError, Outcome } from './lambda.ts';

export type OnOutput = (label: string, requestId: string, text: string) => void;

interface Settings {
  readonly label: string;
  readonly name: string;
  readonly arn: string;
  /** The bundle, and the name of its handler. */
  readonly file: string;
  readonly exported: string;
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly memoryMb: number;
  /** Environments at the same time. */
  readonly most: number;
}

type Reply =
  | { readonly kind: 'ready' }
  | { readonly kind: 'result'; readonly payload: string }
  | { readonly kind: 'failure'; readonly error: FunctionError };

const INIT_MS = 10_000;
const MOST_BYTES = 6 * 1024 * 1024;

/** Returns the environments of one function, reused while they are well, ended when they are not. */
export function openPool(settings: Settings, onOutput: OnOutput) {
  const idle: Environment[] = [];
  const alive = new Set<Environment>();
  const waiting: (() => void)[] = [];
  let free = settings.most;
  let stopped = false;

  /** A slot is handed over, never freed and raced for: the cap holds whatever dies meanwhile. */
  async function slot(): Promise<void> {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
  }

  function release(): void {
    const next = waiting.shift();
    if (next) next();
    else free += 1;
  }

  function take(): Environment {
    const environment = idle.pop() ?? openEnvironment(settings, onOutput);
    alive.add(environment);
    if (environment.usable()) return environment;
    alive.delete(environment);
    return take();
  }

  return {
    async run(event: string): Promise<Outcome> {
      const requestId = randomUUID();
      const refuse = (errorType: string, errorMessage: string): Outcome => {
        return { ok: false, requestId, error: { errorType, errorMessage } };
      };
      if (settings.most === 0) return refuse('TooManyRequestsException', 'Its reserved concurrency is 0');
      if (Buffer.byteLength(event) > MOST_BYTES) return refuse('RequestTooLargeException', 'The event is over 6 MB');
      await slot();
      try {
        if (stopped) return refuse('ServiceException', 'The hub is stopping');
        const environment = take();
        const reply = await environment.run(event, requestId);
        if (environment.usable()) idle.push(environment);
        else alive.delete(environment);
        if (reply.kind === 'result' && Buffer.byteLength(reply.payload) > MOST_BYTES) {
          return refuse('Function.ResponseSizeTooLarge', 'The answer is over 6 MB');
        }
        if (reply.kind === 'result') return { ok: true, payload: reply.payload, requestId };
        const error = reply.kind === 'failure' ? reply.error : { errorType: 'Runtime', errorMessage: 'Out of turn' };
        onOutput(settings.label, requestId, JSON.stringify({ level: 'ERROR', ...error }));
        return { ok: false, error, requestId };
      } finally {
        release();
      }
    },
    /** Ends the oldest environment in the middle of whatever it does, as a host that fails would; false: there is none. */
    kill(): boolean {
      const environment = [...alive].find((one) => one.usable());
      environment?.kill();
      return environment !== undefined;
    },
    async stop(): Promise<void> {
      stopped = true;
      await Promise.all([...alive].map((environment) => environment.end()));
    },
  };
}

type Environment = ReturnType<typeof openEnvironment>;

function openEnvironment({ env, memoryMb, timeoutMs, label, ...about }: Settings, onOutput: OnOutput) {
  const worker = new Worker(new URL('./lambda-worker.ts', import.meta.url), {
    env,
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: memoryMb },
    workerData: { ...about, memoryMb },
  });
  let usable = true;
  let requestId = 'init';
  let settle: (reply: Reply) => void = () => {};

  function next(withinMs: number, phase: string): Promise<Reply> {
    return new Promise((resolve) => {
      const late = `${phase} timed out after ${(withinMs / 1000).toFixed(2)} seconds`;
      const timer = setTimeout(() => fail('Sandbox.Timedout', late), withinMs);
      settle = (reply) => {
        clearTimeout(timer);
        resolve(reply);
      };
    });
  }

  function fail(errorType: string, errorMessage: string): void {
    usable = false;
    settle({ kind: 'failure', error: { errorType, errorMessage } });
    void worker.terminate(); // also ends a loop that never yields
  }

  let ready: Promise<Reply> | undefined = next(INIT_MS, 'Init');
  worker.on('message', (reply: Reply | { readonly kind: 'output'; readonly text: string }) => {
    if (reply.kind === 'output') onOutput(label, requestId, reply.text);
    else settle(reply);
  });
  worker.on('error', (error) => fail(error.name, error.message));
  worker.on('exit', (code) => fail('Runtime.ExitError', `The environment ended with exit code ${code}`));

  return {
    usable: () => usable,
    async run(event: string, id: string): Promise<Reply> {
      const begun = await ready;
      ready = undefined;
      if (begun?.kind === 'failure') {
        fail('Runtime.InitError', 'It is over');
        return begun;
      }
      requestId = id;
      const answered = next(timeoutMs, 'Task');
      worker.postMessage({ event, requestId, deadlineMs: Date.now() + timeoutMs });
      if (!usable)
        settle({ kind: 'failure', error: { errorType: 'Runtime.ExitError', errorMessage: 'It ended idle' } });
      return answered;
    },
    kill: () => fail('Runtime.ExitError', 'It was killed'),
    end: () => worker.terminate(),
  };
}
