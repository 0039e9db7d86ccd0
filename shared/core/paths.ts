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

/** A function's setting that must not be empty. */
export const setting = z.string().min(1);
