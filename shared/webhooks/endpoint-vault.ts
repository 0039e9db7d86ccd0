import { bindingOf, keyOf, notWrappedSo, openRecord, sealRecord } from '../connections/seal.ts';
import type { Moment } from '../core/clock.ts';
import { parseJson } from '../core/json.ts';
import { log } from '../core/log.ts';
import { type Ask, ServiceRefusal } from '../core/service.ts';
import type { EndpointRow, Sealed } from './endpoint.ts';

// The records of the credentials' vault, under another KMS key: the intake, which anybody can reach, must open these and
// can open no credential (G.3). Each has a data key of its own beside it, so that a miss costs one read and one unwrapping.

export type EndpointVault = ReturnType<typeof openEndpointVault>;

type Holder = Pick<EndpointRow, 'tenantId' | 'provider' | 'id' | 'generation'>;

const PURPOSE = 'patchbay-endpoints';

/** Returns the vault of the secrets that tenants' endpoints are signed with, under the KMS key `keyId`. */
export function openEndpointVault(keyId: string, kms: Ask) {
  return {
    /** Returns the secrets sealed for one endpoint and generation. Throws when KMS cannot be asked. */
    async seal(holder: Holder, secrets: readonly string[], moment: Moment): Promise<Sealed> {
      const EncryptionContext = contextOf(holder);
      const made = await kms('GenerateDataKey', { KeyId: keyId, KeySpec: 'AES_256', EncryptionContext });
      const dataKey = Buffer.from(String(made.Plaintext), 'base64');
      const noise = {
        salt: Buffer.from(moment.token(32), 'base64url'),
        iv: Buffer.from(moment.token(12), 'base64url'),
      };
      const ref = { version: 1, keyId: moment.token(16) };
      const record = sealRecord(dataKey, ref, placeOf(holder), JSON.stringify(secrets), noise);
      dataKey.fill(0);
      return { wrapped: String(made.CiphertextBlob), record };
    },

    /** Returns the secrets; none where the record is damaged, or belongs elsewhere. Throws when KMS cannot be asked. */
    async open(holder: Holder, { wrapped, record }: Sealed): Promise<readonly string[]> {
      const dataKey = keyOf(record) && (await unwrap(holder, wrapped));
      const opened = dataKey && openRecord(dataKey, placeOf(holder), record);
      dataKey?.fill(0);
      if (opened !== undefined) return parseJson(opened) as readonly string[];
      log.warn('the secrets of an endpoint do not open', { tenant: holder.tenantId, provider: holder.provider });
      return [];
    },
  };

  async function unwrap(holder: Holder, wrapped: string): Promise<Buffer | undefined> {
    try {
      const input = { KeyId: keyId, CiphertextBlob: wrapped, EncryptionContext: contextOf(holder) };
      return Buffer.from(String((await kms('Decrypt', input)).Plaintext), 'base64');
    } catch (error) {
      if (error instanceof ServiceRefusal && notWrappedSo.has(error.code)) return undefined;
      throw error;
    }
  }
}

function contextOf({ tenantId }: Holder): Record<string, string> {
  return { purpose: PURPOSE, tenantId };
}

function placeOf({ tenantId, provider, id, generation }: Holder): Buffer {
  return bindingOf(tenantId, { provider, name: id, field: 'secrets', generation });
}
