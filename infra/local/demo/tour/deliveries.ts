import { startEventInbox } from '../event-inbox.ts';
import { ask, type Scene, type Step, TENANT, until } from './scene.ts';

const subscription = (scene: Scene) => `/v1/subscriptions/${scene.subscription}` as const;

/** Something happens: a call on the connection that is left. */
async function happen(scene: Scene) {
  const body = { action: 'issues.create', input: { owner: 'Codertocat', repo: 'Hello-World', title: 'Tell me' } };
  return ask(scene, `POST /v1/tenants/${TENANT}/connections/github/calls`, { body });
}

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
      const event = await until(async () => scene.inbox?.events[0]);
      return `${made.status}; ${event.type === 'subscription.test' ? 'test event' : event.type} sent, signature verified`;
    },
  },
  {
    step: 'a call ends: its event, signed',
    expected: 'call.succeeded of acme, signature verified',
    async happen(scene) {
      await happen(scene);
      const event = await until(async () => scene.inbox?.events[1]);
      return `${event.type} of ${event.tenant}, signature verified`;
    },
  },
  {
    step: 'the receiver answers 410',
    expected: 'disabled (gone), 1 event held',
    async happen(scene) {
      scene.inbox?.close();
      await happen(scene);
      const held = await until(async () => {
        const items = await deliveries(scene, 'held');
        return items.length > 0 && items;
      });
      const { body } = await ask(scene, `GET ${subscription(scene)}`, { key: scene.hub.operatorKey });
      return `${body.enabled ? 'enabled' : 'disabled'} (${body.reason}), ${held.length} event held`;
    },
  },
  {
    step: 'enabled again: what was held is sent',
    expected: 'call.succeeded, signature verified; 0 held',
    async happen(scene) {
      scene.inbox?.open();
      await ask(scene, `PATCH ${subscription(scene)}`, { key: scene.hub.operatorKey, body: { enabled: true } });
      const event = await until(async () => scene.inbox?.events[2]);
      return `${event.type}, signature verified; ${(await deliveries(scene, 'held')).length} held`;
    },
  },
];
