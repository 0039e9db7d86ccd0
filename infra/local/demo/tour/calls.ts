import { arrivals, ask, type Body, rehearse, type Scene, type Step, TENANT, until } from './scene.ts';

const calls = `/v1/tenants/${TENANT}/connections/demo/calls` as const;
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

const told = ({ status, attempts }: Body) => `${status} after ${attempts.map((each) => each.status).join(', ')}`;

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
    step: 'the provider stays broken',
    expected: 'failed after 500, 500, 500, 500, 500',
    async happen(scene) {
      await rehearse(scene, '/_faults', { status: 500, path: '/contacts', times: 1_000 });
      const { body } = await ask(scene, `POST ${calls}`, { body: { ...newContact('Never'), mode: 'async' } });
      const call = await ended(scene, body.id, 90_000);
      await rehearse(scene, '/_reset');
      return told(call);
    },
  },
  {
    step: 'an action at GitHub',
    expected: '200 succeeded: issue 1, It works',
    async happen(scene) {
      const body = { action: 'issues.create', input: { owner: 'Codertocat', repo: 'Hello-World', title: 'It works' } };
      const answer = await ask(scene, `POST /v1/tenants/${TENANT}/connections/github/calls`, { body });
      const opened = scene.thirdParties.issues.map(({ number, title }) => `issue ${number}, ${title}`);
      return `${answer.status} ${answer.body.status}: ${opened.join('; ')}`;
    },
  },
];
