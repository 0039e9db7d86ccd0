import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetQueueUrlCommand, ReceiveMessageCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterEach, expect, test, vi } from 'vitest';
import { clientTo, eventually, newAssembly } from './assembly.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});
function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'patchbay-test-'));
  folders.push(folder);
  return folder;
}
const app = () =>
  newAssembly().api().fn('Hello', 'export const handler = async () => "hello";').route('GET /', 'Hello');
const alive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

test('a stopped hub leaves no port, no process and no lock behind', async () => {
  const data = newFolder();
  const hub = await app().start({ data });
  expect(await (await fetch(hub.url)).text()).toBe('hello');
  const pid = Number(readFileSync(join(data, 'dynoxide.pid'), 'utf8'));
  expect(alive(pid)).toBe(true);
  await hub.stop();
  await expect(fetch(hub.url)).rejects.toThrow();
  await expect(fetch(hub.awsUrl)).rejects.toThrow();
  await eventually(() => !alive(pid));
  for (const file of ['lock', 'dynoxide.pid']) expect(existsSync(join(data, file))).toBe(false);
});

test('a request under way when the hub stops is still answered', async () => {
  const slow = 'export const handler = () => new Promise((resolve) => setTimeout(resolve, 300, "done"));';
  const hub = await newAssembly().api().fn('Slow', slow).route('GET /', 'Slow').start();
  const answer = fetch(hub.url);
  await new Promise((resolve) => setTimeout(resolve, 150));
  await hub.stop();
  expect(await (await answer).text()).toBe('done');
});

test('without a data folder nothing is left of it', async () => {
  const folder = newFolder();
  vi.stubEnv('TMPDIR', folder);
  const hub = await app().start();
  expect(readdirSync(folder)).toHaveLength(2); // its data, and the assembly
  await hub.stop();
  expect(readdirSync(folder)).toEqual([]);
  vi.unstubAllEnvs();
});

test('a taken port is one line with the remedy', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const { port } = other.address() as { port: number };
  await expect(app().start({ port })).rejects.toThrow(`Port ${port} is taken: stop what listens there, or set PORT`);
  other.close();
});

test('a data folder in use is one line with the remedy, and free again after the stop', async () => {
  const data = newFolder();
  const hub = await app().start({ data });
  await expect(app().start({ data })).rejects.toThrow(`The data folder ${data} is in use by process ${process.pid}`);
  expect(await (await fetch(hub.url)).text()).toBe('hello');
  await hub.stop();
  await (await app().start({ data })).stop();
});

test('what a killed hub left behind, its lock and its database, is taken over', async () => {
  const data = newFolder();
  const gone = spawnSync('true').pid;
  writeFileSync(join(data, 'lock'), String(gone));
  const binary = createRequire(import.meta.url).resolve('@dynoxide/linux-x64/dynoxide');
  const stale = spawn(binary, ['serve', '--port', '0', '--db-path', join(data, 'dynamodb.sqlite')], {
    stdio: 'ignore',
  });
  await new Promise((resolve) => stale.once('spawn', resolve));
  writeFileSync(join(data, 'dynoxide.pid'), String(stale.pid));
  const ended = new Promise((resolve) => stale.once('exit', (_, signal) => resolve(signal)));
  const hub = await app().start({ data });
  expect(await ended).toBe('SIGKILL');
  await hub.stop();
});

test('a start that fails half-way leaves the folder and the port free', async () => {
  const data = newFolder();
  const odd = newAssembly().add('Stream', 'Kinesis::Stream');
  await expect(odd.start({ data })).rejects.toThrow('fix: resource Stream of type AWS::Kinesis::Stream is not known');
  await (await app().start({ data })).stop();
});

