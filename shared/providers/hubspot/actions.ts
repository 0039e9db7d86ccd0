import * as z from 'zod';
import { type Actions, action, path } from '../actions.ts';

const docs = 'https://developers.hubspot.com/docs/api-reference/latest/crm/objects/contacts/guide';
const CONTACTS = '/crm/objects/2026-09/contacts';
const read = ['crm.objects.contacts.read'];
const write = ['crm.objects.contacts.write'];
const contact = {
  id: '512',
  properties: { email: 'ada@example.com', firstname: 'Ada', lastname: 'Lovelace' },
  ...{ createdAt: '2026-01-01T00:00:00.000Z', updatedAt: '2026-01-01T00:00:00.000Z', archived: false },
};

export function hubspotActions(): Actions {
  /** Its id, or its e-mail address where `by` says so. */
  const Id = z.string().min(1).max(300);
  const by = z.enum(['id', 'email']).default('id');
  const Name = z.string().regex(/^[a-z0-9_]{1,100}$/, 'the internal name of a property');
  const properties = z.record(Name, z.string().max(65_536)); // '' clears one
  const wanted = z.array(Name).max(100).default(['email', 'firstname', 'lastname', 'phone', 'company']);
  const Contact = z.object({
    ...{ id: z.string(), properties: z.record(z.string(), z.string().nullable()) },
    ...{ createdAt: z.string(), updatedAt: z.string(), archived: z.boolean().optional() },
  });
  const idProperty = (name: 'id' | 'email') => (name === 'id' ? undefined : name);

  return {
    'contacts.create': action({
      ...{ title: 'Create a contact', docs, scopes: write, effect: 'write' },
      input: z.strictObject({ properties }),
      output: Contact,
      request: (json) => ({ method: 'POST', path: CONTACTS, json }),
      about: { object: 'contact', id: 'id' },
      example: { input: { properties: contact.properties }, output: contact },
    }),
    'contacts.get': action({
      ...{ title: 'Read a contact', docs, scopes: read, effect: 'read' },
      input: z.strictObject({ contact: Id, by, properties: wanted }),
      output: Contact,
      request: ({ contact, by, properties }) => ({
        ...{ method: 'GET', path: `${CONTACTS}${path`/${contact}`}` },
        query: { properties: properties.join(','), idProperty: idProperty(by) },
      }),
      about: { object: 'contact', id: 'id', by: 'contact' },
      example: { input: { contact: contact.id }, output: contact },
    }),
    'contacts.search': action({
      ...{
        title: 'Find contacts by e-mail address',
        docs,
        scopes: read,
        effect: 'read',
      },
      input: z.strictObject({
        /** A part of it between `@` and dots, a whole one, or with `*` at either end. */
        ...{ email: z.string().min(1).max(300), properties: wanted },
        ...{ limit: z.int().min(1).max(200).default(20), after: z.string().max(100).optional() },
      }),
      output: z.object({
        ...{ total: z.number(), results: z.array(Contact) },
        paging: z.object({ next: z.object({ after: z.string() }).optional() }).optional(),
      }),
      request: ({ email, ...rest }) => ({
        ...{ method: 'POST', path: `${CONTACTS}/search` },
        json: {
          filterGroups: [{ filters: [{ propertyName: 'email', operator: 'CONTAINS_TOKEN', value: email }] }],
          ...rest,
        },
      }),
      example: { input: { email: '*@example.com' }, output: { total: 1, results: [contact] } },
    }),
    'contacts.update': action({
      ...{ title: 'Change a contact', docs, scopes: write, effect: 'write' },
      input: z.strictObject({ contact: Id, by, properties }),
      output: Contact,
      request: ({ contact, by, properties }) => ({
        ...{ method: 'PATCH', path: `${CONTACTS}${path`/${contact}`}`, query: { idProperty: idProperty(by) } },
        ...{ json: { properties }, repeatable: true },
      }),
      about: { object: 'contact', id: 'id', by: 'contact' },
      example: {
        input: { contact: contact.id, properties: { lastname: 'King' } },
        output: { ...contact, properties: { ...contact.properties, lastname: 'King' } },
      },
    }),
  };
}
