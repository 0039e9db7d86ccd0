import { describe, expect, test } from 'vitest';
import { prepare } from '../../../shared/calls/asked.ts';
import { buildRequest } from '../../../shared/calls/request.ts';
import { at } from '../../../shared/core/json.ts';
import { catalogue } from '../../../shared/providers/catalogue.ts';
import { wayOf } from '../../../shared/providers/provider.ts';

/** The request that each action's example makes, byte for byte. An action without a line here fails. */
const requests: Record<string, { method: string; url: string; body?: unknown }> = {
  'demo/contacts.create': {
    method: 'POST',
    url: 'https://api.demo.invalid/contacts',
    body: { name: 'Ada Lovelace', email: 'ada@example.com' },
  },
  'demo/contacts.get': { method: 'GET', url: 'https://api.demo.invalid/contacts/c1' },
  'github/issues.create': {
    method: 'POST',
    url: 'https://api.github.com/repos/octocat/hello-world/issues',
    body: { title: 'Found a bug', labels: ['bug'] },
  },
  'github/user.get': { method: 'GET', url: 'https://api.github.com/user' },
  'slack/chat.postMessage': {
    method: 'POST',
    url: 'https://slack.com/api/chat.postMessage',
    body: { channel: 'C0123456789', text: 'Invoice 1042 was paid.' },
  },
  'slack/conversations.list': { method: 'GET', url: 'https://slack.com/api/conversations.list?limit=200' },
  'slack/users.info': { method: 'GET', url: 'https://slack.com/api/users.info?user=U0123456789' },
};

const all = Object.values(catalogue).flatMap(({ provider, actions }) =>
  Object.entries(actions).map(([name, action]) => ({ id: `${provider.id}/${name}`, provider, name, action })),
);
const ask = (id: string, input: unknown) => {
  const [provider = '', action = ''] = id.split('/');
  return prepare({ action, input }, provider, 'local');
};

describe.each(all)('$id', ({ id, provider, name, action }) => {
  test('its example makes the documented request', () => {
    const prepared = ask(id, action.example.input);
    if (!prepared.ok) throw new Error(prepared.error.message);
    const built = buildRequest(provider.api, {}, prepared.value.request);
    if (!built.ok) throw new Error(built.error.message);
    const { method, url, body } = built.value;
    expect({ method, url, ...(body !== undefined && { body: JSON.parse(String(body)) }) }).toEqual(requests[id]);
  });

  test("its example's answer fits its schema as it is", () => {
    expect(action.output.parse(action.example.output)).toEqual(action.example.output);
  });

  test('an unknown field of the input is refused', () => {
    const input = { ...(action.example.input as object), tenantId: 'globex' };
    expect(ask(id, input)).toMatchObject({ ok: false, error: { code: 'invalid_request' } });
  });

  test('what is said to be a read is a GET, and its page is linked', () => {
    const prepared = ask(id, action.example.input);
    expect(prepared.ok && prepared.value.request.method === 'GET').toBe(action.effect === 'read');
    expect(action.docs).toMatch(/^https:\/\//);
    expect(name).toMatch(/^[a-z]+\.[a-zA-Z]+$/);
  });
});

describe('limits and scopes', () => {
  test('a limit names an action there is, and an input of it', () => {
    for (const { provider, actions } of Object.values(catalogue)) {
      for (const { action, perInput } of provider.limits) {
        if (action === undefined) continue;
        expect(Object.keys(actions)).toContain(action);
        if (perInput) expect(at(actions[action]?.example.input, perInput)).toBeTypeOf('string');
      }
    }
  });

  test('an action asks for no scope that its provider does not offer', () => {
    for (const { provider, action } of all) {
      const { scopes = {}, moreScopes = {} } = wayOf(provider, 'oauth2') ?? {};
      for (const scope of action.scopes ?? []) expect(Object.keys({ ...scopes, ...moreScopes })).toContain(scope);
    }
  });
});

describe('inputs at their edges', () => {
  test.each([
    ['slack/chat.postMessage', { channel: 'C1', text: 'x'.repeat(40_000) }, true],
    ['slack/chat.postMessage', { channel: 'C1', text: 'x'.repeat(40_001) }, false],
    ['slack/chat.postMessage', { channel: 'C1' }, false],
    ['slack/chat.postMessage', { channel: 'C1', blocks: [{ type: 'divider' }], threadTs: '1700000000.000100' }, true],
    ['slack/chat.postMessage', { channel: 'C1', text: 'x', threadTs: 'yesterday' }, false],
    ['slack/conversations.list', {}, true],
    ['slack/conversations.list', { limit: 1_001 }, false],
    ['github/issues.create', { owner: '..', repo: 'x', title: 'x' }, false],
    ['github/issues.create', { owner: 'a/b', repo: 'x', title: 'x' }, false],
    ['github/issues.create', { owner: 'a', repo: '.github', title: 'x' }, true],
    ['github/user.get', undefined, true],
    ['demo/contacts.get', { id: '../me' }, false],
    ['demo/contacts.create', { name: 'Ada', email: 'nobody' }, false],
  ])('%s %.60j', (id, input, good) => {
    expect(ask(id, input).ok).toBe(good);
  });

  test('a thread is spelled as Slack spells it', () => {
    const prepared = ask('slack/chat.postMessage', { channel: 'C1', text: 'x', threadTs: '1700000000.000100' });
    expect(prepared).toMatchObject({ value: { request: { json: { thread_ts: '1700000000.000100' } } } });
  });
});
