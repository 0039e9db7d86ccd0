import type { Contacts } from './contacts.ts';
import { answerQuery } from './graphql.ts';
import type { Asker } from './keys.ts';
import { type Answer, refusal } from './rehearsal.ts';

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: string;
  readonly idempotencyKey: string | undefined;
}

/** Returns what the demo provider's product answers: `/me`, `/contacts`, `/search` among them, and `/graphql`. */
export function respond(
  { account, scopes }: Asker,
  { method, path, query, body, idempotencyKey }: Asked,
  contacts: Contacts,
): Answer {
  if (method === 'GET' && path === '/me') return { status: 200, body: { id: account.id, name: account.name } };
  if (!scopes.has('contacts')) return refusal(403, 'insufficient_scope', 'The token has no scope "contacts"');
  if (method === 'POST' && path === '/graphql') {
    const me = () => ({ id: account.id, name: account.name });
    const fields = { me, contacts: ({ first = 20 }) => contacts.list('', null, Number(first)).items };
    return { status: 200, body: answerQuery(body, fields), idle: true };
  }
  if (method === 'GET' && path === '/search')
    return { status: 200, body: { items: contacts.named(query.get('name') ?? '') } };

  const [, collection, id] = /^\/(contacts)(?:\/([\w-]+))?$/.exec(path) ?? [];
  if (!collection) return refusal(404, 'not_found', 'No such resource');
  const fields = readContact(body);
  const there = id === undefined ? undefined : contacts.get(id);

  if (id === undefined && method === 'GET') {
    const limit = Math.min(100, Math.max(1, Number(query.get('limit') ?? 20)));
    return { status: 200, body: contacts.list(query.get('updated_since') ?? '', query.get('cursor'), limit) };
  }
  if (id === undefined && method === 'POST') {
    if (!fields) return incomplete;
    const { contact, again } = contacts.create(fields, idempotencyKey);
    return { status: 201, body: contact, headers: again ? { 'idempotent-replayed': 'true' } : {}, idle: again };
  }
  if (!there || there.deleted) return refusal(404, 'not_found', 'No such contact');
  if (method === 'GET') return { status: 200, body: there };
  if (method === 'PUT') return fields ? { status: 200, body: contacts.put(there.id, fields) } : incomplete;
  if (method !== 'DELETE') return refusal(405, 'method_not_allowed', 'GET, PUT or DELETE');
  contacts.remove(there);
  return { status: 204 };
}

const incomplete = refusal(422, 'invalid_contact', 'A contact has a name and an email');

function readContact(body: string): { readonly name: string; readonly email: string } | undefined {
  try {
    const { name, email } = JSON.parse(body);
    return typeof name === 'string' && typeof email === 'string' ? { name, email } : undefined;
  } catch {
    return undefined; // what is not JSON is refused like an incomplete contact
  }
}
