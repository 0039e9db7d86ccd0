import type { WayKind } from './auth.ts';

/** What a sync or a subscription wants of its connection: else the provider refuses each of its requests. */
export interface Needs {
  /** It was granted one of these. Default, as of an empty list: none is wanted. */
  readonly scopes?: readonly string[];
  /** It was made by one of these ways. Default: by any. */
  readonly kinds?: readonly [WayKind, ...WayKind[]];
}

/** The kind of a connection that was made without an account: there is nothing to read, and nobody tells anything. */
export const MOCK = 'mock';

/** How a connection was made, and what it was granted, as far as that is known. */
export interface Granted {
  readonly kind?: string;
  /** An empty list: the provider does not tell. */
  readonly scopes?: readonly string[];
}

/** Returns which of them a connection does not meet; what is not known of it meets all. */
export function unmet({ scopes = [], kinds }: Needs, { kind, scopes: granted = [] }: Granted): Needs | undefined {
  if (kinds && kind !== undefined && !kinds.some((one) => one === kind)) return { kinds };
  if (scopes.length === 0 || granted.length === 0) return undefined;
  return scopes.some((one) => granted.some((it) => names(it, one))) ? undefined : { scopes };
}

/** Graph names a scope with or without its resource before it. */
function names(granted: string, scope: string): boolean {
  return granted === scope || granted.endsWith(`/${scope}`);
}
