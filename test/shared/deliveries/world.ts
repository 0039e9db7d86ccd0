import { hubEvent } from '../../../shared/core/event.ts';
import { ok } from '../../../shared/core/result.ts';
import { Secret } from '../../../shared/core/secret.ts';
import type { DestinationPorts } from '../../../shared/deliveries/destination.ts';
import { fanOut } from '../../../shared/deliveries/fan-out.ts';
import { type SendPorts, send } from '../../../shared/deliveries/send.ts';
import { deliveryStore } from '../../../shared/deliveries/store.ts';
import { subscribe } from '../../../shared/deliveries/subscribe.ts';
import { memoryTable } from '../../support/memory-table.ts';
import { testMoment } from '../../support/moment.ts';

/** Names that lead to these addresses. */
export const resolving = (...addresses: string[]): DestinationPorts => ({
  loopback: false,
  addressesOf: async (host) => (/^[\d.]+$|^\[/.test(host) ? [host.replace(/^\[|\]$/g, '')] : addresses),
});

/** Returns deliveries over a table in memory, with a subscription to everything, and an answer of 500 unless another is put
 *  into `ports`. */
export async function openDeliveries() {
  const moment = testMoment();
  const store = deliveryStore(memoryTable());
  const queued: string[] = [];
  const timeouts: number[] = [];
  const queue = {
    sendAll: async (messages: readonly { readonly body: string }[]) =>
      void queued.push(...messages.map(({ body }) => body)),
  };
  const vault = {
    seal: async (_tenant: unknown, _place: unknown, secret: Secret) => secret.reveal(),
    open: async (_tenant: unknown, _place: unknown, sealed: string) => ok(new Secret(sealed)),
  };
  const ports: SendPorts = {
    ...{ store, vault, bus: { publish: async () => {} } },
    gate: { enter: async () => ({ waitMs: 0 }), note: async () => {} },
    send: async ({ timeoutMs }) => {
      timeouts.push(timeoutMs);
      return ok({ status: 500, headers: {}, body: Buffer.alloc(0) });
    },
  };
  const wishes = { url: 'https://app.example.com/', types: ['*'], perSecond: 5 };
  const made = await subscribe(wishes, { ...resolving('93.184.216.34'), store, vault }, moment);
  if (!made.ok) throw new Error(made.error.message);
  const { id } = made.value.subscription;

  return {
    ...{ moment, store, queue, queued, timeouts, ports, vault, id },
    deliveries: store.deliveriesOf(id),

    /** An event has come; returns its id. */
    async tell(): Promise<string> {
      const event = hubEvent('call.succeeded', { tenant: 'acme' }, { call: 'call_1' }, moment);
      await fanOut(event, { store, queue, subscriptions: () => store.subscriptions.all() }, moment);
      return event.id;
    },

    /** Its message is received for the `receives`-th time. */
    receive: (
      event: string,
      {
        receives = 1,
        remainingMs = 60_000,
        ...others
      }: Partial<SendPorts> & { receives?: number; remainingMs?: number } = {},
    ) => send({ subscription: id, event }, { receives, remainingMs }, { ...ports, ...others }, moment),
  };
}
