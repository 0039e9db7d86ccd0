import * as z from 'zod';
import { equal } from '../core/crypto.ts';
import { parseJson } from '../core/json.ts';

export type ReadOperatorKey = () => Promise<string | undefined>;

const OperatorSecret = z.object({ key: z.string().min(8) });
const FRESH_MS = 60_000;

/** Returns a reader of the operator key, kept for 60 s, and longer while the secret store is down; nothing where the secret
 *  has none. */
export function openOperatorKey(
  secretId: string,
  readSecret: (secretId: string) => Promise<string | undefined>,
  now: () => number,
): ReadOperatorKey {
  return kept(async () => {
    const secret = OperatorSecret.safeParse(parseJson((await readSecret(secretId)) ?? ''));
    return secret.success ? secret.data.key : undefined;
  }, now);
}

/** Returns whether the text is the operator key, in constant time. */
export async function isOperatorKey(text: string, readOperatorKey: ReadOperatorKey): Promise<boolean> {
  const operatorKey = await readOperatorKey();
  return operatorKey !== undefined && operatorKey !== '' && equal(operatorKey, text);
}

/** Returns a reader that keeps its last answer for 60 s, and longer while the secret store is down (G.2). */
export function kept<T>(read: () => Promise<T>, now: () => number): () => Promise<T> {
  let last: { readonly value: T; readonly atMs: number } | undefined;
  return async () => {
    if (last && now() - last.atMs < FRESH_MS) return last.value;
    try {
      last = { value: await read(), atMs: now() };
      return last.value;
    } catch (error) {
      if (last) return last.value;
      throw error;
    }
  };
}
