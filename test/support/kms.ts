import { randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { DecryptCommand, GenerateDataKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { mockClient } from 'aws-sdk-client-mock';

/** Returns a KMS that makes and opens data keys as the real one does: for the key and the encryption context alone. Each
 *  request goes through `around`, which may fail it. */
export function fakeKms(around: <T>(answer: () => Promise<T>) => Promise<T> = (answer) => answer()) {
  const made = new Map<string, { keyId: string | undefined; context: unknown; plaintext: Buffer }>();
  const mock = mockClient(KMSClient);
  mock.on(GenerateDataKeyCommand).callsFake(({ KeyId: keyId, EncryptionContext: context }) =>
    around(async () => {
      const blob = randomBytes(48);
      const plaintext = randomBytes(32);
      made.set(blob.toString('hex'), { keyId, context, plaintext });
      return { CiphertextBlob: blob, Plaintext: Buffer.from(plaintext) };
    }),
  );
  mock.on(DecryptCommand).callsFake(({ KeyId: keyId, CiphertextBlob, EncryptionContext: context }) =>
    around(async () => {
      const key = made.get(Buffer.from(CiphertextBlob).toString('hex'));
      if (!key || key.keyId !== keyId || !isDeepStrictEqual(key.context, context)) {
        throw Object.assign(new Error('no'), { name: 'InvalidCiphertextException' });
      }
      return { Plaintext: Buffer.from(key.plaintext) };
    }),
  );
  return mock;
}
