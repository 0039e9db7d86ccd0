import { type HubEvent, startEventInbox } from '../event-inbox.ts';
import { ask, type Scene, type Step, TENANT, until } from './scene.ts';

const subscription = (scene: Scene) => `/v1/subscriptions/${scene.subscription}` as const;

/** Something happens: a call on the connection that is left. */
async function happen(scene: Scene) {
  const body = { action: 'issues.create', input: { owner: 'Codertocat', repo: 'Hello-World', title: 'Tell me' } };
  return ask(scene, `POST /v1/tenants/${TENANT}/connections/github/calls`, { body });
}

/** The first event that holds; others may come in between, of calls that had to wait. */
const heard = (scene: Scene, holds: (event: HubEvent) => boolean) =>
  until(async () => scene.inbox?.events.find((event) => holds(event)));

const deliveries = async (scene: Scene, status: string) => {
  const key = scene.hub.operatorKey;
  return (await ask(scene, `GET ${subscription(scene)}/deliveries?status=${status}`, { key })).body.items;
};

export const deliverySteps: readonly Step[] = [
  {
    step: "subscribe to the hub's events",
    expected: '201; test event sent, signature verified',
    async happen(scene) {
      const key = scene.hub.operatorKey;
      scene.inbox = await startEventInbox();
      const body = { url: scene.inbox.endpoint, types: ['call.*'] };
      const made = await ask(scene, 'POST /v1/subscriptions', { key, body });
      scene.subscription = made.body.id;
      scene.inbox.trust(made.body.secret ?? '');
      await ask(scene, `POST ${subscription(scene)}/deliveries`, { key, body: { test: true } });
      await heard(scene, ({ type }) => type === 'subscription.test');
      return `${made.status}; test event sent, signature verified`;
    },
  },
  {
    step: 'a call ends: its event, signed',
    expected: 'call.succeeded of acme, signature verified',
    async happen(scene) {
      const { body } = await happen(scene);
      const event = await heard(scene, ({ data }) => data.call === body.id);
      return `${event.type} of ${event.tenant}, signature verified`;
    },
  },
  {
    step: 'the receiver answers 410',
    expected: 'disabled (gone), its event held',
    async happen(scene) {
      scene.inbox?.close();
      scene.missed = (await happen(scene)).body.id;
      await until(async () => (await deliveries(scene, 'held')).length > 0);
      const { body } = await ask(scene, `GET ${subscription(scene)}`, { key: scene.hub.operatorKey });
      return `${body.enabled ? 'enabled' : 'disabled'} (${body.reason}), its event held`;
    },
  },
  {
    step: 'enabled again: what was held is sent',
    expected: 'call.succeeded, verified; 410, 204; 0 held',
    async happen(scene) {
      scene.inbox?.open();
      await ask(scene, `PATCH ${subscription(scene)}`, { key: scene.hub.operatorKey, body: { enabled: true } });
      const event = await heard(scene, ({ data }) => data.call === scene.missed);
      const sent = await until(async () =>
        (await deliveries(scene, 'delivered')).find((one) => one.event === event.id),
      );
      const answers = sent.attempts.map(({ status }) => status).join(', ');
      return `${event.type}, verified; ${answers}; ${(await deliveries(scene, 'held')).length} held`;
    },
  },
];
