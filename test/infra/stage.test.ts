import { describe, expect, test, vi } from 'vitest';
import { readStage, StageError } from '../../infra/stage.ts';

const owner = { name: 'Example Inc.' };
const minimal = { account: '222222222222', region: 'eu-central-1', owner };
const read = (settings: unknown, env: NodeJS.ProcessEnv = {}) => readStage('try', env, { try: settings });

describe('a stage', () => {
  test('is local unless the command line or PATCHBAY_STAGE names another', () => {
    expect(readStage(undefined, {}).name).toBe('local');
    expect(readStage(undefined, { PATCHBAY_STAGE: 'prod', CDK_DEFAULT_ACCOUNT: '333333333333' }).name).toBe('prod');
    expect(readStage('local', { PATCHBAY_STAGE: 'prod' }).name).toBe('local');
  });

  test('has safe defaults: no origins, no token export, nothing reserved, logs that end', () => {
    expect(read(minimal)).toMatchObject({
      corsOrigins: [],
      tokenExport: false,
      reservedConcurrency: {},
      logRetentionDays: 30,
      activityDays: 400,
      checks: true,
    });
  });

  test('takes the account of the profile in use where it names none', () => {
    const { account, ...without } = minimal;
    expect(read(without, { CDK_DEFAULT_ACCOUNT: '333333333333' }).account).toBe('333333333333');
    expect(read({ ...without, account }, { CDK_DEFAULT_ACCOUNT: '333333333333' }).account).toBe(account);
    expect(() => read(without)).toThrow('no account: sign in with an AWS profile');
  });

  test('offers the demo provider on this computer alone', () => {
    expect(readStage('local', {}).providers).toContain('demo');
    expect(read(minimal).providers).not.toContain('demo');
  });

  test('takes the public address from PATCHBAY_PUBLIC_URL on this computer alone', () => {
    const env = { PATCHBAY_PUBLIC_URL: 'http://127.0.0.1:9000' };
    expect(readStage('local', env).publicUrl).toBe('http://127.0.0.1:9000');
    expect(() => read(minimal, env)).toThrow('PATCHBAY_PUBLIC_URL exists in the local stage alone, not in "try".');
  });

  test('refuses made-up provider addresses anywhere but on this computer', () => {
    expect(() => read(minimal, { PATCHBAY_PROVIDERS: 'apps.json' })).toThrow('exists in the local stage alone');
    expect(() => read({ ...minimal, origins: {} })).toThrow('Unrecognized key: "origins"');
  });

  test('can skip the checks for speed', () => {
    expect(readStage('local', { CDK_VALIDATION: 'false' }).checks).toBe(false);
  });
});

describe('what is wrong is one line that says where', () => {
  test.each([
    [
      'a stage that is not there',
      () => readStage('staging', {}),
      'add it to cdk.json under context.stages (there are: local, prod)',
    ],
    ['a name that cannot stand in keys', () => readStage('my_stage', {}), '"my_stage" cannot name a stage'],
    [
      'an unknown setting',
      () => read({ ...minimal, colour: 'red' }),
      'context.stages.try: : Unrecognized key: "colour"',
    ],
    ['a missing owner', () => read({ account: '222222222222', region: 'eu-central-1' }), 'context.stages.try: owner'],
    ['an account that is none', () => read({ ...minimal, account: '12' }), 'account: twelve digits'],
    ['a region that is none', () => read({ ...minimal, region: 'here' }), 'region: a region, like eu-central-1'],
    [
      'an origin with a path',
      () => read({ ...minimal, corsOrigins: ['https://a.example/x'] }),
      'corsOrigins.0: an origin',
    ],
    ['an address without TLS', () => read({ ...minimal, publicUrl: 'http://hub.example.com' }), 'publicUrl'],
    ['a retention CloudWatch does not know', () => read({ ...minimal, logRetentionDays: 8 }), 'logRetentionDays'],
    [
      'an unknown provider',
      () => read({ ...minimal, providers: ['gitlab'] }),
      'not offered: gitlab (choose from discord, github',
    ],
    ['the demo in production', () => read({ ...minimal, providers: ['demo'] }), 'not offered: demo'],
    [
      'a reserve for no function',
      () => read({ ...minimal, reservedConcurrency: { 'calls/dial': 5 } }),
      'reservedConcurrency: there is no function calls/dial',
    ],
  ])('%s', (_, reading, message) => {
    expect(reading).toThrow(StageError);
    expect(reading).toThrow(message);
  });
});

test('a fault in a provider’s definition stops the synth, by its name', async () => {
  vi.resetModules();
  vi.doMock('../../shared/providers/check.ts', () => ({ checkProviders: () => ['acme: auth.0.tokenUrl: no address'] }));
  const { readStage: readAgain } = await import('../../infra/stage.ts');
  expect(() => readAgain('local', {})).toThrow('shared/providers: acme: auth.0.tokenUrl: no address');
  vi.doUnmock('../../shared/providers/check.ts');
});
