import { expect, test } from 'vitest';
import * as z from 'zod';
import { event } from '../../../functions/middleware/event.ts';
import { currentRequest } from '../../../shared/core/log.ts';
import { lambdaContext } from '../../support/http-event.ts';

const contract = { env: z.object({}), timeoutS: 5, entry: { kind: 'event', types: ['tenant.removed'] } } as const;
const detail = { id: 'evt_1', type: 'tenant.removed', time: '2026-11-20T10:00:00.000Z', tenant: 'acme', data: {} };

test.each([
  ['is worked on under the id of the request that led to it', { ...detail, requestId: 'req-0' }, 'req-0'],
  ['that names none, under the invocation’s own', detail, 'inv-1'],
])('an event %s (E-40)', async (_, told, requestId) => {
  const seen: unknown[] = [];
  const handler = event(contract, async (input) => void seen.push(input.event.id, input.requestId, currentRequest()));
  await handler({ detail: told } as never, lambdaContext('inv-1', 5_000));
  expect(seen).toEqual(['evt_1', requestId, requestId]);
});

test('what is no event of the hub is refused', async () => {
  const handler = event(contract, async () => {});
  await expect(handler({ detail: { ...detail, type: 'odd' } } as never, lambdaContext())).rejects.toThrow('type');
});
