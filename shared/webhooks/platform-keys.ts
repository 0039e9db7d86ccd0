import { createPublicKey, type JsonWebKey, type KeyObject, X509Certificate } from 'node:crypto';
import type { Send } from '../core/fetch.ts';
import { at, parseJson, textAt } from '../core/json.ts';

/** The keys that platforms sign with. Each throws where it cannot be found out, and returns nothing where there is none. */
export interface PlatformKeys {
  /** A key of a JWKS. */
  readonly keyOf: (url: string, keyId: string) => Promise<KeyObject | undefined>;
  readonly certificateKey: (url: string) => Promise<KeyObject | undefined>;
}

interface Kept {
  readonly keys: ReadonlyMap<string, KeyObject>;
  readonly atMs: number;
}

const FRESH_MS = 60 * 60_000;
const STALE_MS = 24 * 60 * 60_000;
/** A platform's new key is asked for, but not as often as anybody invents one. */
const ASK_AGAIN_MS = 60_000;
const TIMEOUT_MS = 3_000;
const MAX_BYTES = 256 * 1024;
const MAX_KEPT = 50;
/** What a certificate's only key is kept under. */
const ONLY = '';

/** Returns the keys, each kept for an hour, and for a day where the platform does not answer. */
export function openPlatformKeys(send: Send, now: () => number): PlatformKeys {
  const kept = new Map<string, Kept>();

  async function ask(url: string, read: (text: string) => ReadonlyMap<string, KeyObject>): Promise<Kept> {
    const answer = await send({ method: 'GET', url, headers: {}, timeoutMs: TIMEOUT_MS, maxBytes: MAX_BYTES });
    if (!answer.ok) throw new Error(`the keys of a platform: ${answer.error.cause}`);
    const { status, body } = answer.value;
    if (status !== 200 && status !== 404) throw new Error(`the keys of a platform: ${status}`);
    if (kept.size >= MAX_KEPT) kept.clear();
    const made = { keys: status === 200 ? read(body.toString('utf8')) : new Map<string, KeyObject>(), atMs: now() };
    kept.set(url, made);
    return made;
  }

  async function find(url: string, keyId: string, read: (text: string) => ReadonlyMap<string, KeyObject>) {
    const last = kept.get(url);
    const known = last?.keys.get(keyId);
    if (last && now() - last.atMs < (known ? FRESH_MS : ASK_AGAIN_MS)) return known;
    try {
      return (await ask(url, read)).keys.get(keyId);
    } catch (error) {
      if (known && last && now() - last.atMs < STALE_MS) return known;
      throw error;
    }
  }

  return {
    keyOf: (url, keyId) => find(url, keyId, readKeys),
    certificateKey: (url) => find(url, ONLY, readCertificate),
  };
}

function readKeys(text: string): ReadonlyMap<string, KeyObject> {
  const list = at(parseJson(text), 'keys');
  const all = Array.isArray(list) ? list : [];
  return new Map(
    all.flatMap((key) => {
      const id = textAt(key, 'kid');
      const made = id !== undefined && textAt(key, 'kty') === 'RSA' ? rsaKey(key) : undefined;
      return id !== undefined && made ? [[id, made] as const] : [];
    }),
  );
}

function rsaKey(key: unknown): KeyObject | undefined {
  try {
    return createPublicKey({ key: key as JsonWebKey, format: 'jwk' });
  } catch {
    return undefined; // one key of a kind of its own must not cost the others
  }
}

function readCertificate(text: string): ReadonlyMap<string, KeyObject> {
  try {
    return new Map([[ONLY, new X509Certificate(text).publicKey]]);
  } catch {
    return new Map(); // what is there is no certificate, and nobody can be believed by it
  }
}
