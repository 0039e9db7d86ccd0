import { bindingOf, openRecord, sealRecord } from '../../shared/connections/seal.ts';
import type { Vault } from '../../shared/connections/vault.ts';
import { refuse } from '../../shared/core/errors.ts';
import { ok } from '../../shared/core/result.ts';
import { Secret } from '../../shared/core/secret.ts';

const dataKey = Buffer.alloc(32, 7);
let sealed = 0;
/** Other for each record, as in the vault; in the same order for the same run. */
function noise() {
  const salt = Buffer.alloc(32, 8);
  salt.writeUInt32BE(++sealed);
  return { salt, iv: Buffer.alloc(12, 9) };
}
const ref = { version: 1, keyId: Buffer.alloc(16, 1).toString('base64url') };

/** Real records under one data key that is always at hand, for worlds in which neither KMS nor the keys' table is asked. */
export const plainVault: Pick<Vault, 'sealAtHand' | 'open'> = {
  sealAtHand: async (tenantId, place, plaintext) =>
    sealRecord(dataKey, ref, bindingOf(tenantId, place), plaintext.reveal(), noise()),
  open: async (tenantId, place, sealed) => {
    const plaintext = openRecord(dataKey, bindingOf(tenantId, place), sealed);
    return plaintext === undefined ? refuse('needs_reauth', 'It does not open here.') : ok(new Secret(plaintext));
  },
};
