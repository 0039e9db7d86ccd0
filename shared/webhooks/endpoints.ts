import { within } from '../core/clock.ts';
import { openService } from '../core/service.ts';
import { openAllowance } from './allowance.ts';
import { connectionOf, type EndpointRow } from './endpoint.ts';
import { openEndpointVault } from './endpoint-vault.ts';
import { endpointLookup } from './lookup-store.ts';
import type { Endpoint, ReadEndpoint } from './trust.ts';

export interface EndpointsPorts {
  readonly lookUp: (id: string) => Promise<EndpointRow | undefined>;
  /** The secrets of a row, as many as it has notes of. */
  readonly open: (row: EndpointRow) => Promise<readonly string[]>;
  readonly now: () => number;
}

interface Known {
  readonly row: EndpointRow;
  readonly secrets: readonly string[];
  readonly atMs: number;
}

/** A removed endpoint or secret is believed for so long at most (D-15). */
const FRESH_MS = 60_000;
/** One that is not there may be there soon: the index is a moment late. */
const MISSING_MS = 5_000;
const STALE_MS = 24 * 60 * 60_000;
/** What does not answer is not asked by every request anew. */
const PAUSE_MS = 5_000;
const MOST = 2_000;
/** Ids that nobody gave out cost reads as well; beyond this the requests of endpoints that are not known here wait (D-17). */
const READS_PER_MINUTE = 600;

/** Returns a reader of endpoints that keeps each for 60 s, for 24 h where the table or KMS is down, and what is missing for
 *  5 s; one read for all who ask at once. */
export function openEndpoints({ lookUp, open, now }: EndpointsPorts): ReadEndpoint {
  const kept = new Map<string, Known>();
  const missing = new Map<string, number>(); // apart: no flood of these drives out those
  const reading = new Map<string, Promise<Known | undefined>>();
  const mayRead = openAllowance(READS_PER_MINUTE);
  let failedAtMs = Number.NEGATIVE_INFINITY;

  async function read(id: string, last: Known | undefined): Promise<Known | undefined> {
    if (now() - failedAtMs < PAUSE_MS) throw new Error('endpoints could not be read a moment ago');
    if (!last && !mayRead(now())) throw new Error('too many endpoints at once');
    try {
      const row = await lookUp(id);
      const known = row && { row, secrets: await secretsOf(row, last), atMs: now() };
      if (known) keep(kept, id, known);
      else {
        kept.delete(id);
        keep(missing, id, now());
      }
      return known;
    } catch (error) {
      failedAtMs = now();
      throw error;
    }
  }

  async function secretsOf(row: EndpointRow, last: Known | undefined): Promise<readonly string[]> {
    return last && row.sealed?.record === last.row.sealed?.record ? last.secrets : open(row);
  }

  async function find(id: string): Promise<Known | undefined> {
    if (now() - (missing.get(id) ?? Number.NEGATIVE_INFINITY) < MISSING_MS) return undefined;
    const last = kept.get(id);
    if (last && now() - last.atMs < FRESH_MS) return last;
    const running = reading.get(id) ?? read(id, last).finally(() => reading.delete(id));
    reading.set(id, running);
    try {
      return await running;
    } catch (error) {
      if (last && now() - last.atMs < STALE_MS) return last;
      throw error;
    }
  }

  return async (provider, id) => {
    const known = /^[\w-]{43}$/.test(id) ? await find(id) : undefined;
    return known?.row.provider === provider ? endpointOf(known, now()) : undefined;
  };
}

/** The oldest goes for the newest. */
function keep<Value>(map: Map<string, Value>, id: string, value: Value): void {
  map.delete(id);
  map.set(id, value);
  const [oldest] = map.keys();
  if (map.size > MOST && oldest !== undefined) map.delete(oldest);
}

function endpointOf({ row, secrets }: Known, nowMs: number): Endpoint {
  const { tenantId, settings } = row;
  const connection = connectionOf(row);
  const live = secrets.filter((_, index) => (row.secrets[index]?.untilMs ?? Number.POSITIVE_INFINITY) > nowMs);
  return { tenantId, secrets: live, ...(connection && { connection }), ...(settings && { settings }) };
}

/** Returns the reader for a function with these settings. `limitMs`: what hangs must not eat the sender's patience. */
export function endpointsFromEnv(
  { ENDPOINTS_TABLE, ENDPOINT_KEY_ID }: { readonly ENDPOINTS_TABLE: string; readonly ENDPOINT_KEY_ID: string },
  now: () => number,
  limitMs: number,
): ReadEndpoint {
  const lookUp = endpointLookup(ENDPOINTS_TABLE, openService('dynamodb'));
  const vault = openEndpointVault(ENDPOINT_KEY_ID, openService('kms'));
  return openEndpoints({
    lookUp: (id) => within(lookUp(id), limitMs),
    open: (row) => (row.sealed ? within(vault.open(row, row.sealed), limitMs) : Promise.resolve([])),
    now,
  });
}
