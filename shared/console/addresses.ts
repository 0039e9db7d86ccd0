import { HOME } from './visit.ts';

// Where the console's pages are. What stands in a query may be anything; what stands in a path is one of the hub's ids.

type Query = Readonly<Record<string, string | undefined>>;

const tenant = (id: string) => `${HOME}/tenants/${encodeURIComponent(id)}`;

export const addresses = {
  home: (query: Query = {}) => at(HOME, query),
  tenant: (id: string) => tenant(id),
  connection: (id: string, connection: string, query: Query = {}) =>
    at(`${tenant(id)}/connections/${encodeURIComponent(connection)}`, query),
  /** One of them where the query names it, else their list. */
  calls: (id: string, query: Query = {}) => at(`${tenant(id)}/calls`, query),
  events: (id: string, query: Query = {}) => at(`${tenant(id)}/events`, query),
  subscription: (id: string, query: Query = {}) => at(`${HOME}/subscriptions/${encodeURIComponent(id)}`, query),
} as const;

function at(path: string, query: Query): string {
  const given = Object.entries(query).filter((pair): pair is [string, string] => pair[1] !== undefined);
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given)}`;
}
