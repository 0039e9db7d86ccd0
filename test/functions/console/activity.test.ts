import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { auditedEvents } from '../../../shared/core/audit.ts';
import { auditLog } from '../../../shared/core/audit-log.ts';
import { openTable } from '../../../shared/core/aws.ts';
import { startDynamo, type TestDynamo } from '../../support/dynamo.ts';
import { lambdaContext } from '../../support/http-event.ts';

let dynamo: TestDynamo;
let handler: typeof import('../../../functions/console/record.ts')['handler'];
beforeAll(async () => {
  dynamo = await startDynamo();
  ({ handler } = await import('../../../functions/console/record.ts'));
});
afterAll(() => dynamo.stop());

const entriesOf = (tenant: string) =>
  auditLog(openTable('activity')).list(tenant, { fromMs: Date.now() - 3_600_000, toMs: Date.now() + 1, limit: 100 });

describe('what the hub does by itself', () => {
  test('is entered once under its event, however often that comes', async () => {
    const told = (detail: object) => ({ detail: { id: 'evt_1', version: 1, tenant, ...detail } }) as never;
    const tenant = 'by-itself';
    const time = new Date().toISOString();
    const lost = told({
      type: 'connection.needs_reauth',
      time,
      provider: 'slack',
      connection: 'slack',
      data: { reason: 'revoked' },
    });
    await handler(lost, lambdaContext());
    await handler(lost, lambdaContext());
    expect(await entriesOf(tenant)).toMatchObject([
      {
        action: 'connection.needs_reauth',
        actor: { kind: 'hub' },
        target: { connection: 'slack', event: 'evt_1' },
        error: 'revoked',
      },
    ]);
    await handler(told({ type: 'tenant.removed', time, data: {} }), lambdaContext());
    expect(await entriesOf('_owner')).toMatchObject([{ action: 'tenant.removed', target: { tenant } }]);
    await handler(told({ type: 'webhook.received', time, data: { data: 'made-up' } }), lambdaContext());
    expect(await entriesOf(tenant)).toHaveLength(1);
    expect(auditedEvents).toContain('subscription.disabled');
  });
});
