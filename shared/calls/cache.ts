import type { Vault } from '../connections/vault.ts';
import type { Item, Table } from '../core/aws.ts';
import { type Moment, ttlSeconds } from '../core/clock.ts';
import { sha256 } from '../core/crypto.ts';
import { canonicalJson } from '../core/json.ts';
import { answerKey, connectionKey } from '../core/keys.ts';
import { log } from '../core/log.ts';
import { Secret } from '../core/secret.ts';
import type { AttemptOutcome, Job } from './attempt.ts';
import { MAX_RESULT_BYTES } from './call.ts';
import type { Caching } from './contract.ts';

/** An answer to a read, as it is kept for the next who asks for the same. */
export interface KeptAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
  /** When the provider gave it, or last said that it still holds. */
  readonly keptAtMs: number;
}

export type AnswerCache = ReturnType<typeof openCache>;

/** What is only kept to be asked about is kept for so long. */
const REVALIDATED_FOR_MS = 24 * 60 * 60_000;

/** Returns the cache of answers, sealed, among the rows of the calls: one request to look, one to keep, for those alone who
 *  ask for it. What breaks here costs no call: it is a miss. */
export function openCache(table: Table, vault: Pick<Vault, 'sealAtHand' | 'open'>) {
  return {
    async find(job: Job, generation: number): Promise<KeptAnswer | undefined> {
      const key = keyOf(job, generation);
      try {
        const item = await table.get({ pk: job.tenantId, sk: key });
        if (!item) return undefined;
        const record = Buffer.from(item.sealed as Uint8Array).toString('base64url');
        const opened = await vault.open(job.tenantId, placeOf(job, key, generation), record);
        return opened.ok ? (JSON.parse(opened.value.reveal()) as KeptAnswer) : undefined;
      } catch (error) {
        log.bug('a kept answer was not read', error, { provider: job.id.provider });
        return undefined;
      }
    },

    async keep(job: Job, generation: number, { keptAtMs, ...answer }: KeptAnswer): Promise<void> {
      const text = JSON.stringify({ ...answer, keptAtMs });
      if (Buffer.byteLength(text) > MAX_RESULT_BYTES) return;
      const key = keyOf(job, generation);
      const { ttlS = 0, revalidate } = job.cache ?? {};
      const untilMs = keptAtMs + Math.max(ttlS * 1000, revalidate ? REVALIDATED_FOR_MS : 0);
      try {
        const record = await vault.sealAtHand(job.tenantId, placeOf(job, key, generation), new Secret(text));
        const item: Item = { pk: job.tenantId, sk: key, sealed: Buffer.from(record, 'base64url') };
        await table.put({ ...item, ttl: ttlSeconds(untilMs) });
      } catch (error) {
        log.bug('an answer was not kept', error, { provider: job.id.provider });
      }
    },
  };
}

/** Returns the outcome that a kept answer is, where it is young enough to be believed unasked. */
export function fresh(kept: KeptAnswer | undefined, { ttlS = 0 }: Caching, { nowMs }: Pick<Moment, 'nowMs'>) {
  if (!kept || nowMs >= kept.keptAtMs + ttlS * 1000) return undefined;
  return { ...outcomeOf(kept, nowMs), unasked: true } as const;
}

/** Returns the headers that ask whether a kept answer still holds (RFC 9110 §13.1); none where nothing can be asked. */
export function conditionsOf(kept: KeptAnswer | undefined, { request, cache }: Job): Record<string, string> {
  if (!kept || !cache?.revalidate || request.method !== 'GET') return {};
  const { etag, 'last-modified': lastModified } = kept.headers;
  return { ...(etag && { 'if-none-match': etag }), ...(lastModified && { 'if-modified-since': lastModified }) };
}

/** Returns what is to be kept after an exchange: the new answer, or the one that still holds; nothing of what failed. */
export function toKeep(outcome: AttemptOutcome, kept: KeptAnswer | undefined, nowMs: number): KeptAnswer | undefined {
  if (outcome.kind !== 'succeeded' || outcome.mocked) return undefined;
  const { status, headers, body } = outcome;
  if (status === 304) return kept && { ...kept, headers: { ...kept.headers, ...headers }, keptAtMs: nowMs };
  return { status, headers, body, keptAtMs: nowMs };
}

/** Returns the outcome that a kept answer is; `ageS`: since the provider gave it, or said that it holds. */
export function outcomeOf({ keptAtMs, ...answer }: KeptAnswer, nowMs: number) {
  return { kind: 'succeeded', ...answer, ageS: Math.floor((nowMs - keptAtMs) / 1000) } as const;
}

/** Another credential may see another thing. */
function keyOf({ id, request }: Job, generation: number): string {
  return answerKey(sha256(canonicalJson([connectionKey(id), generation, request])));
}

function placeOf({ id: { provider, name } }: Job, field: string, generation: number) {
  return { provider, name, field, generation };
}
