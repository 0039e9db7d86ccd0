import { expect, test } from 'vitest';
import { catalogue } from '../../shared/providers/catalogue.ts';
import golden from './grants.json' with { type: 'json' };
import { makeStacks } from './stacks.ts';

interface Statement {
  readonly Effect: string;
  readonly Action: string | string[];
  readonly Resource: unknown;
  readonly Condition?: unknown;
}

const { hub, pathOf } = makeStacks();

/** Function → resource → what its role may do there. Logs apart: each writes its own, asserted below. */
function readGrants() {
  const policies = hub.all('AWS::IAM::Role').map(({ path, properties }) => {
    const { Policies = [] } = properties as { Policies?: { PolicyDocument: { Statement: Statement[] } }[] };
    return { role: path, statements: Policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement) };
  });
  expect(hub.all('AWS::IAM::Policy')).toEqual([]); // rights stand in the role
  return hub.all('AWS::Lambda::Function').map(({ properties }) => {
    const role = pathOf(properties.Role);
    return {
      name: String(properties.Description),
      role,
      statements: policies.filter((policy) => policy.role === role).flatMap(({ statements }) => statements),
    };
  });
}

const grants = readGrants();

function matrix() {
  const rows = grants.map(({ name, statements }) => {
    const row: Record<string, string[]> = {};
    for (const { Action, Resource } of statements) {
      for (const resource of [Resource].flat().map(pathOf)) {
        const actions = [Action].flat().filter((action) => !action.startsWith('logs:'));
        if (actions.length > 0) row[resource] = [...(row[resource] ?? []), ...actions].sort();
      }
    }
    return [name, Object.fromEntries(Object.entries(eachProvider(row)).sort())] as const;
  });
  return Object.fromEntries(rows.sort());
}

/** The same right on the secret of each provider is one line, so that a new provider changes no grant. */
function eachProvider(row: Record<string, string[]>): Record<string, string[]> {
  const secrets = Object.keys(catalogue).map((id) => `secrets/${id}`);
  const same = new Set(secrets.map((secret) => JSON.stringify(row[secret])));
  if (same.size !== 1 || same.has(undefined as never)) return row;
  const rest = Object.entries(row).filter(([resource]) => !secrets.includes(resource));
  return { ...Object.fromEntries(rest), 'secrets/<each provider>': row[secrets[0] ?? ''] ?? [] };
}

test('each function may do exactly what grants.json lists, on exactly these resources', () => {
  expect(matrix(), 'a right has changed: review it, then write it into test/infra/grants.json').toEqual(golden);
});

test('no role is shared, and none has a policy of AWS', () => {
  const roles = grants.map(({ role }) => role);
  expect(new Set(roles).size).toBe(roles.length);
  for (const { path, properties } of hub.all('AWS::IAM::Role'))
    expect(properties, path).not.toHaveProperty('ManagedPolicyArns');
});

test('no action is a wildcard, and no resource but the objects of the payload bucket', () => {
  for (const { name, statements } of grants) {
    for (const { Effect, Action, Resource } of statements) {
      expect(Effect, name).toBe('Allow');
      for (const action of [Action].flat()) expect(action, name).not.toContain('*');
      for (const resource of [Resource].flat().map(pathOf)) {
        if (resource !== 'payloads/*') expect(resource, name).not.toContain('*');
      }
    }
  }
});

test("each function writes its feature's logs and no others", () => {
  for (const { name, statements } of grants) {
    const logs = statements.filter(({ Action }) => [Action].flat().some((action) => action.startsWith('logs:')));
    expect(logs.flatMap(({ Resource }) => [Resource].flat().map(pathOf))).toEqual([`${name.split('/')[0]}/logs`]);
  }
});

const usersOf = (key: string) =>
  grants.filter(({ statements }) =>
    statements.some(
      ({ Action, Resource }) =>
        [Action].flat().some((action) => action.startsWith('kms:')) && [Resource].flat().map(pathOf).includes(key),
    ),
  );

test('only functions that handle credentials, or read a call, may open data keys, always under the vault purpose (B-11)', () => {
  const openers = usersOf('vault-key');
  expect(openers.map(({ name }) => name).sort()).toEqual([
    ...['calls/get', 'calls/invoke', 'calls/run', 'calls/submit'],
    ...['connections/callback', 'connections/confirm', 'connections/create', 'connections/end-grants'],
    ...[
      'connections/refresh',
      'connections/remove',
      'connections/rotate',
      'connections/start',
      'connections/sweep',
      'connections/token',
      'console/work',
    ],
    ...['deliveries/rotate', 'deliveries/send', 'deliveries/subscribe', 'syncs/run'],
    ...['webhooks/follow', 'webhooks/renew'],
  ]);
  for (const { name, statements } of openers) {
    for (const { Resource, Condition } of statements) {
      if (![Resource].flat().map(pathOf).includes('vault-key')) continue;
      expect(Condition, name).toEqual({ StringEquals: { 'kms:EncryptionContext:purpose': 'patchbay-vault' } });
    }
  }
});

test("no page of the console can come to a credential: none reads connections and has a key, or a provider's secret", () => {
  for (const { name, statements } of grants.filter((one) => one.name.startsWith('console/'))) {
    const reached = statements.flatMap(({ Resource }) => [Resource].flat().map(pathOf));
    const isSecret = (path: string) => path.startsWith('secrets/') && path !== 'secrets/operator';
    expect([name, reached.filter(isSecret)]).toEqual([name, []]);
    expect([name, reached.includes('vault-key') && reached.includes('connections')]).toEqual([name, false]);
    expect([name, reached.includes('endpoint-key')]).toEqual([name, false]);
  }
});

test('the intake opens secrets of endpoints, and those that requests bring, alone: no key of the vault, no table of credentials (G.3 item 2)', () => {
  const users = usersOf('endpoint-key');
  expect(users.map(({ name }) => name).sort()).toEqual(
    ['create-endpoint', 'follow', 'list-unrouted', 'process', 'receive', 'renew', 'rotate-endpoint'].map(
      (verb) => `webhooks/${verb}`,
    ),
  );
  for (const { name, statements } of users) {
    for (const { Resource, Condition } of statements.filter(({ Condition }) => Condition)) {
      const purpose = [Resource].flat().map(pathOf).includes('endpoint-key') ? 'patchbay-endpoints' : 'patchbay-vault';
      expect(Condition, name).toEqual({ StringEquals: { 'kms:EncryptionContext:purpose': purpose } });
    }
  }
});

test('the acknowledgement of webhooks reaches no table but the endpoints, once a minute, and no other key (G.2)', () => {
  const receive = grants.find(({ name }) => name === 'webhooks/receive');
  const rights = receive?.statements.flatMap(({ Action, Resource }) =>
    [Action].flat().map((action) => `${action} ${[Resource].flat().map(pathOf).join(' ')}`),
  );
  expect(rights?.filter((right) => /^(dynamodb|kms):/.test(right)).sort()).toEqual([
    'dynamodb:Query endpoints/index/by-endpoint',
    'kms:Decrypt endpoint-key',
    'kms:GenerateDataKey endpoint-key', // for a secret that a request brings itself
  ]);
  expect(rights?.some((right) => right.startsWith('sqs:SendMessage '))).toBe(true);
});
