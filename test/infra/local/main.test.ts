import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';

const root = join(import.meta.dirname, '..', '..', '..');
const folder = mkdtempSync(join(tmpdir(), 'patchbay-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Run {
  stdout: string;
  stderr: string;
  readonly ended: Promise<number | null>;
  kill(signal: NodeJS.Signals): void;
}

function run(file: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Run {
  const { PATH = '' } = process.env;
  const settings = { PATH, PATCHBAY_DATA: join(folder, 'data'), PORT: '0', AWS_PROFILE: 'no-such-profile', ...env };
  const child = spawn(process.execPath, [join('infra', 'local', file), ...args], { cwd: root, env: settings });
  const result: Run = {
    stdout: '',
    stderr: '',
    ended: new Promise((resolve) => child.once('close', resolve)),
    kill: (signal) => child.kill(signal),
  };
  child.stdout.on('data', (chunk) => {
    result.stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    result.stderr += chunk;
  });
  return result;
}

async function printed(started: Run, pattern: RegExp): Promise<string> {
  let code: number | null | undefined;
  void started.ended.then((ended) => {
    code = ended;
  });
  for (;;) {
    const [found] = pattern.exec(started.stdout) ?? [];
    if (found) return found;
    if (code !== undefined) throw new Error(`It ended with ${code}: ${started.stderr}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function refusal(env: Readonly<Record<string, string>>, args: readonly string[] = []): Promise<string> {
  const started = run('main.ts', args, env);
  expect([await started.ended, started.stdout]).toEqual([1, '']);
  expect(started.stderr.trim().split('\n')).toHaveLength(1);
  return started.stderr.trim();
}

function file(content: string): string {
  const path = join(folder, 'providers.json');
  writeFileSync(path, content);
  return path;
}

test('--help prints how it is used', async () => {
  const started = run('main.ts', ['--help']);
  expect(await started.ended).toBe(0);
  for (const word of ['PORT', 'PATCHBAY_DATA', 'PATCHBAY_OPERATOR_KEY', 'PATCHBAY_PROVIDERS', '--json', '--verbose']) {
    expect(started.stdout).toContain(word);
  }
});

test('what cannot be used is one line and exit code 1', async () => {
  expect(await refusal({}, ['--nonsense'])).toContain("Unknown option '--nonsense'");
  for (const PORT of ['many', '', '65536'])
    expect(await refusal({ PORT })).toBe('environment: PORT: a number from 0 (any free port) to 65535');
  expect(await refusal({ PATCHBAY_OPERATOR_KEY: 'short' })).toBe(
    'environment: PATCHBAY_OPERATOR_KEY: at least 16 characters',
  );
  expect(await refusal({ PATCHBAY_PROVIDERS: join(folder, 'none.json') })).toContain('there is no file');
  expect(await refusal({ PATCHBAY_PROVIDERS: file('{"github":') })).toContain('providers.json is not JSON');
  expect(await refusal({ PATCHBAY_PROVIDERS: file('{"github":{"clientSecrt":"x"}}') })).toContain(
    'github: Unrecognized key: "clientSecrt"',
  );
  expect(await refusal({ PATCHBAY_PROVIDERS: file('{"github":{"origins":{"x":"y"}}}') })).toContain('github: origins');
});

test('a taken port is one line with the remedy', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const { port } = other.address() as { port: number };
  expect(await refusal({ PORT: String(port) })).toContain(`Port ${port} is taken`);
  other.close();
});

test('with --json the real hub says one object when ready, keeps its state, and ends on SIGINT within 3 s', async () => {
  const providers = file('{"github":{"clientId":"made-up-id","clientSecret":"made-up-secret"}}');
  const first = run('main.ts', ['--json'], { PATCHBAY_PROVIDERS: providers });
  const said = JSON.parse(await printed(first, /^.+\n/));
  expect(said).toMatchObject({ ready: true, operatorKey: expect.stringMatching(/^pb_local_operator_/) });
  const headers = { authorization: `Bearer ${said.operatorKey}`, 'content-type': 'application/json' };
  const body = JSON.stringify({ id: 'acme', name: 'Acme', returnUrls: ['http://127.0.0.1:9/back'] });
  expect((await fetch(`${said.url}/health`)).status).toBe(200);
  expect((await fetch(`${said.url}/v1/tenants`, { method: 'POST', headers, body })).status).toBe(201);

  expect(await refusal({})).toContain('is in use by process');
  const begun = Date.now();
  first.kill('SIGINT');
  expect(await first.ended).toBe(0);
  expect(Date.now() - begun).toBeLessThan(3_000);
  expect(first.stdout.trim().split('\n')).toHaveLength(1);

  const second = run('main.ts', []);
  const url = (await printed(second, /^ready (.+)$/m)).replace('ready ', '');
  expect(second.stdout).toContain(`operator key ${said.operatorKey}`);
  expect(await (await fetch(`${url}/v1/tenants/acme`, { headers })).json()).toMatchObject({ id: 'acme', name: 'Acme' });
  second.kill('SIGTERM');
  expect(await second.ended).toBe(0);

  const invoked = run('invoke.ts', ['tenants/none']);
  expect(await invoked.ended).toBe(1);
  expect(invoked.stderr).toMatch(/There is no function tenants\/none; there are:\n(.*\n)* {2}webhooks\/receive/);
}, 120_000);
