import * as z from 'zod';
import { readCursor } from './cursor.ts';
import { ConnectionRef, ProviderId, TenantId } from './ids.ts';

// The parts that routes have in common, as every contract spells them.

export const tenantPath = z.object({ tenant: TenantId });
export const connectionPath = z.object({ tenant: TenantId, connection: ConnectionRef });
export const providerPath = z.object({ provider: ProviderId });

/** Lists: at most 100 a page, and the cursor of the page before. */
export const page = {
  limit: z.coerce.number().int().min(1).max(100).default(50),
  cursor: z
    .string()
    .max(2_000)
    .refine((text) => readCursor(text) !== undefined, 'a cursor of this list')
    .optional(),
} as const;

/** What a list, or an order, may be narrowed to by time. */
export const period = {
  from: z.iso.datetime({ offset: true }).optional(),
  to: z.iso.datetime({ offset: true }).optional(),
} as const;

/** Whether a period begins before it ends; for `refine`, with what to say where it does not. */
export function isForward({ from, to }: { readonly from?: string; readonly to?: string }): boolean {
  return from === undefined || to === undefined || Date.parse(from) <= Date.parse(to);
}
export const NOT_FORWARD = { path: ['from'], message: 'must not be later than `to`' };

/** A function's setting that must not be empty. */
export const setting = z.string().min(1);
