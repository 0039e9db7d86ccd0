import { arrivals, ask, type Body, rehearse, type Scene, type Step, TENANT, until } from './scene.ts';

const calls = `/v1/tenants/${TENANT}/connections/demo/calls` as const;
const github = `/v1/tenants/${TENANT}/connections/github` as const;
/** A contact that cannot be read while it is rehearsed so. */
const BROKEN = '/contacts/con_0100';
const newContact = (name: string) => ({
  action: 'contacts.create',
  input: { name, email: `${name.toLowerCase()}@people.example` },
});

/** Returns the call once it has ended. */
const ended = (scene: Scene, id: string, withinMs: number): Promise<Body> =>
  until(async () => {
    const { body } = await ask(scene, `GET /v1/tenants/${TENANT}/calls/${id}`);
    return ['succeeded', 'failed', 'outcome_unknown', 'expired'].includes(body.status) && body;
  }, withinMs);

const told = ({ status, attempts }: Body) =>
  `${status} after ${attempts.map((each) => each.status ?? each.error?.code).join(', ')}`;

/** Of the provider's, how many contacts go by this name. */
async function named(scene: Scene, name: string): Promise<number> {
  const { body } = await ask(scene, `POST ${calls}`, { body: { action: 'contacts.search', input: { name } } });
  return (body.result as { items: readonly unknown[] }).items.length;
}

const circuit = async (scene: Scene) => (await ask(scene, `GET ${github}/circuit`)).body.connection?.state;

