import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { findObstacles } from '../../infra/release/checks.ts';
import { command } from '../../infra/release/command.ts';
import { guide, secretSkeleton } from '../../infra/release/guide.ts';
import { openAws, type Ran, type Shell } from '../../infra/release/shell.ts';
import { readStage, type Stage } from '../../infra/stage.ts';
import { describe as describeProvider } from '../../shared/connections/describe.ts';
import { isConfigured } from '../../shared/connections/ways.ts';
import { ProviderApp } from '../../shared/providers/app.ts';
import { catalogue } from '../../shared/providers/catalogue.ts';
import { findProvider } from '../../shared/providers/definitions.ts';
import { makeStacks } from './stacks.ts';

const ACCOUNT = '222222222222';
const HUB = 'https://hub.example.com';
const stage = readStage('prod', { CDK_DEFAULT_ACCOUNT: ACCOUNT });
const none: Ran = { ok: true, stdout: '{}', stderr: '' };
const failed = (stderr: string): Ran => ({ ok: false, stdout: '', stderr });

/** A shell where `aws` answers by its first two words, and everything else succeeds; all that was done is kept. */
function play(answers: Readonly<Record<string, Ran | object>> = {}, { typed, deploys = true }: Played = {}) {
  const said: string[] = [];
  const done: string[] = [];
  const identity = { Account: ACCOUNT };
  const all: Readonly<Record<string, Ran | object>> = { 'sts get-caller-identity': identity, ...answers };
  const shell: Shell = {
    async run(name, args) {
      const [first, second] = args;
      done.push([name, ...args].join(' ').replace(' --region us-east-1 --output json --no-cli-pager', ''));
      const answer = all[`${first} ${second}`] ?? none;
      return 'ok' in answer ? (answer as Ran) : { ...none, stdout: JSON.stringify(answer) };
    },
    async show(name, args) {
      const outputs = args[args.indexOf('--outputs-file') + 1] ?? '';
      done.push([name, ...args].join(' ').replace(outputs, '<file>'));
      const hub = { apiurl1A644F34: HUB, apidomaintarget5F: 'd-1.execute-api.us-east-1.amazonaws.com' };
      if (deploys) writeFileSync(outputs, JSON.stringify({ 'patchbay-prod-hub': hub }));
      return deploys;
    },
    ask: async () => typed,
    say: (line) => void said.push(line),
  };
  const run = (...args: string[]) =>
    command(args, { shell, stageName: 'prod', build: async () => void done.push('build') });
  return { shell, run, done, said, text: () => said.join('\n') };
}

interface Played {
  readonly typed?: string;
  readonly deploys?: boolean;
}

