import { randomBytes } from 'node:crypto';
import { openVault } from '../../shared/connections/vault.ts';
import { realMoment } from '../../shared/core/clock.ts';
import { TenantId } from '../../shared/core/ids.ts';
import { Secret } from '../../shared/core/secret.ts';
import { fakeKms } from '../support/kms.ts';
import { memoryTable } from '../support/memory-table.ts';

const tenantId = TenantId.parse('acme');

/** As long as the tokens of providers are: 40 to 2,000 characters. */
export const records = Array.from({ length: 200 }, (_, at) => randomBytes(20 + ((at * 37) % 980)).toString('hex'));

/** Returns how many secrets per second the vault seals and opens again, its data key in memory; over `forMs`. */
export async function vaultPerSecond(forMs = 1_000): Promise<number> {
  fakeKms();
  const vault = openVault({ keyId: 'key', keysTable: memoryTable(), moment: realMoment });
  const place = (generation: number) => ({ provider: 'demo', name: 'default', field: 'accessToken', generation });
  const began = performance.now();
  let count = 0;
  while (performance.now() - began < forMs) {
    for (const [at, record] of records.entries()) {
      const sealed = await vault.seal(tenantId, place(at), new Secret(record));
      const opened = await vault.open(tenantId, place(at), sealed);
      if (!opened.ok || opened.value.reveal() !== record) throw new Error('a record does not open');
      count += 1;
    }
  }
  return (count / (performance.now() - began)) * 1000;
}
