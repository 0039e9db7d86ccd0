import * as z from 'zod';
import { type Actions, action, path } from '../actions.ts';

const example = { id: 'c1', name: 'Ada Lovelace', email: 'ada@example.com', updatedAt: '2026-01-01T00:00:00.000Z' };
const docs = 'https://datatracker.ietf.org/doc/html/rfc9110';
const scopes = ['contacts'];

export function demoActions(): Actions {
  const Contact = z.object({ id: z.string(), name: z.string(), email: z.string(), updatedAt: z.string() });
  return {
    'contacts.create': action({
      ...{ title: 'Create a contact', docs, scopes, effect: 'write' },
      input: z.strictObject({ name: z.string().min(1).max(200), email: z.email() }),
      output: Contact,
      request: (json) => ({ method: 'POST', path: '/contacts', json }),
      about: { object: 'contact', id: 'id' },
      example: { input: { name: example.name, email: example.email }, output: example },
    }),
    'contacts.get': action({
      ...{ title: 'Read a contact', docs, scopes, effect: 'read' },
      input: z.strictObject({ id: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'the id of a contact') }),
      output: Contact,
      request: ({ id }) => ({ method: 'GET', path: path`/contacts/${id}` }),
      about: { object: 'contact', id: 'id', by: 'id' },
      example: { input: { id: example.id }, output: example },
    }),
    'contacts.search': action({
      ...{ title: 'Find contacts by name', docs, scopes, effect: 'read' },
      input: z.strictObject({ name: z.string().min(1).max(200) }),
      output: z.object({ items: z.array(Contact) }),
      request: ({ name }) => ({ method: 'GET', path: '/search', query: { name } }),
      example: { input: { name: 'Ada' }, output: { items: [example] } },
    }),
  };
}
