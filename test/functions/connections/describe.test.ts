import { beforeAll, expect, test } from 'vitest';
import type { handler as Handler } from '../../../functions/connections/describe.ts';
import { catalogue } from '../../../shared/providers/catalogue.ts';
import { context } from '../../support/connect-world.ts';
import { setEnv } from '../../support/dynamo.ts';
import { readEvent } from '../../support/samples.ts';

let handler: typeof Handler;
beforeAll(async () => {
  setEnv({ STAGE: 'local', PUBLIC_URL: 'https://hub.example.com/' });
  ({ handler } = await import('../../../functions/connections/describe.ts'));
});

async function describeProvider(provider: string) {
  const event = {
    ...(readEvent('connections/describe') as Parameters<typeof handler>[0]),
    pathParameters: { provider },
  };
  const answer = await handler(event, context);
  return { status: answer.statusCode, json: JSON.parse(answer.body ?? '') };
}

test('tells the owner what to register and the scopes in words', async () => {
  const { status, json } = await describeProvider('github');
  expect(status).toBe(200);
  expect(json.auth[0]).toMatchObject({
    kind: 'oauth2',
    pkce: 'S256',
    redirectUri: 'https://hub.example.com/oauth/github/callback',
  });
  expect(json.auth[0].scopes).toContainEqual({ scope: 'read:user', meaning: 'Read your profile' });
  expect(json.webhooks.url).toBe('https://hub.example.com/webhooks/github');
  expect(json.webhooks.instructions.join(' ')).toContain(json.webhooks.url);
});

test('shows what the hub itself can subscribe to, and what the owner may say of it', async () => {
  const { json } = await describeProvider('google');
  expect(json.webhooks.subscriptions).toContainEqual(
    expect.objectContaining({
      id: 'calendar',
      options: { calendarId: { default: 'primary', pattern: '[^/]{1,200}' } },
    }),
  );
});

test('shows each address that a request may name', async () => {
  const { json } = await describeProvider('google');
  expect(json.api.baseUrl).toBe('https://www.googleapis.com');
  expect(json.api.bases).toContainEqual({ id: 'gmail', url: 'https://gmail.googleapis.com/gmail/v1' });
});

test('shows each other way with its fields, so that a form can be made of them', async () => {
  const { json } = await describeProvider('demo');
  expect(json.auth.map(({ kind }: { kind: string }) => kind)).toEqual([
    ...['oauth2', 'api_key', 'basic', 'password', 'client_credentials', 'app_jwt'],
  ]);
  expect(json.auth[1]).toMatchObject({
    revocable: false,
    fields: [{ name: 'apiKey', label: 'API key', secret: true }],
  });
});

test('shows what a sync lets its tenant choose', async () => {
  const { syncs } = (await describeProvider('slack')).json;
  const of = (id: string) => syncs.find((sync: { id: string }) => sync.id === id);
  expect(of('messages').settingsSchema).toMatchObject({ required: ['channels'], additionalProperties: false });
  expect(of('users')).not.toHaveProperty('settingsSchema');
});

test.each(Object.entries(catalogue))(
  '%s: gives each action its schemas and an example, each sync its model',
  async (id, entry) => {
    const { json } = await describeProvider(id);
    expect(json.actions.map((action: { id: string }) => action.id)).toEqual(Object.keys(entry.actions));
    for (const action of json.actions) {
      expect(action.inputSchema).toHaveProperty('$schema');
      expect(action.example).toEqual(expect.objectContaining({ input: expect.anything(), output: expect.anything() }));
    }
    expect(json.syncs.map((sync: { id: string }) => sync.id)).toEqual(Object.keys(entry.syncs));
    expect('webhooks' in json).toBe(entry.webhooks !== undefined);
  },
);

test.each(['nobody', 'constructor', '__proto__', 'Git Hub'])('%s is 404', async (provider) => {
  expect((await describeProvider(provider)).json).toMatchObject({ status: 404, code: 'not_found' });
});