describe('a deployment', () => {
  test('checks, bundles, deploys both stacks, and says what is left to do', async () => {
    const { run, done, text } = play({
      'lambda get-account-settings': { AccountLimit: { ConcurrentExecutions: 1000 } },
    });
    expect(await run('--', '--require-approval', 'never')).toBe(true);
    expect(done).toEqual([
      'aws sts get-caller-identity',
      'aws ssm get-parameter --name /cdk-bootstrap/hnb659fds/version',
      'aws lambda get-account-settings',
      'aws cloudformation describe-stacks --stack-name patchbay-prod-data',
      'build',
      'cdk deploy --all --outputs-file <file> --require-approval never',
    ]);
    expect(text()).toContain(`The hub of stage prod: ${HUB}`);
    expect(text()).toContain(`${HUB}/oauth/github/callback`);
  });

  test('of the hub alone leaves the data stack as it is', async () => {
    const { run, done } = play();
    expect(await run('--hub-only')).toBe(true);
    expect(done.at(-1)).toBe('cdk deploy patchbay-prod-hub --exclusively --outputs-file <file>');
  });

  test.each([
    [['--hubonly'], "Unknown option '--hubonly'"],
    [['--tear-down'], "Unknown option '--tear-down'"],
    [['--require-approval', 'never'], "Unknown option '--require-approval'"],
    [['prod'], 'Nothing is known of "prod"'],
    [['--guide', 'notaurl'], '"notaurl" is none'],
    [['--teardown', '--', '--force'], 'passes nothing on'],
  ])('of what is mistyped is refused before anything is looked at: %s', async (args, message) => {
    const { run, done } = play();
    await expect(run(...args)).rejects.toThrow(message);
    expect(done).toEqual([]);
  });

  test('is explained by -h as well', async () => {
    const { run, text } = play();
    expect(await run('-h')).toBe(true);
    expect(text()).toContain('--hub-only');
  });

  test('that did not end well says so, that data is as it was, and nothing of a hub', async () => {
    const { run, text } = play({}, { deploys: false });
    expect(await run()).toBe(false);
    expect(text()).toContain('The deployment did not end well');
    expect(text()).not.toContain(HUB);
  });

  test.each([
    [
      'nobody signed in',
      { 'sts get-caller-identity': failed('Unable to locate credentials') },
      'Nobody is signed in to AWS (Unable',
    ],
    [
      'no command line',
      { 'sts get-caller-identity': { ...failed('ENOENT'), missing: true } },
      'The AWS command line is not installed',
    ],
    [
      'not bootstrapped',
      { 'ssm get-parameter': failed('An error occurred (ParameterNotFound)') },
      `npx cdk bootstrap aws://${ACCOUNT}/us-east-1`,
    ],
    [
      'a first attempt that was rolled back',
      { 'cloudformation describe-stacks': { Stacks: [{ StackStatus: 'ROLLBACK_COMPLETE' }] } },
      'aws cloudformation delete-stack --stack-name patchbay-prod-data',
    ],
    [
      'secrets of an earlier stage of its name',
      {
        'cloudformation describe-stacks': failed('Stack with id patchbay-prod-data does not exist'),
        'secretsmanager describe-secret': { DeletedDate: '2026-12-01' },
      },
      'patchbay/prod/operator, of an earlier stage of this name, waits to be deleted',
    ],
    [
      'a new account with ten environments',
      { 'lambda get-account-settings': { AccountLimit: { ConcurrentExecutions: 10 } } },
      'sets 102 environments aside, and 100 must stay free, but the account has 10: make it {} in cdk.json',
    ],
  ])('with %s begins nothing and says what to do', async (_, answers, message) => {
    const { run, done } = play(answers);
    await expect(run()).rejects.toThrow(message);
    expect(done.filter((line) => /^(build|cdk)/.test(line))).toEqual([]);
  });

  test('goes on where there is nothing yet, and where it may not ask: CloudFormation will say', async () => {
    const denied = failed('An error occurred (AccessDeniedException)');
    const absent = { 'cloudformation describe-stacks': denied, 'secretsmanager describe-secret': denied };
    expect(await play(absent).run()).toBe(true);
    expect(await play({ 'ssm get-parameter': denied, 'lambda get-account-settings': denied }).run()).toBe(true);
  });

  test('tells all that stands in its way at once', async () => {
    const { shell } = play({ 'ssm get-parameter': failed('ParameterNotFound') });
    const domain = { name: 'hub.example.com', certificateArn: `arn:aws:acm:eu-west-1:${ACCOUNT}:certificate/one` };
    const faults = await findObstacles(openAws(shell, 'us-east-1'), { ...stage, domain }, { account: ACCOUNT });
    expect(faults).toEqual([
      'The certificate of hub.example.com is in eu-west-1; it has to be in us-east-1, like the hub.',
      expect.stringContaining('npx cdk bootstrap'),
    ]);
    const other = await findObstacles(openAws(shell, 'us-east-1'), stage, { account: '333333333333' });
    expect(other).toEqual([
      expect.stringContaining(`signed in to account 333333333333, but stage "prod" is of account ${ACCOUNT}`),
    ]);
  });

  test('is explained without an account, and refused for the local stage', () => {
    const bin = mkdtempSync(join(tmpdir(), 'patchbay-bin-'));
    afterAll(() => rmSync(bin, { recursive: true }));
    writeFileSync(join(bin, 'aws'), '#!/bin/sh\necho "Unable to locate credentials" >&2; exit 253\n');
    chmodSync(join(bin, 'aws'), 0o755);
    const npm = (PATCHBAY_STAGE: string | undefined, ...args: string[]) => {
      const env = { PATH: `${bin}:/usr/bin:/bin`, ...(PATCHBAY_STAGE && { PATCHBAY_STAGE }) };
      const root = join(import.meta.dirname, '..', '..');
      return spawnSync(process.execPath, ['infra/launch.mjs', 'infra/deploy.ts', ...args], {
        cwd: root,
        env,
        encoding: 'utf8',
      });
    };
    expect(npm(undefined, '--help')).toMatchObject({ status: 0, stdout: expect.stringContaining('npx cdk bootstrap') });
    expect(npm(undefined)).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('The local stage runs by "npm start"'),
    });
    expect(npm('prod')).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('Nobody is signed in to AWS (Unable to locate'),
    });
  });
});

