import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DecryptCommand,
  DescribeKeyCommand,
  EncryptCommand,
  GenerateDataKeyCommand,
  GenerateDataKeyWithoutPlaintextCommand,
  KMSClient,
  ListKeysCommand,
  ReEncryptCommand,
} from '@aws-sdk/client-kms';
import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { clientTo, newAssembly, ref } from './assembly.ts';

const data = mkdtempSync(join(tmpdir(), 'patchbay-test-'));
const app = newAssembly()
  .add('Vault', 'KMS::Key')
  .add('Alias', 'KMS::Alias', { AliasName: 'alias/vault', TargetKeyId: ref('Vault') })
  .add('Github', 'SecretsManager::Secret', { Name: 'patchbay/local/github', SecretString: '{}' })
  .add('Slack', 'SecretsManager::Secret', { Name: 'patchbay/local/slack', SecretString: '{}' })
  .add('Made', 'SecretsManager::Secret', {
    Name: 'made',
    GenerateSecretString: {
      SecretStringTemplate: '{"user":"x"}',
      GenerateStringKey: 'key',
      PasswordLength: 40,
      ExcludePunctuation: true,
    },
  });
const start = () => app.start({ data, operatorKey: 'made-up-operator', providers: { github: { clientId: 'id' } } });

let hub: Awaited<ReturnType<typeof start>>;
let kms: KMSClient;
let secrets: SecretsManagerClient;
beforeAll(async () => {
  hub = await start();
});
beforeEach(() => {
  kms = new KMSClient(clientTo(hub));
  secrets = new SecretsManagerClient(clientTo(hub));
});
afterAll(async () => {
  await hub.stop();
  rmSync(data, { recursive: true, force: true });
});

const EncryptionContext = { purpose: 'vault', tenantId: 'acme' };
const read = async (SecretId: string, more = {}) =>
  (await secrets.send(new GetSecretValueCommand({ SecretId, ...more }))).SecretString;

describe('KMS', () => {
  test('a data key comes back from its wrapped form under the same context only', async () => {
    const made = await kms.send(
      new GenerateDataKeyCommand({ KeyId: 'alias/vault', KeySpec: 'AES_256', EncryptionContext }),
    );
    expect(made.Plaintext).toHaveLength(32);
    const CiphertextBlob = made.CiphertextBlob;
    const opened = await kms.send(new DecryptCommand({ CiphertextBlob, EncryptionContext }));
    expect([opened.Plaintext, opened.KeyId]).toEqual([made.Plaintext, made.KeyId]);
    const wrong: (Record<string, string> | undefined)[] = [
      { ...EncryptionContext, tenantId: 'other' },
      { purpose: 'vault' },
      { purpose: 'vaulttenantId', '': 'acme' },
      undefined,
    ];
    for (const context of wrong) {
      await expect(kms.send(new DecryptCommand({ CiphertextBlob, EncryptionContext: context }))).rejects.toThrow(
        expect.objectContaining({ name: 'InvalidCiphertextException' }),
      );
    }
  });

  test('a blob that was changed does not open, one that was made anew under another context does', async () => {
    const { CiphertextBlob = new Uint8Array() } = await kms.send(
      new EncryptCommand({ KeyId: 'alias/vault', Plaintext: Buffer.from('secret') }),
    );
    const changed = Uint8Array.from(CiphertextBlob);
    changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
    for (const blob of [changed, CiphertextBlob.slice(0, 30), Buffer.from('nonsense')]) {
      await expect(kms.send(new DecryptCommand({ CiphertextBlob: blob }))).rejects.toThrow(
        expect.objectContaining({ name: 'InvalidCiphertextException' }),
      );
    }
    const other = await kms.send(new EncryptCommand({ KeyId: 'alias/vault', Plaintext: Buffer.from('x') }));
    const moved = await kms.send(
      new ReEncryptCommand({
        CiphertextBlob: other.CiphertextBlob,
        DestinationKeyId: 'alias/vault',
        DestinationEncryptionContext: { a: 'b' },
      }),
    );
    const opened = await kms.send(
      new DecryptCommand({ CiphertextBlob: moved.CiphertextBlob, EncryptionContext: { a: 'b' } }),
    );
    expect(Buffer.from(opened.Plaintext ?? []).toString()).toBe('x');
  });

  test('a key without plaintext, a description, and a key nobody made', async () => {
    const bare = await kms.send(
      new GenerateDataKeyWithoutPlaintextCommand({ KeyId: 'alias/vault', KeySpec: 'AES_256' }),
    );
    expect(bare).not.toHaveProperty('Plaintext');
    const { KeyMetadata } = await kms.send(new DescribeKeyCommand({ KeyId: 'alias/vault' }));
    expect(KeyMetadata).toMatchObject({ Enabled: true, Arn: bare.KeyId });
    await expect(kms.send(new DescribeKeyCommand({ KeyId: 'alias/none' }))).rejects.toThrow(
      expect.objectContaining({ name: 'NotFoundException' }),
    );
  });
});

