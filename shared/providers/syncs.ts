import type * as z from 'zod';
import type { ApiRequest } from './actions.ts';
import type { Needs } from './needs.ts';

// The words of a provider's `syncs.ts`.

/** One kind of object that is polled: from a checkpoint to requests, from pages to records. */
export interface Sync extends Needs {
  readonly model: string;
  readonly docs: string;
  /** Seconds between two runs, unless the tenant sets others. */
  readonly everyS: number;
  /** The provider wants to be asked no more often than this. Default: 60 s. */
  readonly leastS?: number;
  /** What the tenant chooses: which channels, which calendar. Where nothing is no choice, the sync is off until then. */
  readonly settings?: z.ZodObject;
  /** Pure: the next page's request. */
  readonly request: (at: SyncPlace) => ApiRequest;
  /** Pure: what one page holds. `next` asks for another page; `checkpoint` is where the following run begins. */
  readonly page: (
    answer: SyncPlace & {
      readonly body: unknown;
      readonly headers: Readonly<Record<string, string>>;
    },
  ) => SyncPage;
  /** Checkpoints are times (ISO 8601): a run vouches for none later than this many seconds before it began, so that what
   *  changes while it reads, or shows late, is read again by the next. Default: a checkpoint is taken as it is. */
  readonly overlapS?: number;
  /** `token`: only the provider knows what a checkpoint means, and the last page's counts. Default: they sort as text, the
   *  greatest counts, and none ever goes back. */
  readonly checkpoints?: 'token';
  /** How the provider refuses a checkpoint that is too old: the next run reads everything. */
  readonly expired?: readonly { readonly status: number; readonly code?: string }[];
  /** Checkpoints are times, and the provider knows the changes since one for no longer than this. */
  readonly remembersS?: number;
  /** After so long the next run reads everything: what is gone shows only then. */
  readonly fullEveryS?: number;
  /** How a vanished object is noticed: the provider says so, a complete run did not see it, or not at all. */
  readonly deletions: 'tombstones' | 'full-scan' | 'none';
  /** Every record bears the time of its last change (`updatedAt`): so long after it, in seconds, old ones are let go, or, as
   *  the tenant says. Default: they are kept for as long as they exist. */
  readonly retention?: { readonly defaultS?: number };
  /** The action whose limit its requests count under. Default: the limits of every request alone. */
  readonly limitedAs?: string;
  /** Webhook types that make it due at once; `issues.*` is every action of `issues`. */
  readonly nudgedBy?: readonly string[];
}

/** Where a run is. */
export interface SyncPlace {
  /** The checkpoint of the last complete run; none: everything is to be read. */
  readonly since?: string;
  /** As the page before named it; none: the first. */
  readonly page?: string;
  /** As `settings` has checked it. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** ms since the epoch; the same for all pages of a run. */
  readonly startedAtMs: number;
}

export interface SyncPage {
  readonly records: readonly {
    readonly id: string;
    readonly updatedAt?: string;
    readonly deleted?: boolean;
    readonly data: unknown;
  }[];
  readonly next?: string;
  /** The furthest point this page vouches for. See `checkpoints`. */
  readonly checkpoint?: string;
  /** There is more than the provider tells. Of changes: the next run reads everything. Of everything: what the run did not
   *  meet may exist all the same. */
  readonly incomplete?: boolean;
}

export type Syncs = Readonly<Record<string, Sync>>;
