import { expect, test } from 'vitest';
import type { Connection } from '../../../shared/connections/connection.ts';
import { newestOf } from '../../../shared/connections/newest.ts';
import type { TenantConnections } from '../../../shared/connections/store.ts';
import { TenantId } from '../../../shared/core/ids.ts';

const tenants = ['acme', 'globex'].map((id) => TenantId.parse(id));
const [acme = TenantId.parse('acme'), globex = acme] = tenants;

/** A memory over rows whose generations are set by hand. */
function memory() {
  const generations = new Map<string, number>();
  const read: string[] = [];
  const forTenant = (tenantId: TenantId) =>
    ({
      get: async ({ provider, name }) => {
        read.push(name);
        const generation = generations.get(`${tenantId}/${name}`);
        return generation === undefined ? undefined : ({ tenantId, provider, name, generation } as Connection);
      },
    }) as TenantConnections;
  const newest = newestOf({ forTenant });
  return {
    read,
    async see(generation: number | undefined, name = 'default', tenantId = acme) {
      if (generation === undefined) generations.delete(`${tenantId}/${name}`);
      else generations.set(`${tenantId}/${name}`, generation);
      const seen = await newest.read(tenantId, { provider: 'demo', name });
      return seen.ok ? seen.value?.generation : seen.error.cause;
    },
  };
}

test('an older generation is refused after one more look, of each connection by itself (B-16)', async () => {
  const { see, read } = memory();
  expect([await see(5), await see(5), await see(7)]).toEqual([5, 5, 7]);
  expect(read).toHaveLength(3);
  expect(await see(6)).toBe('generation_regression');
  expect(read).toHaveLength(5);
  expect(await see(6, 'second')).toBe(6);
  expect(await see(6, 'default', globex)).toBe(6);
  expect([await see(undefined), await see(6), await see(8)]).toEqual([undefined, 'generation_regression', 8]);
});

test('one is not noticed by another process, nor after a thousand other connections: memory is all that tells', async () => {
  const { see } = memory();
  await see(7);
  for (let other = 0; other < 999; other++) await see(1, `other${other}`);
  expect(await see(6)).toBe('generation_regression');
  await see(1, 'one-more');
  expect(await see(6)).toBe(6);
  expect(await memory().see(5)).toBe(5);
});