export const callSteps: readonly Step[] = [
  {
    step: 'a call, at once',
    expected: '200 succeeded after 201',
    async happen(scene) {
      const { status, body } = await ask(scene, `POST ${calls}`, { body: newContact('Mary') });
      return `${status} ${told(body)}`;
    },
  },
  {
    step: 'the same call again, under one key',
    expected: 'one call, one contact',
    async happen(scene) {
      await rehearse(scene, '/_reset');
      const wish = { body: newContact('Once'), headers: { 'idempotency-key': 'tour-1' } };
      const first = await ask(scene, `POST ${calls}`, wish);
      const again = await ask(scene, `POST ${calls}`, wish);
      const created = (await arrivals(scene)).filter((line) => line.startsWith('POST')).length;
      return `${first.body.id === again.body.id ? 'one call' : 'two calls'}, ${created === 1 ? 'one contact' : created}`;
    },
  },
  {
    step: 'what an action does not take',
    expected: '400 invalid_request, nothing sent',
    async happen(scene) {
      await rehearse(scene, '/_reset');
      const { status, body } = await ask(scene, `POST ${calls}`, {
        body: { action: 'contacts.create', input: { name: 7 } },
      });
      return `${status} ${body.code}, ${(await arrivals(scene)).length === 0 ? 'nothing' : 'something'} sent`;
    },
  },
  {
    step: 'a call, queued',
    expected: '202 queued, succeeded after 201',
    async happen(scene) {
      const { status, body } = await ask(scene, `POST ${calls}`, { body: { ...newContact('Queued'), mode: 'async' } });
      return `${status} ${body.status}, ${told(await ended(scene, body.id, 20_000))}`;
    },
  },
  {
    step: 'the provider says 429, wait 2 s',
    expected: 'succeeded after 429, 201, 2 s kept',
    async happen(scene) {
      await rehearse(scene, '/_faults', { status: 429, retryAfterS: 2, path: '/contacts' });
      const { body } = await ask(scene, `POST ${calls}`, { body: newContact('Patient') });
      const call = await ended(scene, body.id, 30_000);
      const [refused, good] = call.attempts.map(({ at }) => Date.parse(at));
      const waitedMs = (good ?? 0) - (refused ?? 0);
      return `${told(call)}, ${waitedMs >= 2_000 ? '2 s kept' : `only ${waitedMs} ms waited`}`;
    },
  },
  {
    step: 'the provider breaks once',
    expected: 'succeeded after 500, 201',
    async happen(scene) {
      await rehearse(scene, '/_faults', { status: 500, path: '/contacts' });
      const { body } = await ask(scene, `POST ${calls}`, { body: newContact('Twice') });
      return told(await ended(scene, body.id, 30_000));
    },
  },
  {
    step: 'it did it, and the answer was lost',
    expected: 'succeeded after network, 201: 1 contact',
    async happen(scene) {
      await rehearse(scene, '/_faults', { lost: true, path: '/contacts' });
      const { body } = await ask(scene, `POST ${calls}`, { body: newContact('Lost') });
      const call = await ended(scene, body.id, 30_000);
      return `${told(call)}: ${await named(scene, 'Lost')} contact`;
    },
  },
  {
    step: 'the token has expired',
    expected: '200 succeeded: GET /me 401, GET /me 200',
    async happen(scene) {
      await rehearse(scene, '/_reset');
      await rehearse(scene, '/_expire');
      const { status, body } = await ask(scene, `POST ${calls}`, { body: { request: { method: 'GET', path: '/me' } } });
      return `${status} ${body.status}: ${(await arrivals(scene)).join(', ')}`;
    },
  },
  {
    step: 'another account, of which a part is broken',
    expected: '201; its call 202 queued',
    async happen(scene) {
      const credential = { kind: 'api_key', apiKey: 'demo-key-grace' };
      const body = { provider: 'demo', name: 'branch', credential };
      const made = await ask(scene, `POST /v1/tenants/${TENANT}/connections`, { body, key: scene.hub.operatorKey });
      await rehearse(scene, '/_faults', { status: 500, path: BROKEN, times: 5 });
      const queued = await ask(scene, `POST /v1/tenants/${TENANT}/connections/demo:branch/calls`, {
        body: { request: { method: 'GET', path: BROKEN }, mode: 'async' },
      });
      scene.broken = queued.body.id;
      return `${made.status}; its call ${queued.status} ${queued.body.status}`;
    },
  },
  {
    step: 'a GraphQL query',
    expected: '200 succeeded: Ada Lovelace, 2 contacts',
    async happen(scene) {
      const query = 'query ($first: Int) { me { name } contacts(first: $first) { name email } }';
      const graphql = { query, variables: { first: 2 } };
      const { status, body } = await ask(scene, `POST ${calls}`, { body: { graphql } });
      const { data } = body.result as { data: { me: { name: string }; contacts: readonly unknown[] } };
      return `${status} ${body.status}: ${data.me.name}, ${data.contacts.length} contacts`;
    },
  },
  {
    step: '12 searches, of which 2 a second may go',
    expected: '12 queued; 12 at the first try, 0 refused',
    async happen(scene) {
      const searches = Array.from({ length: 12 }, () => ({ action: 'contacts.search', input: { name: 'Ada' } }));
      const { body } = await ask(scene, `POST ${calls}`, { body: { calls: searches } });
      const done = await Promise.all(body.calls.map(({ id }) => ended(scene, id, 30_000)));
      const atOnce = done.filter((call) => told(call) === 'succeeded after 200').length;
      const refused = (await arrivals(scene)).filter((line) => line === 'GET /search 429').length;
      return `${body.calls.length} queued; ${atOnce} at the first try, ${refused} refused`;
    },
  },
  {
    step: 'an action at GitHub',
    expected: '200 succeeded: issue 1, It works',
    async happen(scene) {
      const body = { action: 'issues.create', input: { owner: 'Codertocat', repo: 'Hello-World', title: 'It works' } };
      const answer = await ask(scene, `POST ${github}/calls`, { body });
      const opened = scene.thirdParties.issues.map(({ number, title }) => `issue ${number}, ${title}`);
      return `${answer.status} ${answer.body.status}: ${opened.join('; ')}`;
    },
  },
  {
    step: 'GitHub is down: six writes without a key',
    expected: '6 outcome_unknown; circuit open',
    async happen(scene) {
      await rehearse(scene, '/_faults', { status: 502, times: 6 }, scene.thirdParties.githubUrl);
      const request = { method: 'POST', path: '/repos/Codertocat/Hello-World/issues', body: { title: 'Perhaps' } };
      const endings: string[] = [];
      for (let at = 0; at < 6; at++)
        endings.push((await ask(scene, `POST ${github}/calls`, { body: { request } })).body.status);
      const unknown = endings.filter((status) => status === 'outcome_unknown').length;
      return `${unknown} outcome_unknown; circuit ${await circuit(scene)}`;
    },
  },
  {
    step: 'what is asked of it now',
    expected: '202 waiting, nothing sent',
    async happen(scene) {
      const url = scene.thirdParties.githubUrl;
      await rehearse(scene, '/_reset', undefined, url); // GitHub is well again: the circuit has to find out
      const request = { method: 'GET', path: '/issues' };
      const { status, body } = await ask(scene, `POST ${github}/calls`, { body: { request } });
      scene.waiting = body.id;
      return `${status} ${body.status}, ${(await arrivals(scene, url)).length === 0 ? 'nothing' : 'something'} sent`;
    },
  },
];

/** Placed later: the tour does other things until then. */
export const lateCallSteps: readonly Step[] = [
  {
    step: 'what was broken was tried five times',
    expected: 'failed after 500, 500, 500, 500, 500',
    happen: async (scene) => told(await ended(scene, scene.broken ?? '', 60_000)),
  },
  {
    step: 'GitHub is back: what waited came by itself',
    expected: 'succeeded after 200; circuit closed',
    async happen(scene) {
      const call = await ended(scene, scene.waiting ?? '', 75_000);
      return `${told(call)}; circuit ${await circuit(scene)}`;
    },
  },
];
