import * as z from 'zod';

/** Who calls, as the authorizer found out. HTTP API passes its context as text. */
export const Principal = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('operator') }),
  z.object({ kind: z.literal('tenant'), tenantId: z.string().min(1) }),
  z.object({ kind: z.literal('unknown') }),
]);
export type Principal = z.infer<typeof Principal>;
