import type { Vault } from '../connections/vault.ts';
import { refuse } from '../core/errors.ts';
import { log } from '../core/log.ts';
import { ok, type Result } from '../core/result.ts';
import { Secret } from '../core/secret.ts';
import type { Call, Contents, Entry, SealedCall } from './call.ts';

export type CallContents = ReturnType<typeof openContents>;

/** Returns the way into calls: what they ask and bring is sealed for each alone, and ends with its tenant's keys (B-12). */
export function openContents(vault: Pick<Vault, 'sealAtHand' | 'open'>) {
  return {
    /** Errors: `unavailable` (no key can be had at present: nothing is kept then). */
    async seal({ asked, pages, version, answers, result, response, ...entry }: Call): Promise<Result<SealedCall>> {
      const contents: Contents = { asked, pages, version, answers, result, response };
      const { tenantId, id } = entry;
      try {
        const sealed = await vault.sealAtHand(tenantId, placeOf(entry), new Secret(JSON.stringify(contents)));
        return ok({ ...entry, sealed });
      } catch (error) {
        log.bug('a call was not sealed', error, { call: id, tenant: tenantId });
        return refuse('unavailable', 'The call cannot be kept at present; try again.');
      }
    },

    /** Errors: `not_found` (nothing opens it any more), `unavailable` (KMS or the table cannot be asked at present). */
    async open({ sealed, ...entry }: SealedCall): Promise<Result<Call>> {
      const opened = await vault.open(entry.tenantId, placeOf(entry), sealed);
      if (opened.ok) return ok({ ...entry, ...(JSON.parse(opened.value.reveal()) as Contents) });
      if (opened.error.code === 'unavailable') {
        return refuse('unavailable', 'The call cannot be opened at present; try again.', { cause: opened.error.cause });
      }
      log.warn('a call does not open', { call: entry.id, tenant: entry.tenantId, cause: opened.error.cause });
      return refuse('not_found', 'There is no such call.');
    },
  };
}

/** No credential has generation 0, and no field of one such a name. */
function placeOf({ connection: { provider, name }, id }: Entry) {
  return { provider, name, field: `call#${id}`, generation: 0 };
}
