import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { contactsOf } from './contacts.ts';
import type { Asker, Keys } from './keys.ts';
import type { OAuthServer } from './oauth-server.ts';
import { type Answer, openRehearsal, refusal } from './rehearsal.ts';
import { bodyOf, type Served, sendJson, serve } from './server.ts';
import type { Storage } from './storage.ts';

const WINDOW_MS = 60_000;
const PER_WINDOW = 600;

/** Returns the provider's API, as a small SaaS product would have it: `/me` and `/contacts`, for the bearer of a token
 *  of the OAuth server or of its own, or of a key, 600 requests a minute. Paths that begin with `/_` belong to the rehearsal. */
export function startProviderApi(port: number, oauth: OAuthServer, keys: Keys, storage: Storage): Promise<Served> {
  const rehearsal = openRehearsal(oauth);
  let window = { untilMs: 0, used: 0 };

  function count(): Record<string, string> {
    if (Date.now() >= window.untilMs) window = { untilMs: Date.now() + WINDOW_MS, used: 0 };
    window.used += 1;
    return {
      'x-request-id': randomUUID(),
      'x-ratelimit-remaining': String(Math.max(0, PER_WINDOW - window.used)),
      'x-ratelimit-reset': String(Math.ceil(window.untilMs / 1000)),
    };
  }

  function answerTo(asker: Asker | undefined, request: Asked): Answer {
    if (window.used > PER_WINDOW) {
      const waitS = Math.ceil((window.untilMs - Date.now()) / 1000);
      return refusal(429, 'rate_limited', 'Slow down', { 'retry-after': String(waitS) });
    }
    return asker ? respond(asker, request, storage) : unauthorized;
  }

  return serve(port, () => async (request: IncomingMessage, response: ServerResponse, url: URL) => {
    const { method = 'GET' } = request;
    const { pathname: path, search: query, searchParams } = url;
    const body = await bodyOf(request);
    if (path.startsWith('/_')) {
      const control = await rehearsal.control(path, body);
      return sendJson(response, control.status, control.body);
    }
    const token = /^bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? '';
    const given = method === 'POST' && keys.answer(path, body, request.headers);
    if (given) return sendJson(response, given.status, given.body, given.headers);
    const limits = count();
    const idempotencyKey = request.headers['idempotency-key'] as string | undefined;
    const fault = await rehearsal.misbehave(path);
    const asker = (await oauth.inspect(token)) ?? keys.inspect(request.headers);
    const answer = fault ?? answerTo(asker, { method, path, query: searchParams, body, idempotencyKey });

    const { status } = answer;
    const at = new Date().toISOString();
    const account = asker?.account.id;
    rehearsal.record({ at, method, path, query, idempotencyKey, account, status }, token);
    sendJson(response, status, answer.body, { ...limits, ...answer.headers });
  });
}

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: string;
  readonly idempotencyKey: string | undefined;
}

function respond({ account, scopes }: Asker, { method, path, query, body, idempotencyKey }: Asked, storage: Storage) {
  if (method === 'GET' && path === '/me') return { status: 200, body: { id: account.id, name: account.name } };
  if (!scopes.has('contacts')) return refusal(403, 'insufficient_scope', 'The token has no scope "contacts"');
  const [, collection, id] = /^\/(contacts)(?:\/([\w-]+))?$/.exec(path) ?? [];
  if (!collection) return refusal(404, 'not_found', 'No such resource');
  const contacts = contactsOf(storage, account.id);
  const fields = readContact(body);
  const there = id === undefined ? undefined : contacts.get(id);

  if (id === undefined && method === 'GET') {
    const limit = Math.min(100, Math.max(1, Number(query.get('limit') ?? 20)));
    return { status: 200, body: contacts.list(query.get('updated_since') ?? '', query.get('cursor'), limit) };
  }
  if (id === undefined && method === 'POST') {
    if (!fields) return incomplete;
    const { contact, again } = contacts.create(fields, idempotencyKey);
    return { status: 201, body: contact, headers: again ? { 'idempotent-replayed': 'true' } : {} };
  }
  if (!there || there.deleted) return refusal(404, 'not_found', 'No such contact');
  if (method === 'GET') return { status: 200, body: there };
  if (method === 'PUT') return fields ? { status: 200, body: contacts.put(there.id, fields) } : incomplete;
  if (method !== 'DELETE') return refusal(405, 'method_not_allowed', 'GET, PUT or DELETE');
  contacts.remove(there);
  return { status: 204 };
}

const unauthorized = refusal(401, 'invalid_token', 'The access token is expired, revoked or unknown', {
  'www-authenticate': 'Bearer error="invalid_token"',
});
const incomplete = refusal(422, 'invalid_contact', 'A contact has a name and an email');

function readContact(body: string): { readonly name: string; readonly email: string } | undefined {
  try {
    const { name, email } = JSON.parse(body);
    return typeof name === 'string' && typeof email === 'string' ? { name, email } : undefined;
  } catch {
    return undefined; // what is not JSON is refused like an incomplete contact
  }
}
