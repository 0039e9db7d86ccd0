import { randomBytes } from 'node:crypto';
import {
  AlgorithmSuiteIdentifier,
  buildClient,
  CommitmentPolicy,
  type EncryptionContext,
  getLocalCryptographicMaterialsCache,
  KmsKeyringNode,
  NodeCachingMaterialsManager,
  type NodeMaterialsManager,
  RawAesKeyringNode,
  RawAesWrappingSuiteIdentifier,
} from '@aws-crypto/client-node';
import { openVault } from '../../shared/connections/vault.ts';
import { realMoment } from '../../shared/core/clock.ts';
import { TenantId } from '../../shared/core/ids.ts';
import { Secret } from '../../shared/core/secret.ts';
import { fakeKms } from '../support/kms.ts';
import { memoryTable } from '../support/memory-table.ts';

// The vault next to the AWS Encryption SDK, on the same records in the same run. Both derive a key for each record (HKDF) and
// commit to it. The SDK is measured without its signatures, which the vault has no use for, and in both of its ways:
// `cached`: a data key of KMS kept in memory, as the vault keeps its own; all records of the tenant share one encryption
// context, since another would be a miss. `bound`: a data key for each record, wrapped by a local AES key, so that each record is
// bound to its own place, as the vault's are.

const tenantId = TenantId.parse('acme');
const suiteId = AlgorithmSuiteIdentifier.ALG_AES256_GCM_IV12_TAG16_HKDF_SHA512_COMMIT_KEY;

/** As long as the tokens of providers are: 40 to 2,000 characters. */
const records = Array.from({ length: 200 }, (_, at) => randomBytes(20 + ((at * 37) % 980)).toString('hex'));

/** Seals a record for a place of its own and returns what opens of it again. */
type SealAndOpen = (record: string, at: number) => Promise<string>;

function vault(): SealAndOpen {
  fakeKms();
  const { seal, open } = openVault({ keyId: 'key', keysTable: memoryTable(), moment: realMoment });
  return async (record, generation) => {
    const place = { provider: 'demo', name: 'default', field: 'accessToken', generation };
    const opened = await open(tenantId, place, await seal(tenantId, place, new Secret(record)));
    return opened.ok ? opened.value.reveal() : '';
  };
}

function sdk(
  manager: NodeMaterialsManager | RawAesKeyringNode,
  contextOf: (at: number) => EncryptionContext,
): SealAndOpen {
  const { encrypt, decrypt } = buildClient(CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT);
  return async (record, at) => {
    const { result } = await encrypt(manager, record, { encryptionContext: contextOf(at), suiteId });
    return (await decrypt(manager, result.toString('base64'), { encoding: 'base64' })).plaintext.toString('utf8');
  };
}
function cached(): SealAndOpen {
  const generatorKeyId = 'arn:aws:kms:eu-central-1:111122223333:key/00000000-0000-0000-0000-000000000000';
  const dataKey = randomBytes(32);
  const answer = { KeyId: generatorKeyId, Plaintext: dataKey, $metadata: {} };
  const kms = {
    generateDataKey: async () => ({ ...answer, Plaintext: Buffer.from(dataKey), CiphertextBlob: randomBytes(48) }),
    encrypt: async () => ({ ...answer, CiphertextBlob: randomBytes(48) }),
    decrypt: async () => ({ ...answer, Plaintext: Buffer.from(dataKey) }),
  };
  const manager = new NodeCachingMaterialsManager({
    backingMaterials: new KmsKeyringNode({ generatorKeyId, clientProvider: () => kms }),
    cache: getLocalCryptographicMaterialsCache(1_000),
    maxAge: 300_000,
  });
  return sdk(manager, () => ({ tenantId }));
}

function bound(): SealAndOpen {
  const keyring = new RawAesKeyringNode({
    keyNamespace: 'patchbay',
    keyName: 'bench',
    unencryptedMasterKey: randomBytes(32),
    wrappingSuite: RawAesWrappingSuiteIdentifier.AES256_GCM_IV12_TAG16_NO_PADDING,
  });
  return sdk(keyring, (at) => ({ tenantId, provider: 'demo', name: 'default', generation: String(at) }));
}

export interface VaultSpeed {
  /** Records sealed and opened again in a second, by each. */
  readonly vault: number;
  readonly cached: number;
  readonly bound: number;
  /** The vault's against the faster way of the SDK. */
  readonly ratio: number;
}

/** Returns the throughput of each: they take turns of `turnMs`, and the median of `turns` counts. */
export async function vaultSpeed(turns = 5, turnMs = 200): Promise<VaultSpeed> {
  const contenders = { vault: vault(), cached: cached(), bound: bound() };
  const measured = { vault: [] as number[], cached: [] as number[], bound: [] as number[] };
  for (let turn = 0; turn <= turns; turn++) {
    for (const name of ['vault', 'cached', 'bound'] as const) {
      const perSecond = await throughput(contenders[name], turnMs);
      if (turn > 0) measured[name].push(perSecond); // the first turn warms up
    }
  }
  const [ours = 0, ...theirs] = [measured.vault, measured.cached, measured.bound].map(median);
  const [withCache = 0, withBinding = 0] = theirs;
  return { vault: ours, cached: withCache, bound: withBinding, ratio: ours / Math.max(...theirs) };
}

async function throughput(sealAndOpen: SealAndOpen, forMs: number): Promise<number> {
  const began = performance.now();
  let count = 0;
  while (performance.now() - began < forMs) {
    for (const [at, record] of records.entries()) {
      if ((await sealAndOpen(record, at)) !== record) throw new Error('a record does not open');
      count += 1;
    }
  }
  return Math.round((count / (performance.now() - began)) * 1000);
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
}
