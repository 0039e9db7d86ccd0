import * as z from 'zod';
import { type Actions, action } from '../actions.ts';

const Contact = z.object({ id: z.string(), name: z.string(), email: z.string(), updatedAt: z.string() });
const example = { id: 'c1', name: 'Ada Lovelace', email: 'ada@example.com', updatedAt: '2026-01-01T00:00:00.000Z' };
const docs = 'https://datatracker.ietf.org/doc/html/rfc9110';

export const demoActions = {
  'contacts.create': action({
    title: 'Create a contact',
    docs,
    scopes: ['contacts'],
    effect: 'write',
    input: z.strictObject({ name: z.string().min(1).max(200), email: z.email() }),
    output: Contact,
    request: (json) => ({ method: 'POST', path: '/contacts', json }),
    example: { input: { name: example.name, email: example.email }, output: example },
  }),
  'contacts.get': action({
    title: 'Read a contact',
    docs,
    scopes: ['contacts'],
    effect: 'read',
    input: z.strictObject({ id: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'the id of a contact') }),
    output: Contact,
    request: ({ id }) => ({ method: 'GET', path: `/contacts/${id}` }),
    example: { input: { id: example.id }, output: example },
  }),
} as const satisfies Actions;
