import type { ApiRequest } from '../../../../shared/providers/actions.ts';

// Small stand-ins for the lists of providers' APIs, written from their documentation: each shows the same objects in the
// shapes, the order and by the pages of its provider.

/** An object as it stands upstream. */
export interface Thing {
  readonly n: number;
  /** Another one after each change. */
  readonly text: string;
  readonly madeMs: number;
  readonly changedMs: number;
  /** Which of all changes was the last of this object. */
  readonly at: number;
  readonly gone: boolean;
}

export interface Upstream {
  /** Each object once, in the order that they were made. */
  readonly things: readonly Thing[];
  /** The last of all changes. */
  readonly at: number;
  /** Change tokens of before this change are refused. */
  readonly forgotten: number;
  readonly nowMs: number;
}

export interface ListApi {
  /** What a tenant would choose. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** So many objects on a page; as small as the sync allows. */
  readonly perPage: number;
  readonly idOf: (thing: Thing) => string;
  /** Of a run that finds nothing new. Default: one. */
  readonly quietRequests?: number;
  /** What the provider lists never. */
  readonly unlisted?: readonly ('changes' | 'deletions')[];
  readonly answer: (request: ApiRequest, upstream: Upstream) => ListAnswer;
}

export interface ListAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
}

export const iso = (ms: number) => new Date(ms).toISOString();
export const seconds = (ms: number) => Math.floor(ms / 1000);
export const living = ({ things }: Upstream) => things.filter(({ gone }) => !gone);
export const by = (key: (thing: Thing) => number, descending = false) => {
  const sign = descending ? -1 : 1;
  return (a: Thing, b: Thing) => sign * (key(a) - key(b) || a.n - b.n);
};

/** A page of what stands behind a cursor: the cursor names the last thing read, wherever it may be by now. */
export function pageAfter(sorted: readonly Thing[], cursor: unknown, perPage: number) {
  const begin = cursor === undefined ? 0 : sorted.findIndex(({ n }) => String(n) === String(cursor)) + 1;
  const page = sorted.slice(begin, begin + perPage);
  return { page, next: sorted.length > begin + perPage ? String(page.at(-1)?.n) : undefined };
}
