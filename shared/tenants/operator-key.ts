import * as z from 'zod';
import { parseJson } from '../core/json.ts';
import { kept } from './authorize.ts';

const OperatorSecret = z.object({ key: z.string().min(8) });

/** Returns a reader of the operator key, kept for 60 s; nothing where the secret has none. */
export function openOperatorKey(
  secretId: string,
  readSecret: (secretId: string) => Promise<string | undefined>,
  now: () => number,
): () => Promise<string | undefined> {
  return kept(async () => {
    const secret = OperatorSecret.safeParse(parseJson((await readSecret(secretId)) ?? ''));
    return secret.success ? secret.data.key : undefined;
  }, now);
}