describe('the guide', () => {
  const text = guide({ ...stage, alarmEmail: 'ops@example.com' }, `${HUB}/`).join('\n');

  test('is had without deploying, for the domain of the stage or any address', async () => {
    const { run, text: said, done } = play();
    expect(await run('--guide', HUB)).toBe(true);
    expect(done).toEqual([]);
    expect(said()).toContain(`redirect URI       ${HUB}/oauth/slack/callback`);
  });

  test('says where the operator key lies, and to confirm the mail that alarms need', () => {
    expect(text).toContain('aws secretsmanager get-secret-value --region us-east-1 --secret-id patchbay/prod/operator');
    expect(text).toContain('confirm the mail that AWS has sent to ops@example.com');
    const owned: Stage = { ...stage, domain: { name: 'hub.example.com', certificateArn: 'arn:aws:acm:us-east-1::x' } };
    expect(guide(owned, HUB, 'd-1.example').join('\n')).toContain('hub.example.com  CNAME  d-1.example');
  });

  test.each(stage.providers)('has for %s the addresses that the hub itself tells, and its steps', (id) => {
    const entry = catalogue[id as keyof typeof catalogue];
    const { auth, webhooks } = describeProvider(entry as never, HUB);
    for (const way of auth) if ('redirectUri' in way) expect(text).toContain(way.redirectUri);
    const endpointsOnly = webhooks && !text.includes(`webhook URL        ${webhooks.url}`);
    if (webhooks && !endpointsOnly) for (const step of webhooks.instructions) expect(text).toContain(step);
  });

  test.each(stage.providers)('has for %s a secret that sets up each of its ways, and holds nothing else', (id) => {
    const provider = findProvider(id, 'prod')?.provider;
    if (!provider) throw new Error(`there is no ${id}`);
    const skeleton = secretSkeleton(provider);
    // Any text does in the place of what is to be filled in, but for a key, which is looked into.
    const { privateKey, ...fields } = skeleton;
    const filled = JSON.parse(JSON.stringify(fields).replaceAll('…', 'sixteen-characters'));
    const app = { ...ProviderApp.parse(filled), ...(privateKey !== undefined && { privateKey: 'PEM' }) };
    for (const way of provider.auth) expect(isConfigured(way, app), way.kind).toBe(true);
    for (const field of ['clientId', 'clientSecret', 'privateKey'].filter((one) => one in skeleton)) {
      const less = { ...app, [field]: undefined };
      expect(
        provider.auth.every((way) => isConfigured(way, less)),
        field,
      ).toBe(false);
    }
  });
});

