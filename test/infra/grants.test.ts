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
  const policies = hub.all('AWS::IAM::Policy').flatMap(({ properties }) => {
    const { Roles, PolicyDocument } = properties as { Roles: unknown[]; PolicyDocument: { Statement: Statement[] } };
    return Roles.map((role) => ({ role: pathOf(role), statements: PolicyDocument.Statement }));
  });
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

test('each function writes its own logs and no others', () => {
  for (const { name, statements } of grants) {
    const logs = statements.filter(({ Action }) => [Action].flat().some((action) => action.startsWith('logs:')));
    expect(logs.flatMap(({ Resource }) => [Resource].flat().map(pathOf))).toEqual([`${name}-logs`]);
  }
});

test('only functions that handle credentials may open data keys, always under the vault purpose (B-11)', () => {
  const openers = grants.filter(({ statements }) =>
    statements.some(({ Action }) => [Action].flat().some((action) => action.startsWith('kms:'))),
  );
  expect(openers.map(({ name }) => name).sort()).toEqual([
    ...['calls/invoke', 'calls/run', 'calls/submit'],
    ...['connections/callback', 'connections/confirm', 'connections/create', 'connections/refresh'],
    ...['connections/remove', 'connections/rotate', 'connections/start', 'connections/sweep', 'connections/token'],
    ...['syncs/run', 'tenants/remove'],
  ]);
  for (const { name, statements } of openers) {
    for (const { Action, Condition } of statements) {
      if (![Action].flat().some((action) => action.startsWith('kms:'))) continue;
      expect(Condition, name).toEqual({ StringEquals: { 'kms:EncryptionContext:purpose': 'patchbay-vault' } });
    }
  }
});

test('the acknowledgement of webhooks reaches no table and no key: it outlives their outages (G.2)', () => {
  const receive = grants.find(({ name }) => name === 'webhooks/receive');
  const actions = receive?.statements.flatMap(({ Action }) => [Action].flat()) ?? [];
  expect(actions.filter((action) => /^(dynamodb|kms):/.test(action))).toEqual([]);
  expect(actions).toContain('sqs:SendMessage');
});
