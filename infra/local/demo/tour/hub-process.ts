import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

export interface HubProcess {
  readonly url: string;
  readonly operatorKey: string;
  /** Sends SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>;
}

const READY_MS = 60_000;

/** Returns the hub, started as a user would start it, once it says that it is ready. */
export async function startHubProcess(environment: Readonly<Record<string, string>>): Promise<HubProcess> {
  const child = spawn(process.execPath, ['infra/local/main.ts', '--json'], {
    cwd: join(import.meta.dirname, '..', '..', '..', '..'),
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'exit').then(([code]) => code as number | null);
  let complaints = '';
  child.stderr.on('data', (chunk) => {
    complaints = (complaints + chunk).slice(-2_000);
  });
  const killWithUs = () => child.kill('SIGKILL');
  process.once('exit', killWithUs);

  const ready = new Promise<{ url: string; operatorKey: string }>((resolve) => {
    let text = '';
    child.stdout.on('data', (chunk) => {
      text += chunk;
      const end = text.indexOf('\n');
      if (end >= 0) resolve(JSON.parse(text.slice(0, end)));
    });
  });
  const late = new Promise<never>((_, reject) => {
    setTimeout(() => reject(new Error(`the hub was not ready within ${READY_MS / 1000} s`)), READY_MS).unref();
  });
  const dead = ended.then((code) => {
    throw new Error(`the hub ended with ${code} before it was ready: ${complaints.trim()}`);
  });
  dead.catch(() => undefined); // once it is ready, its end is nobody's error
  const { url, operatorKey } = await Promise.race([ready, late, dead]);
  return {
    url,
    operatorKey,
    async stop() {
      process.removeListener('exit', killWithUs);
      child.kill('SIGTERM');
      return ended;
    },
  };
}
