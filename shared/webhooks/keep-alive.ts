import { isDeepStrictEqual } from 'node:util';
import type { Farewell } from '../connections/connection.ts';
import { withFarewell } from '../connections/farewell.ts';
import type { ConnectionStore } from '../connections/store.ts';
import type { Bus } from '../core/bus.ts';
import { iso, type Moment } from '../core/clock.ts';
import { hubEvent } from '../core/event.ts';
import { log } from '../core/log.ts';
import { measure } from '../core/metrics.ts';
import type { ReadApp } from '../providers/app.ts';
import type { Setup, Subscription } from '../providers/setup.ts';
import { type EndpointRow, type SubscribedRow, withSubscription } from './endpoint.ts';
import type { EndpointStore } from './endpoint-store.ts';
import { alive, claimed, failing, isTold, type SubscriptionState, unauthorized } from './subscription.ts';
import { perform, requestOf, type Turn, type TurnPorts, turnOf } from './subscription-turn.ts';

export interface KeepAlivePorts extends TurnPorts {
  readonly endpoints: EndpointStore;
  readonly connections: Pick<ConnectionStore, 'forTenant'>;
  readonly readApp: ReadApp;
  readonly findSetup: (provider: string) => Setup | undefined;
  readonly publish: Bus['publish'];
}

/** Makes a subscription, or prolongs it, or removes it where nobody asks for it any more; its row says when to come again.
 *  May be broken off at any point: what was made and not written down is made again, and lapses. */
export async function keepAlive(found: EndpointRow, ports: KeepAlivePorts, moment: Moment): Promise<void> {
  const rows = ports.endpoints.forTenant(found.tenantId);
  if (!found.subscription) return;
  const mine = withSubscription(found, claimed(found.subscription, moment.nowMs), moment.nowMs);
  if (!(await rows.save(mine)).done) return; // another is at it
  const { provider } = mine;
  const { kind } = mine.subscription;
  const app = await ports.readApp(provider);
  const data = ports.findSetup(provider)?.subscriptions?.[kind];
  const chosen = app.subscriptions?.[kind];
  if (!data || !chosen) {
    if (data && mine.subscription.values) await perform(ports, mine, data.remove, mine.subscription.values, moment);
    await bid(ports, mine, undefined);
    await rows.remove(mine);
    measure('WebhookSubscription', { provider, outcome: 'removed' });
    return;
  }

  const turn = await turnOf(ports, mine, data, chosen, moment);
  if (turn.kind === 'disconnected') return rows.remove(mine);
  const written = await rows.change(mine, ({ subscription, ...row }) => {
    if (subscription?.account !== mine.subscription.account) return undefined; // it is another one's by now
    return withSubscription(row, stateAfter(turn, subscription, data, moment), moment.nowMs);
  });
  if (turn.kind === 'alive') await bid(ports, mine, requestOf(data.remove, turn.values));
  if (turn.kind !== 'waits') measure('WebhookSubscription', { provider, outcome: turn.kind });
  if (turn.kind !== 'alive') {
    const connection = mine.name ?? '';
    log.warn('a webhook subscription is not alive', {
      tenant: mine.tenantId,
      provider,
      connection,
      outcome: turn.kind,
    });
  }
  const state = written?.subscription;
  if (state && state.failures > mine.subscription.failures && isTold(state)) await tell(ports, mine, state, moment);
}

/** Has the connection end the subscription before its grant ends: afterwards nobody could. */
async function bid(
  { connections }: KeepAlivePorts,
  { tenantId, provider, name = '', subscription: { kind } }: SubscribedRow,
  farewell: Farewell | undefined,
): Promise<void> {
  await connections.forTenant(tenantId).change({ provider, name }, (row) => {
    const known = row.farewells?.[kind];
    return isDeepStrictEqual(known, farewell) ? undefined : withFarewell(row, kind, farewell);
  });
}

function stateAfter(
  turn: Exclude<Turn, { kind: 'disconnected' }>,
  state: SubscriptionState,
  data: Subscription,
  moment: Moment,
): SubscriptionState {
  switch (turn.kind) {
    case 'alive':
      return alive(state, data, turn.values, moment);
    case 'waits':
      return { ...state, dueAtMs: moment.nowMs + turn.waitMs };
    case 'unauthorized':
      return unauthorized(state, turn.fault, moment.nowMs);
    case 'unknown':
      return failing(state, turn.fault, 0, moment);
    case 'failed':
      return failing(state, turn.fault, turn.waitMs, moment);
  }
}

async function tell(
  { publish }: KeepAlivePorts,
  row: SubscribedRow,
  state: SubscriptionState,
  moment: Moment,
): Promise<void> {
  const { tenantId: tenant, provider, name = '', id: endpoint } = row;
  const { kind: subscription, error, endsAtMs } = state;
  measure('WebhookSubscription', { provider, outcome: 'failing' });
  const ends = endsAtMs === undefined ? {} : { endsAt: iso(endsAtMs) };
  const data = { endpoint, subscription, code: error?.code ?? 'unknown', ...ends };
  await publish([hubEvent('webhook.subscription_failing', { tenant, connection: { provider, name } }, data, moment)]);
}
