import { expect, test, vi } from 'vitest';
import type { handler as Handler } from '../../../functions/connections/catalogue.ts';
import { catalogue } from '../../../shared/providers/catalogue.ts';
import { context } from '../../support/connect-world.ts';
import { setEnv } from '../../support/dynamo.ts';
import { readEvent } from '../../support/samples.ts';

async function list(stage: string) {
  vi.resetModules(); // a handler reads its environment once
  setEnv({ STAGE: stage, PUBLIC_URL: 'https://hub.example.com' });
  const { handler }: { handler: typeof Handler } = await import('../../../functions/connections/catalogue.ts');
  const answer = await handler(readEvent('connections/catalogue') as Parameters<typeof handler>[0], context);
  return { status: answer.statusCode, items: JSON.parse(answer.body ?? '').items as { id: string }[] };
}

test('lists every provider of this stage with what it can do', async () => {
  const { status, items } = await list('local');
  expect(status).toBe(200);
  expect(items.map(({ id }) => id)).toEqual(Object.keys(catalogue));
  expect(items.find(({ id }) => id === 'github')).toMatchObject({
    name: 'GitHub',
    auth: ['oauth2', 'app_jwt'],
    webhooks: true,
  });
});

test('the demo provider is offered on this computer alone', async () => {
  expect((await list('prod')).items.map(({ id }) => id)).not.toContain('demo');
});
