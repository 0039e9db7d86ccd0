import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { openBrowser } from '../../infra/local/demo/browser.ts';
import { type HubProcess, startHubProcess } from '../../infra/local/demo/tour/hub-process.ts';
import { until } from '../../infra/local/demo/tour/scene.ts';

vi.setConfig({ testTimeout: 60_000 });

// The README's lines, as they stand there, on a hub started as it says.
const readme = readFileSync(join(import.meta.dirname, '..', '..', 'README.md'), 'utf8');
const [, setUp = '', tenant = '', link = '', confirm = '', calls = '', restart = '', webhook = ''] = [
  ...readme.matchAll(/```sh\n([\s\S]*?)```/g),
].map(([, block]) => block);

const folder = mkdtempSync(join(tmpdir(), 'patchbay-readme-'));
const providers = join(folder, 'providers.json');
const start = () => startHubProcess({ PORT: '0', PATCHBAY_DATA: join(folder, 'data'), PATCHBAY_PROVIDERS: providers });
let hub: HubProcess;
let key = '';
beforeAll(async () => {
  writeFileSync(providers, /echo '(.*)' >/.exec(restart)?.[1] ?? '');
  hub = await start();
});
afterAll(async () => {
  await hub.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Returns what the lines print, once the dots are filled in. */
async function shell(lines: string, dots: Record<string, string>): Promise<string[]> {
  let script = lines.replaceAll('http://127.0.0.1:8787', hub.url);
  for (const [name, value] of Object.entries(dots)) {
    script = script.replace(new RegExp(`^${name}=.*…$`, 'm'), `${name}=${value}`);
  }
  expect(script).not.toContain('…');
  const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', script]);
  return stdout.trim().split('\n');
}

// bash, curl and openssl are what its lines are written for.
test.skipIf(process.platform === 'win32')(
  'the first round of the README works as written, on a fresh start',
  async () => {
    const dots = { OPERATOR: hub.operatorKey };
    const printed = await shell(`${setUp}${tenant}${link}echo "$KEY"`, dots);
    const [url = '', shown = ''] = printed.slice(-2);
    key = shown;
    expect(JSON.parse(printed[0] ?? '')).toMatchObject({ id: 'acme', name: 'Acme' });

    const browser = openBrowser();
    const signIn = await browser.press(await browser.visit(url), 'Continue');
    const back = await browser.press(await browser.press(signIn, 'Ada Lovelace'), 'Allow');
    expect(back.url).toMatch(/\/health\?session=.*&ticket=/);
    const { searchParams } = new URL(back.url);
    const came = { SESSION: searchParams.get('session') ?? '', TICKET: searchParams.get('ticket') ?? '' };

    const answers = await shell(`${setUp}KEY=${key}\n${confirm}${calls}${webhook}`, { ...dots, ...came });
    const [connection, created, me, queued, run, records] = answers.slice(0, 6).map((line) => JSON.parse(line));
    expect(connection).toMatchObject({ provider: 'demo', status: 'active', account: { name: 'Ada Lovelace' } });
    expect(created).toMatchObject({ status: 'succeeded', result: { name: 'Mary' } });
    expect(me).toMatchObject({ status: 'succeeded', result: { name: 'Ada Lovelace' } });
    expect(queued.id).toMatch(/^call_/);
    expect(run).not.toHaveProperty('code');
    expect(records.items).toBeInstanceOf(Array);
    expect(answers[6]).toBe('200');
  },
);

test.skipIf(process.platform === 'win32')('a webhook signed with another secret is 401, as it says', async () => {
  const forged = webhook.replace('-hmac a-made-up-secret', '-hmac another-made-up-secret');
  expect(await shell(`${setUp}${forged}`, { OPERATOR: hub.operatorKey })).toEqual(['401']);
});

test.skipIf(process.platform === 'win32')(
  'a restart keeps the tenant, its key, the connection and the records, and the token is still good upstream',
  async () => {
    const asked = `${setUp}KEY=${key}
post /v1/tenants/acme/connections/demo/calls "$KEY" '{"request": {"method": "GET", "path": "/me"}}'
get /v1/tenants/acme/connections/demo/syncs "$KEY"
get '/v1/tenants/acme/records/demo/contacts?limit=3' "$KEY"`;
    const before = await until(async () => {
      const [, syncs = '', records] = await shell(asked, { OPERATOR: hub.operatorKey });
      return JSON.parse(syncs).items[0].lastSuccessAt && records;
    }, 30_000);
    const { operatorKey } = hub;
    expect(await hub.stop()).toBe(0);
    hub = await start();
    expect(hub.operatorKey).toBe(operatorKey);
    const [me, , after] = await shell(asked, { OPERATOR: hub.operatorKey });
    expect(JSON.parse(me ?? '')).toMatchObject({ status: 'succeeded', attempts: [{ status: 200 }] });
    expect(JSON.parse(after ?? '').items).toEqual(JSON.parse(before ?? '').items);
  },
);

test('its commands exist', () => {
  const { scripts } = JSON.parse(readFileSync(join(import.meta.dirname, '..', '..', 'package.json'), 'utf8'));
  const named = [...readme.matchAll(/npm (?:run )?([a-z]+)/g)].map(([, name]) => name);
  expect(named.filter((name) => name !== 'ci' && !Object.hasOwn(scripts, name ?? ''))).toEqual([]);
});
