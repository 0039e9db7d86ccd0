import { expect, test } from 'vitest';
import type { handler as Handler } from '../../../functions/connections/catalogue.ts';
import { context } from '../../support/connect-world.ts';
import { setEnv } from '../../support/dynamo.ts';
import { readEvent } from '../../support/samples.ts';

async function list(stage: string) {
  setEnv({ STAGE: stage, PUBLIC_URL: 'https://hub.example.com' });
  const { handler }: { handler: typeof Handler } = await import('../../../functions/connections/catalogue.ts');
  const answer = await handler(readEvent('connections/catalogue') as Parameters<typeof handler>[0], context);
  return { status: answer.statusCode, items: JSON.parse(answer.body ?? '').items as { id: string }[] };
}

test('lists every provider of this stage with what it can do', async () => {
  const { status, items } = await list('local');
  expect(status).toBe(200);
  expect(items.map(({ id }) => id)).toEqual(['demo', 'github', 'slack']);
  expect(items[1]).toMatchObject({
    name: 'GitHub',
    auth: { kind: 'oauth2', scopes: ['read:user', 'user:email', 'repo'] },
    webhooks: true,
  });
});
