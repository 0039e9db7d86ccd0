import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type CredentialWorld, startCredentialWorld } from '../../support/credential-world.ts';
import { readEvent } from '../../support/samples.ts';

let world: CredentialWorld;
beforeAll(async () => {
  world = await startCredentialWorld();
});
afterAll(() => world.stop());
beforeEach(() => {
  world.heard.length = 0;
  world.events.length = 0;
});
afterEach(() => vi.useRealTimers());

const revokeAll = (input: object) => world.run('connections/revoke-all', input);
const tick = () => world.run('connections/refresh', readEvent('connections/refresh'));
const token = (tenant: string, connection = 'demo') => world.run('connections/token', { tenant, connection });
const gone = { error: { code: 'not_found' } };

describe('all connections at once (A-18)', () => {
  test('of a tenant: unusable at once, ended upstream by the tick, each told; the others stay', async () => {
    await world.connect('acme');
    await world.connect('acme', { provider: 'demo', name: 'second' });
    await world.connect('globex');
    expect(await revokeAll({ tenant: 'acme' })).toEqual({ value: { marked: 2, finished: true } });
    for (const connection of ['demo', 'demo:second']) expect(await token('acme', connection)).toMatchObject(gone);
    expect(world.heard).toEqual([]);
    await tick();
    expect(world.heard).toHaveLength(2);
    expect(world.events.map(({ tenant, data }) => [tenant, data.revocation])).toEqual([
      ['acme', 'revoked'],
      ['acme', 'revoked'],
    ]);
    expect(await token('globex')).toMatchObject({ value: {} });
    expect(await revokeAll({ tenant: 'acme' })).toEqual({ value: { marked: 0, finished: true } });
  });

  test('of a provider, whosever they are; and of one tenant at one provider', async () => {
    const github = { provider: 'github', name: 'default' };
    await world.connect('one');
    await world.connect('two', github);
    await world.connect('two');
    expect(await revokeAll({ tenant: 'two', provider: 'github' })).toMatchObject({ value: { marked: 1 } });
    expect(await token('two', 'github')).toMatchObject(gone);
    expect(await token('two')).toMatchObject({ value: {} });
    const { value } = (await revokeAll({ provider: 'demo' })) as { value: { marked: number } };
    expect(value.marked).toBeGreaterThanOrEqual(2);
    for (const tenant of ['one', 'two']) expect(await token(tenant)).toMatchObject(gone);
  });

  test('neither a tenant nor a provider is refused: nobody ends everything by leaving something out', async () => {
    for (const input of [{}, { cursor: 'x' }, { tenant: '' }, { tenant: 'acme', all: true }]) {
      expect(await revokeAll(input)).toMatchObject({ error: { code: 'invalid_request' } });
    }
  });
});

test('where the provider knows no way to end a grant, that is said (A-18)', async () => {
  const { findProvider } = await import('../../../shared/providers/definitions.ts');
  const { remove } = await import('../../../shared/connections/remove.ts');
  const { tenantId } = await world.connect('hooli');
  const ports = {
    ...world.ports,
    findProvider(id: string) {
      const entry = findProvider(id, 'local');
      const auth = entry?.provider.auth.map((way) => ({ ...way, revoke: { style: 'none', reason: 'none known' } }));
      return entry && ({ ...entry, provider: { ...entry.provider, auth } } as unknown as typeof entry);
    },
  };
  expect(await remove(ports, tenantId, { provider: 'demo', name: 'default' })).toMatchObject({
    value: { status: 'revoked', reason: 'provider_has_none' },
  });
  expect(world.events).toMatchObject([{ data: { revocation: 'none' } }]);
  expect(world.heard).toEqual([]);
});