describe('Secrets Manager', () => {
  test('values come from the start options, the template or its generator', async () => {
    expect(await read('patchbay/local/github')).toBe('{"clientId":"id"}');
    expect(await read('patchbay/local/slack')).toBe('{}');
    expect(await read('patchbay/local/operator')).toBe('{"key":"made-up-operator"}');
    expect(JSON.parse((await read('made')) ?? '')).toEqual({
      user: 'x',
      key: expect.stringMatching(/^[A-Za-z0-9]{40}$/),
    });
  });

  test('a new value is current, the one before it previous, and a secret nobody made is not found', async () => {
    await secrets.send(new PutSecretValueCommand({ SecretId: 'patchbay/local/slack', SecretString: '{"v":1}' }));
    await secrets.send(new PutSecretValueCommand({ SecretId: 'patchbay/local/slack', SecretString: '{"v":2}' }));
    expect(await read('patchbay/local/slack')).toBe('{"v":2}');
    expect(await read('patchbay/local/slack', { VersionStage: 'AWSPREVIOUS' })).toBe('{"v":1}');
    const { VersionIdsToStages, ARN } = await secrets.send(
      new DescribeSecretCommand({ SecretId: 'patchbay/local/slack' }),
    );
    expect(
      Object.values(VersionIdsToStages ?? {})
        .flat()
        .sort(),
    ).toEqual(['AWSCURRENT', 'AWSPREVIOUS']);
    expect(await read(ARN ?? '')).toBe('{"v":2}');
    await expect(read('none')).rejects.toThrow(expect.objectContaining({ name: 'ResourceNotFoundException' }));
    await expect(read('patchbay/local/slack', { VersionStage: 'AWSPENDING' })).rejects.toThrow(
      'staging label: AWSPENDING',
    );
  });
});

test('keys and secrets survive a restart, in files only their owner may read', async () => {
  const { CiphertextBlob } = await kms.send(
    new EncryptCommand({ KeyId: 'alias/vault', Plaintext: Buffer.from('kept') }),
  );
  await secrets.send(new PutSecretValueCommand({ SecretId: 'patchbay/local/slack', SecretString: '{"v":3}' }));
  const generated = await read('made');
  await hub.stop();
  hub = await start();
  kms = new KMSClient(clientTo(hub));
  secrets = new SecretsManagerClient(clientTo(hub));
  const opened = await kms.send(new DecryptCommand({ CiphertextBlob }));
  expect(Buffer.from(opened.Plaintext ?? []).toString()).toBe('kept');
  expect([await read('patchbay/local/slack'), await read('made')]).toEqual(['{"v":3}', generated]);
  for (const file of ['kms.key', 'secrets.json']) expect(statSync(join(data, file)).mode & 0o777).toBe(0o600);
});

test('an operation that does not exist here is refused by name', async () => {
  await expect(kms.send(new ListKeysCommand({}))).rejects.toThrow(/ListKeys does not exist on this computer/);
});
