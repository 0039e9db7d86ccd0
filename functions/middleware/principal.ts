import * as z from 'zod';
import type { Actor } from '../../shared/core/audit.ts';

/** Who calls, as the authorizer found out. HTTP API passes its context as text. */
export const Principal = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('operator') }),
  /** `keyId`: which of its keys; absent while a release is under way whose authorizer does not tell yet. */
  z.object({ kind: z.literal('tenant'), tenantId: z.string().min(1), keyId: z.string().optional() }),
  z.object({ kind: z.literal('unknown') }),
]);
export type Principal = z.infer<typeof Principal>;

/** Returns the caller as entries of the audit name him; nobody unknown comes that far. */
export function actorOf(principal: Principal): Actor {
  if (principal.kind !== 'tenant') return { kind: 'operator' };
  return { kind: 'key', ...(principal.keyId !== undefined && { id: principal.keyId }) };
}
