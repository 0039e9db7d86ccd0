import * as z from 'zod';
import type { Connection } from '../connections/connection.ts';
import type { Moment } from '../core/clock.ts';
import { ConnectionRef, TenantId } from '../core/ids.ts';
import { accountKey } from '../core/keys.ts';
import { born, type EndpointRow, withSubscription } from './endpoint.ts';
import { withSecret } from './endpoint-secret.ts';
import { type KeepAlivePorts, keepAlive } from './keep-alive.ts';
import { reconnected, type SubscriptionState, wantedOf } from './subscription.ts';

/** What happened to a connection, and when; such events come in any order, and more than once. */
export const ConnectionNews = z.object({
  type: z.enum(['connection.activated', 'connection.removed']),
  tenant: TenantId,
  connection: ConnectionRef,
  time: z.iso.datetime(),
  data: z.object({
    account: z.string().default(''),
    kind: z.string().optional(),
    scopes: z.array(z.string()).default([]),
  }),
});
export type ConnectionNews = z.infer<typeof ConnectionNews>;

/** Brings the subscriptions of a connection in line with it: made, mended, or forgotten with it. */
export async function follow(news: ConnectionNews, ports: KeepAlivePorts, moment: Moment): Promise<void> {
  const { type, tenant: tenantId, connection } = news;
  const rows = ports.endpoints.forTenant(tenantId);
  const atMs = Date.parse(news.time);
  const { items } = await rows.list({ of: connection });
  const earlier = items.filter(({ subscription }) => subscription && subscription.followedAtMs < atMs);
  if (type === 'connection.removed') {
    for (const row of earlier) await rows.remove(row);
    return;
  }

  const others = earlier.filter(({ subscription }) => subscription?.account !== news.data.account);
  for (const row of others) await rows.remove(row); // of another account, and made anew for this one
  for (const row of earlier.filter((one) => !others.includes(one))) {
    await rows.change(row, (it) => {
      if (!it.subscription || it.subscription.followedAtMs >= atMs) return undefined;
      return withSubscription(it, reconnected(it.subscription, atMs), moment.nowMs);
    });
  }
  const setup = ports.findSetup(connection.provider);
  const wanted = setup?.subscriptions ? wantedOf(setup, await ports.readApp(connection.provider), news.data) : [];
  const known = items.filter((row) => !others.includes(row)).map(({ subscription }) => subscription?.kind);
  const missing = wanted.filter((kind) => !known.includes(kind));
  const live = missing.length > 0 ? await liveOf(ports, news) : undefined;
  if (live) for (const kind of missing) await rows.create(await made(ports, news, live, kind, moment));
  for (const row of (await rows.list({ of: connection })).items) {
    if ((row.subscription?.dueAtMs ?? Number.POSITIVE_INFINITY) <= moment.nowMs) await keepAlive(row, ports, moment);
  }
}

/** A connection in mock mode has no provider that could send anything. */
async function liveOf({ connections }: KeepAlivePorts, { tenant, connection }: ConnectionNews) {
  const row = await connections.forTenant(tenant).get(connection);
  return row?.status === 'active' && row.mode !== 'mock' ? row : undefined;
}

async function made(
  { vault, findSetup }: KeepAlivePorts,
  { tenant: tenantId, connection: { provider, name }, time, data }: ConnectionNews,
  { account }: Connection,
  kind: string,
  moment: Moment,
): Promise<EndpointRow> {
  const atMs = Date.parse(time);
  const state: SubscriptionState = {
    ...{ kind, account: data.account, failures: 0 },
    ...{ dueAtMs: moment.nowMs, followedAtMs: atMs },
  };
  const about = { tenantId, provider, name, subscription: state };
  if (findSetup(provider)?.subscriptions?.[kind]?.to === 'app') {
    return born({ ...about, ...(account.name && { accountKey: accountKey(provider, account.name) }) }, moment);
  }
  return withSecret(vault, born(about, moment), { secret: moment.token(), overlapMs: 0 }, moment);
}
