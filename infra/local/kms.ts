import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { account, arn, region } from './resources.ts';
import { AwsError, type Demand, type Input, jsonService, keepPrivate, type Service, text } from './service.ts';
import type { Resource, Template } from './template.ts';

/** blob: format, key id (36), iv (12), tag (16), ciphertext */
const FORMAT = 1;
const HEADER_BYTES = 37;
const keyBytes: Readonly<Record<string, number>> = { AES_128: 16, AES_256: 32 };

/** Returns KMS with the template's keys; their material grows from one 0600 file, so that state outlives a restart. */
export function openKms(template: Template, rootFile: string): Service {
  const root = keepPrivate(rootFile, () => randomBytes(32));
  const keys = template.all('AWS::KMS::Key');
  const aliases = template.all<{ AliasName: string; TargetKeyId: string }>('AWS::KMS::Alias');

  const invalid = () => new AwsError('InvalidCiphertextException', 'The ciphertext or its encryption context is wrong');

  function find(keyId: string): Resource {
    const alias = aliases.find(({ name }) => keyId === name || keyId === arn('kms', name));
    const wanted = alias?.properties.TargetKeyId ?? keyId;
    const found = keys.find(({ ref, arn }) => wanted === ref || wanted === arn);
    if (!found) throw new AwsError('NotFoundException', `Key '${keyId}' does not exist`);
    return found;
  }

  const material = (keyId: string) => Buffer.from(hkdfSync('sha256', root, '', `patchbay-local-kms/${keyId}`, 32));

  function seal(key: Resource, plaintext: Buffer, context: unknown): Buffer {
    const header = Buffer.concat([Buffer.from([FORMAT]), Buffer.from(key.ref)]);
    const iv = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', material(key.ref), iv, { authTagLength: 16 });
    cipher.setAAD(associated(header, context));
    const sealed = Buffer.concat([cipher.update(plaintext), cipher.final()]);
    return Buffer.concat([header, iv, cipher.getAuthTag(), sealed]);
  }

  function keyOf(blob: Buffer): Resource {
    const key = keys.find(({ ref }) => ref === blob.subarray(1, HEADER_BYTES).toString());
    if (blob.length < HEADER_BYTES + 28 || blob[0] !== FORMAT || !key) throw invalid();
    return key;
  }

  function open(blob: Buffer, context: unknown): { key: Resource; plaintext: Buffer } {
    const header = blob.subarray(0, HEADER_BYTES);
    const key = keyOf(blob);
    const iv = blob.subarray(HEADER_BYTES, HEADER_BYTES + 12);
    const decipher = createDecipheriv('aes-256-gcm', material(key.ref), iv, { authTagLength: 16 });
    decipher.setAAD(associated(header, context));
    decipher.setAuthTag(blob.subarray(HEADER_BYTES + 12, HEADER_BYTES + 28));
    try {
      const plaintext = Buffer.concat([decipher.update(blob.subarray(HEADER_BYTES + 28)), decipher.final()]);
      return { key, plaintext };
    } catch {
      throw invalid();
    }
  }

  function decrypt(input: Input) {
    const opened = open(Buffer.from(text(input, 'CiphertextBlob'), 'base64'), input.EncryptionContext);
    if (input.KeyId !== undefined && find(text(input, 'KeyId')) !== opened.key) {
      throw new AwsError('IncorrectKeyException', 'The ciphertext was made under another key');
    }
    return opened;
  }

  function generate(input: Input) {
    const key = find(text(input, 'KeyId'));
    const bytes = typeof input.NumberOfBytes === 'number' ? input.NumberOfBytes : keyBytes[text(input, 'KeySpec')];
    if (!bytes) throw new AwsError('ValidationException', `KeySpec ${input.KeySpec} is not known`);
    const plaintext = randomBytes(bytes);
    const CiphertextBlob = seal(key, plaintext, input.EncryptionContext).toString('base64');
    return { KeyId: key.arn, CiphertextBlob, Plaintext: plaintext.toString('base64') };
  }

  const operations = {
    GenerateDataKey: generate,
    GenerateDataKeyWithoutPlaintext: (input: Input) => ({ ...generate(input), Plaintext: undefined }),
    Encrypt(input: Input) {
      const key = find(text(input, 'KeyId'));
      const sealed = seal(key, Buffer.from(text(input, 'Plaintext'), 'base64'), input.EncryptionContext);
      return { KeyId: key.arn, CiphertextBlob: sealed.toString('base64'), EncryptionAlgorithm: 'SYMMETRIC_DEFAULT' };
    },
    Decrypt(input: Input) {
      const { key, plaintext } = decrypt(input);
      const Plaintext = plaintext.toString('base64');
      return { KeyId: key.arn, Plaintext, EncryptionAlgorithm: 'SYMMETRIC_DEFAULT' };
    },
    ReEncrypt(input: Input) {
      const blob = Buffer.from(text(input, 'CiphertextBlob'), 'base64');
      const { key: source, plaintext } = open(blob, input.SourceEncryptionContext);
      const key = find(text(input, 'DestinationKeyId'));
      const CiphertextBlob = seal(key, plaintext, input.DestinationEncryptionContext).toString('base64');
      return { KeyId: key.arn, SourceKeyId: source.arn, CiphertextBlob };
    },
    DescribeKey(input: Input) {
      const key = find(text(input, 'KeyId'));
      const fixed = { AWSAccountId: account, Enabled: true, KeyState: 'Enabled', KeyManager: 'CUSTOMER' };
      return { KeyMetadata: { ...fixed, KeyId: key.ref, Arn: key.arn, KeySpec: 'SYMMETRIC_DEFAULT' } };
    },
  };

  const sourceOf = (input: Input) => keyOf(Buffer.from(text(input, 'CiphertextBlob'), 'base64'));

  function demand(action: string, key: Resource, encryption?: unknown): Demand {
    const pairs = Object.entries((encryption ?? {}) as Record<string, string>);
    const context = Object.fromEntries(pairs.map(([name, value]) => [`kms:EncryptionContext:${name}`, value]));
    return { action: `kms:${action}`, resource: key.arn, context };
  }

  return jsonService(operations, (operation, input) => {
    if (operation === 'ReEncrypt') {
      return [
        demand('ReEncryptFrom', sourceOf(input), input.SourceEncryptionContext),
        demand('ReEncryptTo', find(text(input, 'DestinationKeyId')), input.DestinationEncryptionContext),
      ];
    }
    const key = operation === 'Decrypt' ? sourceOf(input) : find(text(input, 'KeyId'));
    return [demand(operation, key, input.EncryptionContext)];
  });
}

/** Each name and value has its length in front, so that no two contexts read alike. */
function associated(header: Buffer, context: unknown): Buffer {
  const pairs = Object.entries((context ?? {}) as Record<string, string>).sort(([a], [b]) => (a < b ? -1 : 1));
  const parts = pairs.flat().map((part) => {
    const bytes = Buffer.from(part);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return Buffer.concat([length, bytes]);
  });
  return Buffer.concat([header, Buffer.from(region), ...parts]);
}
