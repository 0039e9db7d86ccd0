import type { Contact } from '../contacts.ts';
import { all, ask, rehearse, type Scene, type Step, TENANT, until } from './scene.ts';

const sync = `/v1/tenants/${TENANT}/connections/demo/syncs/contacts` as const;
const calls = `/v1/tenants/${TENANT}/connections/demo/calls` as const;
const records = `/v1/tenants/${TENANT}/records/demo/contacts` as const;

/** One change at the provider, made by a raw call through the hub. */
const change = (scene: Scene, method: string, path: string, body?: object) =>
  ask(scene, `POST ${calls}`, { body: { request: { method, path, ...(body && { body }) } } });

/** Returns what the provider has, tombstones left out. */
async function upstream(scene: Scene): Promise<string[]> {
  const contacts: Contact[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const request = { method: 'GET', path: '/contacts', query: { limit: '100', ...(cursor && { cursor }) } };
    const { body } = await ask(scene, `POST ${calls}`, { body: { request } });
    const page = body.result as { items: Contact[]; next: string | null };
    contacts.push(...page.items);
    cursor = page.next;
  }
  return contacts
    .filter(({ deleted }) => !deleted)
    .map(({ id, name }) => `${id} ${name}`)
    .sort();
}

const copy = async (scene: Scene) => (await all(scene, records)).map(({ id, data }) => `${id} ${data.name}`).sort();

/** Where the provider's webhooks go from now on, if anywhere, and how many of the next never leave. */
const webhooks = ({ demo }: Scene, settings: { readonly url?: string; readonly lose?: number }) =>
  fetch(`${demo.apiUrl}/_webhooks`, { method: 'POST', body: JSON.stringify(settings) });

const rename = (scene: Scene, name: string) =>
  change(scene, 'PUT', '/contacts/con_0003', { name, email: 'claude.allen@people.example' });
const isSeen = async (scene: Scene, name: string) => (await copy(scene)).includes(`con_0003 ${name}`);

/** Waits until the hub's live copy reads like the provider's contacts. */
async function caughtUp(scene: Scene, withinMs: number): Promise<string> {
  const there = await upstream(scene);
  await until(async () => (await copy(scene)).join() === there.join(), withinMs);
  return 'equal';
}

export const syncSteps: readonly Step[] = [
  {
    step: 'a sync, run now',
    expected: '202, copy equal',
    async happen(scene) {
      await rehearse(scene, '/_reset');
      const { status } = await ask(scene, `POST ${sync}/run`, { body: {} });
      return `${status}, copy ${await caughtUp(scene, 60_000)}`;
    },
  },
  {
    step: 'sync paused, a change told by webhook',
    expected: '200, seen',
    async happen(scene) {
      const { status } = await ask(scene, `PUT ${sync}`, { body: { enabled: false } });
      await webhooks(scene, { url: `${scene.hub.url}/webhooks/demo` });
      await rename(scene, 'Told');
      await until(() => isSeen(scene, 'Told'));
      return `${status}, seen`;
    },
  },
  {
    step: 'its next webhook lost on purpose',
    expected: 'not seen',
    async happen(scene) {
      await webhooks(scene, { url: `${scene.hub.url}/webhooks/demo`, lose: 1 });
      await rename(scene, 'Untold');
      await new Promise((resolve) => setTimeout(resolve, 2_000)); // the one before took less
      await webhooks(scene, {});
      return (await isSeen(scene, 'Untold')) ? 'seen' : 'not seen';
    },
  },
  {
    step: 'sync resumed: the poll heals it',
    expected: '200, 202, copy equal',
    async happen(scene) {
      const resumed = await ask(scene, `PUT ${sync}`, { body: { enabled: true } });
      const { status } = await ask(scene, `POST ${sync}/run`, { body: {} });
      return `${resumed.status}, ${status}, copy ${await caughtUp(scene, 60_000)}`;
    },
  },
  {
    step: 'sync paused, 3 changes upstream, resumed',
    expected: '200, 200: 3 changes not seen yet',
    async happen(scene) {
      const before = await copy(scene);
      const paused = await ask(scene, `PUT ${sync}`, { body: { enabled: false } });
      const put = { name: 'Alan M. Allen', email: 'alan.allen@people.example' };
      await change(scene, 'PUT', '/contacts/con_0001', put);
      await change(scene, 'POST', '/contacts', { name: 'New', email: 'new@people.example' });
      await change(scene, 'DELETE', '/contacts/con_0002');
      const resumed = await ask(scene, `PUT ${sync}`, { body: { enabled: true, every: 60 } });
      const after = await upstream(scene);
      const unseen = after.filter((line) => !before.includes(line)).length;
      const gone = before.filter((line) => !after.some((there) => there.startsWith(line.slice(0, 8)))).length;
      return `${paused.status}, ${resumed.status}: ${unseen + gone} changes not seen yet`;
    },
  },
];

/** Placed well after the changes: the tour does other things until the tick. */
export const tickStep: Step = {
  step: "the next minute's tick has synced",
  expected: 'copy equal',
  happen: async (scene) => `copy ${await caughtUp(scene, 75_000)}`,
};
