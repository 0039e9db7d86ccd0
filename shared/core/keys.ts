import { createHash } from 'node:crypto';
import type { ConnectionId, TenantId } from './ids.ts';

// The only builder of keys. Tenant ids, providers, names and the hub's own ids hold no `#`, so no two of them can
// meet in one key; a provider's event and object ids come last, where they may hold anything.
//
// table         partition key                 sort key                        lifetime
// tenants       <tenant>                      profile | apikey#<key id>       the tenant's
// tenant-keys   <tenant>                      v00001 | x-erased               until erasure, or retired after a rotation
// connections   <tenant>                      slack#default                   until disconnected
//               <tenant>                      ~slack#default#17               until ended upstream, another in its place
// sessions      session#<id>                  -                               minutes (TTL)
// inbox         <tenant> | _unrouted          github#<delivery id>            90 days (TTL)
//               <tenant>                      _replay#rpl_…                   90 days (TTL)
// endpoints     <tenant>                      endpoint#<id>                   until deleted
//               <tenant>                      subscription#google#default#…   the connection's
// calls         <tenant>                      call_…                          70 days (TTL)
//               <tenant>                      answer#<hash>                   a day at most (TTL)
// limits        slack#<tenant>#default#…      -                               a day (TTL)
//               slack#all                     -                               a day (TTL)
//               _tenant#<tenant>              -                               the owner's quota (TTL)
//               subscription#<sub…>           -                               a day (TTL)
// syncs         <tenant>                      github#default#issues           the connection's
//               _tick                         _tick                           for ever
// records       <tenant>#github#default#issue <object id>                     the connection's
//               …#issue#met                   run_…#00001                     30 days (TTL)
// deliveries    subscriptions                 sub_…                           the owner's
//               subscription#<sub…>           <event id>                      90 days (TTL)
//               events#<tenant>               <event id> | x-erased           90 days (TTL)
// activity      <tenant>#2026-11              aud_…                           by stage (TTL)
//               _owner#2026-11                aud_…                           the owner's own matters
//               <tenant>#usage                2026-11-20                      by stage (TTL)

export const PROFILE = 'profile';
/** Where events go that no connection claims: no tenant's id starts with `_`. */
export const UNROUTED = '_unrouted';

/** The owner's own place among tenants, for what is no tenant's. */
export const OWNER = '_owner' as TenantId;
export const SUBSCRIPTIONS = 'subscriptions';

export const apiKeyKey = (keyId: string) => `apikey#${keyId}`;
/** Marks an erased tenant's place among data keys, and among events; sorts after every one of them. */
export const ERASED = 'x-erased';
export const dataKeyKey = (version: number) => `v${String(version).padStart(5, '0')}`;
export const connectionKey = ({ provider, name }: ConnectionId) => `${provider}#${name}`;
/** What was disconnected and has a successor is kept aside; sorts after every provider. */
export const ASIDE = '~';
export const asideKey = (id: ConnectionId, generation: number) => `${ASIDE}${connectionKey(id)}#${generation}`;
export const accountKey = (provider: string, accountId: string) => `${provider}#${accountId}`;
export const sessionKey = (sessionId: string) => `session#${sessionId}`;
export const eventKey = (provider: string, eventId: string) => `${provider}#${eventId}`;
export const replayKey = (replayId: string) => `_replay#${replayId}`;
export const endpointKey = (endpointId: string) => `endpoint#${endpointId}`;
/** What the keys of subscriptions begin with, among the endpoints of a tenant. */
export const SUBSCRIBED = 'subscription#';
export const subscriptionKey = ({ provider, name }: ConnectionId, kind: string) =>
  `${SUBSCRIBED}${provider}#${name}#${kind}`;
export const syncKey = ({ provider, name }: ConnectionId, sync: string) => `${provider}#${name}#${sync}`;
export const recordsKey = (tenantId: TenantId, { provider, name }: ConnectionId, model: string) =>
  `${tenantId}#${provider}#${name}#${model}`;
/** Among the calls of a tenant: an answer that may be given again. */
export const answerKey = (hash: string) => `answer#${hash}`;
/** When syncs were last handed out: no tenant's id starts with `_`. */
export const SYNC_TICK = '_tick';
/** Beside the records of a model: what a run that reads everything has met, page by page. */
export const metKey = (records: string) => `${records}#met`;
export const metPageKey = (run: string, page: number) => `${run}#${String(page).padStart(6, '0')}`;
export const deliveriesKey = (subscriptionId: string) => `subscription#${subscriptionId}`;
export const eventsKey = (tenantId: string) => `events#${tenantId}`;
export const activityKey = (tenantId: string, atMs: number) =>
  `${tenantId}#${new Date(atMs).toISOString().slice(0, 7)}`;
export const usageKey = (tenantId: TenantId) => `${tenantId}#usage`;
export const limitKey = (tenantId: TenantId, { provider, name }: ConnectionId, what: string) =>
  `${provider}#${tenantId}#${name}#${what}`;
export const providerLimitKey = (provider: string) => `${provider}#all`;
export const tenantLimitKey = (tenantId: TenantId) => `_tenant#${tenantId}`;

/** Due indexes are spread over a few partitions, so that no tick and no burst of work meets a single hot one. */
export const DUE_SHARDS = 4;
export const dueShards = Array.from({ length: DUE_SHARDS }, (_, shard) => `due#${shard}`);

/** Returns the partition of a due index that this row belongs to; stable for the same id. */
export function dueShard(id: string): string {
  return `due#${(createHash('sha256').update(id).digest()[0] ?? 0) % DUE_SHARDS}`;
}
