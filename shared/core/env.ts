import type * as z from 'zod';

/** Returns a function's settings, parsed once at cold start against its contract; throws naming what is wrong. */
export function readEnv<Env extends z.ZodObject>(env: Env): z.infer<Env> {
  const parsed = env.safeParse(process.env);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw new Error(`The function's environment does not fit its contract: ${faults.join('; ')}`);
}
