import { spawn } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { close, listen } from './server.ts';
import type { Say } from './service.ts';

export interface Engine {
  readonly url: string;
  stop(): Promise<void>;
}

const require = createRequire(import.meta.url);
const dynaliteDefect =
  'DynamoDB by dynalite, as dynoxide has no binary here: rows with colliding index keys (1 in some thousands) ' +
  'are missing from its indexes. AWS_ENDPOINT_URL_DYNAMODB names another engine.';

/** Returns DynamoDB on 127.0.0.1, its tables in `folder`: dynoxide, or dynalite, whose defect `say` then hears of. */
export async function startEngine(folder: string, say: Say): Promise<Engine> {
  let binary: string;
  try {
    binary = require.resolve(`@dynoxide/${process.platform}-${process.arch}/dynoxide`);
  } catch {
    say(dynaliteDefect);
    return startDynalite(folder);
  }
  return startDynoxide(binary, folder);
}

async function startDynoxide(binary: string, folder: string): Promise<Engine> {
  const pidFile = join(folder, 'dynoxide.pid');
  endStale(pidFile);
  const url = await freeAddress();
  const port = new URL(url).port;
  const options = ['serve', '--host', '127.0.0.1', '--port', port, '--db-path', join(folder, 'dynamodb.sqlite')];
  // Its own process group: Ctrl-C reaches only the hub, whose last requests still want a database.
  const child = spawn(binary, options, { stdio: ['ignore', 'ignore', 'pipe'], detached: true, env: {} });
  let said = '';
  child.stderr.on('data', (chunk) => {
    said = `${said}${chunk}`.slice(-2_000);
  });
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()).once('error', () => resolve()));
  let ended = false;
  void gone.then(() => {
    ended = true;
  });
  writeFileSync(pidFile, `${child.pid}`);
  const kill = () => void child.kill('SIGKILL');
  process.on('exit', kill);

  for (let tries = 0; !(await answers(url)); tries++) {
    if (ended || tries > 500) throw new Error(`dynoxide did not start: ${said.trim() || 'no answer within 5 s'}`);
    await wait(10);
  }
  return {
    url,
    async stop() {
      process.off('exit', kill);
      child.kill('SIGTERM');
      await Promise.race([gone, wait(1_000, undefined, { ref: false })]);
      kill();
      rmSync(pidFile, { force: true });
    },
  };
}

/** A hub that was killed leaves its database running, which would hold the file. */
function endStale(pidFile: string): void {
  try {
    const pid = Number(readFileSync(pidFile, 'utf8'));
    if (pid > 1 && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('dynoxide')) process.kill(pid, 'SIGKILL');
  } catch {
    // There is none, or it has gone: all that was wanted.
  }
}

async function answers(url: string): Promise<boolean> {
  return fetch(url).then(
    (answer) => answer.arrayBuffer().then(() => true),
    () => false,
  );
}

/** Returns dynalite, listening: pure JavaScript, with a defect in its indexes. */
export async function startDynalite(folder: string): Promise<Engine> {
  const dynalite: (options: object) => Server = require('dynalite');
  const server = dynalite({ path: join(folder, 'dynalite'), createTableMs: 0, deleteTableMs: 0 });
  return { url: await listen(server), stop: () => close(server) };
}

async function freeAddress(): Promise<string> {
  const server = createServer();
  const url = await listen(server);
  await close(server);
  return url;
}
