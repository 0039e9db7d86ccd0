import type { ApiRequest } from './actions.ts';

// The words of a provider's `syncs.ts`.

/** One kind of object that is polled: from a checkpoint to requests, from pages to records. */
export interface Sync {
  readonly model: string;
  readonly docs: string;
  /** Seconds between two runs, unless the tenant sets others. */
  readonly everyS: number;
  /** Pure: the next page's request. `since` is the checkpoint of the last complete run (none: everything). */
  readonly request: (at: { readonly since?: string; readonly page?: string }) => ApiRequest;
  /** Pure: what one page holds. `next` asks for another page; `checkpoint` is where the following run begins. */
  readonly page: (answer: {
    readonly body: unknown;
    readonly headers: Readonly<Record<string, string>>;
    readonly since?: string;
    readonly page?: string;
  }) => SyncPage;
  /** Checkpoints are times (ISO 8601): a run vouches for none later than this many seconds before it began, so that what
   *  changes while it reads, or shows late, is read again by the next. Default: a checkpoint is taken as it is. */
  readonly overlapS?: number;
  /** How a vanished object is noticed: the provider says so, a complete run did not see it, or not at all. */
  readonly deletions: 'tombstones' | 'full-scan' | 'none';
  /** The action whose limit its requests count under. Default: the limits of every request alone. */
  readonly limitedAs?: string;
  /** Webhook types that make it due at once; `issues.*` is every action of `issues`. */
  readonly nudgedBy?: readonly string[];
}

export interface SyncPage {
  readonly records: readonly {
    readonly id: string;
    readonly updatedAt?: string;
    readonly deleted?: boolean;
    readonly data: unknown;
  }[];
  readonly next?: string;
  /** The furthest point this page vouches for. The run's checkpoint is the greatest of its pages': they sort as text. */
  readonly checkpoint?: string;
}

export type Syncs = Readonly<Record<string, Sync>>;
