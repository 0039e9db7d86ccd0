import { DecryptCommand } from '@aws-sdk/client-kms';
import { beforeEach, describe, expect, test } from 'vitest';
import { openCredentials } from '../../../shared/connections/credential.ts';
import { CLOCK_SKEW_MS } from '../../../shared/connections/lease.ts';
import { LEASE_MS, NEEDED_MS } from '../../../shared/connections/refresh.ts';
import { TOKEN_TIMEOUT_MS } from '../../../shared/connections/token-request.ts';
import { openVault } from '../../../shared/connections/vault.ts';
import type { Table } from '../../../shared/core/aws.ts';
import { catalogue } from '../../../shared/providers/catalogue.ts';
import { acme, credentialPorts, demoId } from '../../support/credential-ports.ts';
import { fakeKms } from '../../support/kms.ts';
import { memoryTable } from '../../support/memory-table.ts';

// What a credential costs, counted (design §9), and the three numbers that keep refreshes apart.

const HOUR_S = 3_600;
let kms: ReturnType<typeof fakeKms>;
let hub: ReturnType<typeof credentialPorts>;
let counts: Record<'reads' | 'writes', number>;

beforeEach(async () => {
  kms = fakeKms();
  hub = credentialPorts();
  count(hub.table);
  const keysTable = memoryTable();
  hub.ports = Object.assign(hub.ports, { vault: openVault({ keyId: 'key', keysTable, moment: hub.moment }) });
  hub.provider = () => ({
    status: 200,
    json: { access_token: 'access-2', refresh_token: 'refresh-2', token_type: 'bearer', expires_in: HOUR_S },
  });
  await hub.connect({ refresh: 'refresh-1', expiresInS: HOUR_S });
  count(keysTable);
  kms.resetHistory();
  counts = { reads: 0, writes: 0 };
});

/** Counts what a table is asked from now on. */
function count(table: Table): void {
  const { get, query, put, update, remove } = table;
  const counting =
    <Args extends unknown[], T>(what: 'reads' | 'writes', real: (...args: Args) => T) =>
    (...args: Args): T => {
      counts[what] += 1;
      return real(...args);
    };
  counts ??= { reads: 0, writes: 0 };
  Object.assign(table, { get: counting('reads', get), query: counting('reads', query) });
  Object.assign(table, {
    put: counting('writes', put),
    update: counting('writes', update),
    remove: counting('writes', remove),
  });
}

const live = () => openCredentials(hub.ports).live(acme, demoId);

describe('what a credential costs', () => {
  test('a fresh token: 1 read, 0 writes, 0 KMS', async () => {
    expect((await live()).ok).toBe(true);
    expect({ ...counts, kms: kms.calls().length, provider: hub.requests.length }).toEqual({
      ...{ reads: 1, writes: 0, kms: 0, provider: 0 },
    });
  });

  test('a refresh: 1 call to the provider, 2 writes, 0 KMS', async () => {
    hub.moment.nowMs += 0.9 * HOUR_S * 1000;
    kms.resetHistory();
    await live(); // its data key has left the memory meanwhile
    expect(kms.commandCalls(DecryptCommand)).toHaveLength(1);
    expect({ writes: counts.writes, provider: hub.requests.length }).toEqual({ writes: 2, provider: 1 });
  });
});

describe('timeout, lease and grace (C.3)', () => {
  const token = Object.values(catalogue).flatMap(({ provider }) =>
    provider.auth.flatMap((way) =>
      way.kind === 'oauth2'
        ? [{ id: provider.id, timeoutMs: way.refresh.timeoutMs ?? TOKEN_TIMEOUT_MS, graceS: way.refresh.graceS }]
        : [],
    ),
  );

  test.each(token)(
    'a token request at $id ends before the lease does, however far two clocks are apart',
    ({ timeoutMs }) => {
      expect(timeoutMs).toBeGreaterThanOrEqual(15_000); // an early abort is what breaks a rotation
      expect(NEEDED_MS).toBeGreaterThanOrEqual(timeoutMs + 2 * CLOCK_SKEW_MS);
      expect(LEASE_MS).toBeGreaterThan(NEEDED_MS);
    },
  );

  test('a grace of a minute outlasts one lease that nobody gave back and one token request; the simulator holds it to that', () => {
    expect(60_000).toBeGreaterThanOrEqual(LEASE_MS + CLOCK_SKEW_MS + TOKEN_TIMEOUT_MS);
  });
});
