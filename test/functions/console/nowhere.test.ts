import { expect, test } from 'vitest';
import { handler } from '../../../functions/console/nowhere.ts';
import { lambdaContext } from '../../support/http-event.ts';
import { readEvent } from '../../support/samples.ts';

test('what has no route is a problem like any other, and says where the routes are', async () => {
  const answer = await handler(readEvent('console/nowhere') as never, lambdaContext());
  expect(answer.statusCode).toBe(404);
  expect(answer.headers?.['content-type']).toBe('application/problem+json');
  expect(JSON.parse(answer.body ?? '')).toMatchObject({
    ...{ status: 404, code: 'not_found', detail: expect.stringContaining('/docs') },
    requestId: expect.any(String),
  });
});