test('a restart keeps messages that wait, also those that somebody had received, and objects; settings are the new ones', async () => {
  const data = newFolder();
  const keeper = (VisibilityTimeout: number) =>
    newAssembly()
      .add('Work', 'SQS::Queue', { QueueName: 'work', VisibilityTimeout })
      .add('Bucket', 'S3::Bucket', { BucketName: 'kept' });
  const reach = async (hub: { readonly awsUrl: string }) => {
    const sqs = new SQSClient(clientTo(hub));
    const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: 'work' }));
    const object = new URL('/kept/large', hub.awsUrl);
    const signed = { authorization: 'AWS4-HMAC-SHA256 Credential=outside/20261120/us-east-1/s3/aws4_request' };
    return {
      send: (MessageBody: string) => sqs.send(new SendMessageCommand({ QueueUrl, MessageBody })),
      receive: async () => (await sqs.send(new ReceiveMessageCommand({ QueueUrl }))).Messages?.map(({ Body }) => Body),
      put: (body: string) => fetch(object, { method: 'PUT', headers: signed, body }),
      get: async () => (await fetch(object, { headers: signed })).text(),
    };
  };
  const first = await keeper(1).start({ data });
  const before = await reach(first);
  await before.send('received');
  expect(await before.receive()).toEqual(['received']);
  await before.send('waiting 🎉');
  expect((await before.put('an object')).status).toBe(200);
  await first.stop();

  const second = await keeper(600).start({ data });
  const after = await reach(second);
  expect(await after.get()).toBe('an object');
  expect(await second.queueDepth('Work')).toBe(2);
  const bodies: unknown[] = [];
  await eventually(async () => bodies.push(...((await after.receive()) ?? [])) === 2);
  expect(bodies.sort()).toEqual(['received', 'waiting 🎉']); // once each: they stay hidden for ten minutes by now
  await second.stop();
});

test('the operator key is the given one, or one made once and kept', async () => {
  const data = newFolder();
  const given = await app().start({ data, operatorKey: 'made-up-operator-key' });
  expect(given.operatorKey).toBe('made-up-operator-key');
  await given.stop();
  const first = await app().start({ data });
  await first.stop();
  const second = await app().start({ data });
  await second.stop();
  expect(first.operatorKey).toMatch(/^pb_local_operator_[0-9a-f]{48}$/);
  expect(second.operatorKey).toBe(first.operatorKey);
});

test('settings for a provider the template does not have are refused by name', async () => {
  await expect(app().start({ providers: { nobody: {} } })).rejects.toThrow('There is no secret patchbay/local/nobody');
});

test('while it starts it answers 503', async () => {
  let early: number | undefined;
  const assembly = app().write();
  const { startHub } = await import('../../../infra/local/hub.ts');
  const hub = await startHub({
    async assembly(url) {
      early = (await fetch(url)).status;
      return assembly;
    },
  });
  expect([early, (await fetch(hub.url)).status]).toEqual([503, 200]);
  await hub.stop();
  rmSync(assembly.outdir, { recursive: true });
});

test('a function reaches S3 on the same port, by its grants', async () => {
  const code = `
    import { SignatureV4 } from ${JSON.stringify(import.meta.resolve('@smithy/signature-v4'))};
    import { createHash, createHmac } from 'node:crypto';
    class Sha256 { constructor(key) { this.h = key ? createHmac('sha256', key) : createHash('sha256'); } update(d) { this.h.update(d); } async digest() { return this.h.digest(); } }
    const signer = new SignatureV4({ service: 's3', region: 'us-east-1', sha256: Sha256, credentials: { accessKeyId: process.env.AWS_ACCESS_KEY_ID, secretAccessKey: 'x' } });
    export const handler = async ({ method, key, body }) => {
      const { protocol, hostname, port } = new URL(process.env.AWS_ENDPOINT_URL);
      const request = { method, protocol, hostname, port: Number(port), path: '/' + process.env.BUCKET + '/' + key, headers: { host: hostname + ':' + port, 'content-type': 'application/octet-stream' }, body };
      const { headers } = await signer.sign(request);
      const answer = await fetch(process.env.AWS_ENDPOINT_URL + request.path, { method, headers, body });
      return [answer.status, await answer.text()];
    };`;
  const hub = await newAssembly()
    .add('Bucket', 'S3::Bucket', { BucketName: 'payloads' })
    .fn('Stores', code, {
      grants: [[['s3:GetObject', 's3:PutObject'], 'arn:aws:s3:::payloads/*']],
      Environment: { Variables: { BUCKET: 'payloads' } },
    })
    .start();
  const run = async (event: object) => {
    const outcome = await hub.invoke('Stores', event);
    return outcome.ok ? JSON.parse(outcome.payload) : outcome.error;
  };
  try {
    expect(await run({ method: 'PUT', key: 'a/b.json', body: '{"ü":1}' })).toMatchObject([200, '']);
    expect(await run({ method: 'GET', key: 'a/b.json' })).toEqual([200, '{"ü":1}']);
    expect((await run({ method: 'GET', key: 'none' }))[0]).toBe(404);
    const [status, text] = await run({ method: 'DELETE', key: 'a/b.json' });
    expect([status, text]).toEqual([403, expect.stringContaining('s3:DeleteObject on arn:aws:s3:::payloads/a/b.json')]);
  } finally {
    await hub.stop();
  }
});
