import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';

/** What a command came to. `missing`: there is no such command on this computer. */
export interface Ran {
  readonly ok: boolean;
  readonly stdout: string;
  readonly stderr: string;
  readonly missing?: true;
}

/** The way to the commands `cdk` and `aws`, and to whoever sits at the keyboard. */
export interface Shell {
  run(command: string, args: readonly string[]): Promise<Ran>;
  /** The same, where the person sees what it writes, and may be asked by it. */
  show(command: string, args: readonly string[]): Promise<boolean>;
  /** Returns the answer; nothing where nobody is there to give one. */
  ask(question: string): Promise<string | undefined>;
  say(line: string): void;
}

/** `cdk` is the project's own; all else is looked for as usual. */
const own: Readonly<Record<string, readonly [string, ...string[]]>> = {
  cdk: [process.execPath, join(import.meta.dirname, '..', '..', 'node_modules', 'aws-cdk', 'bin', 'cdk')],
};

export const realShell: Shell = {
  run: (command, args) =>
    new Promise((resolve) => {
      const [file, ...first] = own[command] ?? [command];
      const child = spawn(file, [...first, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
      const said = { stdout: '', stderr: '' };
      for (const stream of ['stdout', 'stderr'] as const) {
        child[stream].on('data', (chunk) => {
          said[stream] += chunk;
        });
      }
      child.once('error', (error) => resolve({ ok: false, ...said, stderr: error.message, missing: true }));
      child.once('close', (code) => resolve({ ok: code === 0, ...said }));
    }),

  show: (command, args) =>
    new Promise((resolve) => {
      const [file, ...first] = own[command] ?? [command];
      const child = spawn(file, [...first, ...args], { stdio: 'inherit' });
      child.once('error', () => resolve(false));
      child.once('close', (code) => resolve(code === 0));
    }),

  async ask(question) {
    if (!process.stdin.isTTY) return undefined;
    const reader = createInterface({ input: process.stdin, output: process.stdout });
    const answer = await reader.question(question);
    reader.close();
    return answer.trim();
  },

  say: (line) => console.log(line),
};

/** Returns a question to AWS in one region, answered in JSON. */
export function openAws(shell: Shell, region: string) {
  return (...words: readonly string[]): Promise<Ran> =>
    shell.run('aws', [...words, '--region', region, '--output', 'json', '--no-cli-pager']);
}
export type Aws = ReturnType<typeof openAws>;

/** Returns what a command complained of, in one line. */
export function complaint({ stderr }: Ran): string {
  return stderr.trim().split('\n').at(-1)?.trim() || 'it said nothing';
}
