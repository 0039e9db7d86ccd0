import { forged, otherSenders, type Sender, type Sent } from '../senders.ts';
import { all, ask, type Scene, type Step, TENANT, until } from './scene.ts';

/** As many providers send webhooks. */
const SENDERS = 17;

async function post(url: string, { headers, body }: Sent): Promise<number> {
  return (await fetch(url, { method: 'POST', headers, body })).status;
}

const addressOf = ({ hub }: Scene, { provider }: Sender) => `${hub.url}/webhooks/${provider}`;
const isTaken = (status: number) => status >= 200 && status < 300;

/** Returns how many events each sender's requests left, among those that no connection claims. */
async function unclaimed(scene: Scene): Promise<number[]> {
  const counts = scene.senders.map(async ({ provider }) => {
    const path = `/v1/events/unrouted?provider=${provider}&limit=100` as const;
    return (await ask(scene, `GET ${path}`, { key: scene.hub.operatorKey })).body.items.length;
  });
  return Promise.all(counts);
}

async function sendAll(scene: Scene, make: (genuine: Sent, sender: Sender) => Sent): Promise<number[]> {
  const sending = scene.senders.map((sender) => {
    const url = addressOf(scene, sender);
    return post(url, make(sender.send({ url, nowMs: Date.now() }), sender));
  });
  return Promise.all(sending);
}

export const senderSteps: readonly Step[] = [
  {
    step: 'a signed delivery of every provider',
    expected: `${SENDERS} accepted, events of ${SENDERS}`,
    async happen(scene) {
      const statuses = await sendAll(scene, (genuine) => genuine);
      const kept = await until(async () => {
        const counts = await unclaimed(scene);
        return counts.every((count) => count > 0) && counts.length;
      }, 30_000).catch(async () => (await unclaimed(scene)).filter((count) => count > 0).length);
      return `${statuses.filter(isTaken).length} accepted, events of ${kept}`;
    },
  },
  {
    step: 'the same without their secrets',
    expected: `${SENDERS} refused, no event more`,
    async happen(scene) {
      const before = await unclaimed(scene);
      const statuses = await sendAll(scene, (genuine, { secret }) => forged(genuine, secret));
      await new Promise((resolve) => setTimeout(resolve, 1_500)); // time enough for an event, if there were one
      const same = (await unclaimed(scene)).every((count, index) => count === before[index]);
      return `${statuses.filter((status) => status === 401).length} refused, ${same ? 'no event more' : 'more events'}`;
    },
  },
  {
    step: "two others, at endpoints of the tenant's",
    expected: '2 accepted, 2 refused, 2 events',
    async happen(scene) {
      const statuses: number[] = [];
      for (const sender of otherSenders) {
        const { provider, secret, settings } = sender;
        const { body } = await ask(scene, `POST /v1/tenants/${TENANT}/webhook-endpoints`, {
          body: { provider, secret, ...(settings !== undefined && { settings }) },
        });
        const genuine = sender.send({ url: body.url, nowMs: Date.now() });
        statuses.push(await post(body.url, genuine), await post(body.url, forged(genuine, secret)));
      }
      const count = await until(async () => {
        const lists = otherSenders.map(({ provider }) =>
          all(scene, `/v1/tenants/${TENANT}/events?provider=${provider}`),
        );
        const found = (await Promise.all(lists)).flat().length;
        return found >= otherSenders.length && found;
      });
      const refused = statuses.filter((status) => status === 401).length;
      return `${statuses.filter(isTaken).length} accepted, ${refused} refused, ${count} events`;
    },
  },
];
