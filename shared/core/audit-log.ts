import type { AuditEntry } from './audit.ts';
import type { Item, Table } from './aws.ts';
import { ttlSeconds } from './clock.ts';
import { idsFrom } from './ids.ts';
import { parseJson } from './json.ts';
import { activityKey } from './keys.ts';
import type { Ask } from './service.ts';

const DAY_MS = 24 * 60 * 60_000;

export type AuditLog = ReturnType<typeof auditLog>;

/** Returns the writing side, which every audited function has: no SDK client for one request in a while. */
export function auditWriter(dynamodb: Ask, { table, keptDays }: { readonly table: string; readonly keptDays: number }) {
  return async ({ id, tenant, atMs, action, actor, target, error, reason, requestId }: AuditEntry): Promise<void> => {
    const texts = {
      action,
      actor: actor.kind,
      actorId: actor.id,
      target: JSON.stringify(target),
      error,
      reason,
      requestId,
    };
    const said = Object.entries(texts).filter((field): field is [string, string] => field[1] !== undefined);
    await dynamodb('PutItem', {
      TableName: table,
      Item: {
        pk: { S: activityKey(tenant, atMs) },
        sk: { S: id },
        at: { N: String(atMs) },
        ttl: { N: String(ttlSeconds(atMs + keptDays * DAY_MS)) },
        ...Object.fromEntries(said.map(([name, S]) => [name, { S }])),
      },
    });
  };
}

/** Returns the reading side. */
export function auditLog(table: Table) {
  return {
    /** Entries of a tenant, or of the owner, within `[fromMs, toMs]`, newest first; those before the entry `after`. Each
     *  month is a partition of its own. */
    async list(
      tenant: string,
      { fromMs, toMs, limit, after }: { fromMs: number; toMs: number; limit: number; after?: string },
    ): Promise<AuditEntry[]> {
      const found: AuditEntry[] = [];
      const last = after ?? idsFrom('aud', toMs + 1);
      for (let atMs = toMs; atMs >= fromMs && found.length < limit; atMs = endOfMonthBefore(atMs)) {
        const from = idsFrom('aud', fromMs);
        if (last < from) break; // no range at all, to DynamoDB
        const values = { ':pk': activityKey(tenant, atMs), ':from': from, ':last': last };
        const where = '#pk = :pk AND #sk BETWEEN :from AND :last';
        // One more than wanted: `last` may be the entry that was given before.
        const page = await table.query({ where, values, limit: limit - found.length + 1, descending: true });
        found.push(...page.items.map((item) => toEntry(tenant, item)).filter(({ id }) => id < last));
      }
      return found.slice(0, limit);
    },
  };
}

function endOfMonthBefore(atMs: number): number {
  const at = new Date(atMs);
  return Date.UTC(at.getUTCFullYear(), at.getUTCMonth()) - 1;
}

function toEntry(
  tenant: string,
  { sk, at, action, actor, actorId, target, error, reason, requestId }: Item,
): AuditEntry {
  return {
    ...{ id: sk, tenant, atMs: at, action, actor: { kind: actor, ...(actorId !== undefined && { id: actorId }) } },
    target: parseJson(String(target)),
    ...(error !== undefined && { error }),
    ...(reason !== undefined && { reason }),
    ...(requestId !== undefined && { requestId }),
  } as AuditEntry;
}