describe('a teardown', () => {
  const { hub, data } = makeStacks('prod');
  const kept = ['AWS::DynamoDB::GlobalTable', 'AWS::S3::Bucket', 'AWS::SecretsManager::Secret', 'AWS::KMS::Key'];
  const StackResourceSummaries = [...kept, 'AWS::Events::EventBus'].flatMap((ResourceType) =>
    data.all(ResourceType).map(({ path }) => ({ ResourceType, PhysicalResourceId: path.replaceAll('/', '-') })),
  );
  const answers = {
    'cloudformation list-stack-resources': { StackResourceSummaries },
    'dynamodb describe-table': { Table: { DeletionProtectionEnabled: true } },
  };
  const hubGone = [
    'aws cloudformation delete-stack --stack-name patchbay-prod-hub',
    'aws cloudformation wait stack-delete-complete --stack-name patchbay-prod-hub',
  ];

  test('deletes the hub, and keeps all data unless told otherwise', async () => {
    const { run, done, text } = play(answers, { typed: 'prod' });
    expect(await run('--teardown')).toBe(true);
    expect(done).toEqual(['aws sts get-caller-identity', ...hubGone]);
    expect(text()).toContain('Stack patchbay-prod-data stays with all data');
  });

  test('with --delete-data shows all that will go, then deletes every resource that outlives its stack, and the stack last', async () => {
    const { run, done, said } = play(answers);
    expect(await run('--teardown', '--delete-data', '--yes', 'prod')).toBe(true);
    const shown = said
      .slice(
        0,
        said.findIndex((line) => line.startsWith('Deleting')),
      )
      .join('\n');
    const ids = StackResourceSummaries.filter(({ ResourceType }) => kept.includes(ResourceType));
    expect(ids.length).toBeGreaterThan(30);
    for (const { PhysicalResourceId } of ids) expect(shown).toContain(` ${PhysicalResourceId}: `);
    const deleted = done.filter((line) => /delete-table|s3 rb|delete-secret|schedule-key-deletion/.test(line));
    expect(deleted).toHaveLength(ids.length);
    expect(done).toContain('aws dynamodb update-table --table-name connections --no-deletion-protection-enabled');
    expect(done).toContain('aws kms schedule-key-deletion --key-id vault-key --pending-window-in-days 30');
    expect(done).toContain('aws secretsmanager delete-secret --secret-id secrets-github --recovery-window-in-days 7');
    expect(done.slice(2, 4)).toEqual(hubGone);
    expect(done.slice(-3)).toEqual([
      'aws cloudformation update-termination-protection --no-enable-termination-protection --stack-name patchbay-prod-data',
      'aws cloudformation delete-stack --stack-name patchbay-prod-data',
      'aws cloudformation wait stack-delete-complete --stack-name patchbay-prod-data',
    ]);
  });

  test('knows every resource of the stack that its template retains', () => {
    const { Resources } = data.template.toJSON() as {
      Resources: Record<string, { Type: string; DeletionPolicy?: string }>;
    };
    const retained = Object.values(Resources).filter(({ DeletionPolicy }) => DeletionPolicy?.startsWith('Retain'));
    expect([...new Set(retained.map(({ Type }) => Type))].sort()).toEqual([...kept].sort());
    expect(JSON.stringify(hub.template.toJSON())).not.toContain('"DeletionPolicy":"Retain');
  });

  test.each([
    ['another name is typed', ['--teardown', '--delete-data'], { typed: 'production' }],
    ['nothing is typed', ['--teardown', '--delete-data'], { typed: '' }],
    ['nobody is there to type', ['--teardown', '--delete-data'], {}],
    ['--yes names another stage', ['--teardown', '--delete-data', '--yes', 'staging'], { typed: 'prod' }],
  ])('does nothing where %s', async (_, args, played) => {
    const { run, done } = play(answers, played);
    expect(await run(...args)).toBe(false);
    expect(done.join('\n')).not.toMatch(/delete|update|s3 rb/);
  });

  test.each([
    ['--delete-data without --teardown', ['--delete-data'], '--delete-data goes with --teardown alone'],
    ['--yes without a name', ['--teardown', '--delete-data', '--yes'], "Option '--yes <value>' argument missing"],
    ['--yes without --teardown', ['--yes', 'prod'], '--yes goes with --teardown alone'],
    ['a word that it does not know', ['--teardown', '--delete-dat', '--yes', 'prod'], "Unknown option '--delete-dat'"],
  ])('refuses %s', async (_, args, message) => {
    const { run, done } = play(answers, { typed: 'prod' });
    await expect(run(...args)).rejects.toThrow(message);
    expect(done.join('\n')).not.toMatch(/delete|cdk/);
  });

  test('touches no data while the hub stands, or where the list of it cannot be had', async () => {
    const stuck = play({ ...answers, 'cloudformation delete-stack': failed('it is in use') }, { typed: 'prod' });
    expect(await stuck.run('--teardown', '--delete-data')).toBe(false);
    expect(stuck.text()).toContain('no data was touched');
    const blind = play({ 'cloudformation list-stack-resources': failed('Stack does not exist') }, { typed: 'prod' });
    expect(await blind.run('--teardown', '--delete-data')).toBe(false);
    expect(`${stuck.done}${blind.done}`).not.toMatch(/delete-table|s3 rb|delete-secret|schedule-key|protection/);
  });

  test('stops where a resource resists, and goes on when repeated past what is gone', async () => {
    const resists = play({ ...answers, 's3 rb': failed('remove_bucket failed: AccessDenied') });
    expect(await resists.run('--teardown', '--delete-data', '--yes', 'prod')).toBe(false);
    expect(resists.said.at(-1)).toBe(
      'bucket payloads: remove_bucket failed: AccessDenied. Mend that, then repeat the command.',
    );
    expect(resists.done.join('\n')).not.toContain('patchbay-prod-data --');
    const again = play({
      ...answers,
      'dynamodb describe-table': failed('An error occurred (ResourceNotFoundException)'),
      's3 rb': failed('An error occurred (NoSuchBucket)'),
      'kms schedule-key-deletion': failed(
        'An error occurred (KMSInvalidStateException): vault-key is pending deletion.',
      ),
    });
    expect(await again.run('--teardown', '--delete-data', '--yes', 'prod')).toBe(true);
    expect(again.text()).toContain('bucket payloads: was gone already');
  });
});
