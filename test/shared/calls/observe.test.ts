import { expect, test } from 'vitest';
import { operationOf } from '../../../shared/calls/observe.ts';

const raw = (path: string) => operationOf({ request: { method: 'GET', path } });

test.each([
  ['/contacts', '/contacts'],
  ['/contacts/c1', '/contacts/{}'],
  ['/v1/customers/cus_1/sources/card_1', '/v1/customers/{}/{}/{}'],
  ['/repos/octocat/hello-world/issues', '/repos/{}/{}/{}'],
  ['/chat.postMessage', '/chat.postMessage'],
  ['/users/ada@example.com', '/users/{}'],
  ['/T0000/B000/secret', '/{}/{}/{}'],
  ['/ada@example.com', '/{}'],
  ['/1f0c8a2e-7c1d-4a6e-9d0a-111111111111', '/{}'],
  ['/v1', '/v1'],
  ['/', '/'],
])('%s is told as %s: no id, whatever it looks like', (path, operation) => {
  expect(raw(path)).toBe(operation);
});

test('an action is told by its name, and so is GraphQL', () => {
  expect(operationOf({ action: 'contacts.get', request: { method: 'GET', path: '/contacts/c1' } })).toBe(
    'contacts.get',
  );
  expect(operationOf({ action: 'graphql', request: { method: 'POST', path: '/graphql' } })).toBe('graphql');
});
