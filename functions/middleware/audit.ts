import { type AuditEntry, type AuditedAct, auditedActs, targetOf } from '../../shared/core/audit.ts';
import { auditWriter } from '../../shared/core/audit-log.ts';
import { realMoment } from '../../shared/core/clock.ts';
import { readActivityPlace } from '../../shared/core/env.ts';
import { refuse } from '../../shared/core/errors.ts';
import { newId } from '../../shared/core/ids.ts';
import { OWNER } from '../../shared/core/keys.ts';
import { log } from '../../shared/core/log.ts';
import { measure } from '../../shared/core/metrics.ts';
import type { Result } from '../../shared/core/result.ts';
import { openService } from '../../shared/core/service.ts';

/** What was asked and what came of it; ids are taken from it, and nothing else is looked at. */
export interface Done extends Pick<AuditEntry, 'actor' | 'error' | 'requestId'> {
  /** Which of the contract's acts it was. Default: the first. */
  readonly act?: AuditedAct;
  /** Default: the tenant that came into being, else the owner's own matters. */
  readonly tenant?: string;
  /** Parsed ids: of a path, of a direct invocation. */
  readonly given?: unknown;
  readonly body?: unknown;
  readonly answer?: unknown;
}

export type Audit = ReturnType<typeof openAudit>;

/** Returns how a function's entries are written; one whose contract names no act writes none. An entry that cannot be
 *  written goes to the log in full, and someone is called. */
export function openAudit(acts: AuditedAct | readonly AuditedAct[] | undefined) {
  const [usual] = [acts].flat();
  const write = usual && auditWriter(openService('dynamodb'), readActivityPlace());

  /** True once the entry stands. */
  async function note({ act = usual, tenant, given, body, answer, ...rest }: Done): Promise<boolean> {
    if (!act || !write) return true;
    const target = targetOf(act, given, body, answer);
    const about = { action: act, tenant: tenant ?? target.tenant ?? OWNER, target, ...rest };
    const entry: AuditEntry = { ...about, id: newId('aud', realMoment), atMs: realMoment.nowMs };
    try {
      await write(entry).catch(() => write(entry));
      return true;
    } catch (error) {
      const { actor, error: code, requestId } = rest;
      const who = [actor.kind, actor.id].filter(Boolean).join(':');
      const said = { ...target, tenant: about.tenant, action: act, actor: who, code, requestId };
      log.bug('an audit entry was not written', error, said);
      measure('AuditLost', {});
      return false;
    }
  }

  return {
    note,

    /** Returns what comes of the work, once its entry is written. What throws may have been done: it is entered too. */
    async around(about: Done, work: () => Promise<Result<unknown>>): Promise<Result<unknown>> {
      let result: Result<unknown>;
      try {
        result = await work();
      } catch (error) {
        await note({ ...about, error: 'internal' });
        throw error;
      }
      const kept = await note({ ...about, ...(result.ok ? { answer: result.value } : { error: result.error.code }) });
      if (kept || !result.ok || !usual || !('failsClosed' in auditedActs[usual])) return result;
      return refuse('unavailable', 'It cannot be entered in the audit log at present: nothing is handed out.');
    },
  };
}
