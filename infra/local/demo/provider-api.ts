import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ContactFeed } from './contact-feed.ts';
import type { ContactWebhooks } from './contact-webhooks.ts';
import type { Contacts } from './contacts.ts';
import type { Keys } from './keys.ts';
import type { OAuthServer } from './oauth-server.ts';
import { respond } from './provider-routes.ts';
import { type Answer, openRehearsal, refusal } from './rehearsal.ts';
import { bodyOf, type Served, sendJson, serve } from './server.ts';

const WINDOW_MS = 60_000;
const PER_WINDOW = 600;
/** Of searches: so many a second, and so many at once. */
const SEARCHES = { perS: 2, atOnce: 3 } as const;

interface ApiParts {
  readonly oauth: OAuthServer;
  readonly keys: Keys;
  readonly contactsOf: (account: string) => Contacts;
  readonly webhooks: ContactWebhooks;
  readonly feed: ContactFeed;
}

/** Returns the provider's API, as a small SaaS product would have it, for the bearer of a token of the OAuth server or of its
 *  own, or of a key: each may send 600 requests a minute, and two searches a second. Paths that begin with `/_` belong to the
 *  rehearsal: `POST /_expire` ends all tokens, and `GET /_last-token` tells whether that of the last good request lives. */
export function startProviderApi(port: number, { oauth, keys, contactsOf, webhooks, feed }: ApiParts): Promise<Served> {
  const rehearsal = openRehearsal((status, message) => refusal(status, 'rehearsed', message));
  const windows = new Map<string, { untilMs: number; used: number }>();
  const buckets = new Map<string, { atMs: number; left: number }>();
  let lastToken = '';

  function windowOf(credential: string) {
    const known = windows.get(credential);
    const window = known && Date.now() < known.untilMs ? known : { untilMs: Date.now() + WINDOW_MS, used: 0 };
    windows.set(credential, window);
    window.used += 1;
    return window;
  }

  function maySearch(credential: string): boolean {
    const nowMs = Date.now();
    const { atMs, left } = buckets.get(credential) ?? { atMs: nowMs, left: SEARCHES.atOnce };
    const there = Math.min(SEARCHES.atOnce, left + ((nowMs - atMs) / 1_000) * SEARCHES.perS);
    buckets.set(credential, { atMs: nowMs, left: there < 1 ? there : there - 1 });
    return there >= 1;
  }

  async function control(path: string, body: string): Promise<Answer> {
    if (path === '/_last-token') return { status: 200, body: { live: (await oauth.inspect(lastToken)) !== undefined } };
    if (path === '/_expire') oauth.expireAccessTokens();
    if (path === '/_webhooks') webhooks.control(body);
    if (path === '/_feed') feed.control(body);
    return rehearsal.control(path, body);
  }

  const tokenOf = ({ headers }: IncomingMessage) => /^bearer (.+)$/i.exec(headers.authorization ?? '')?.[1] ?? '';
  const askerOf = async (request: IncomingMessage) =>
    (await oauth.inspect(tokenOf(request))) ?? keys.inspect(request.headers);

  const handle = () => async (request: IncomingMessage, response: ServerResponse, url: URL) => {
    const { method = 'GET' } = request;
    const { pathname: path, search: query, searchParams } = url;
    const body = await bodyOf(request);
    if (path.startsWith('/_')) {
      const { status, body: said } = await control(path, body);
      return sendJson(response, status, said);
    }
    const token = tokenOf(request);
    const given = method === 'POST' && keys.answer(path, body, request.headers);
    if (given) return sendJson(response, given.status, given.body, given.headers);
    const idempotencyKey = request.headers['idempotency-key'] as string | undefined;
    const asker = await askerOf(request);

    const credential = String(request.headers.authorization ?? request.headers['x-api-key']);
    const window = windowOf(credential);
    const answer = (): Answer => {
      if (window.used > PER_WINDOW) return slowDown(window.untilMs - Date.now());
      if (!asker) return unauthorized;
      if (path === '/search' && !maySearch(credential)) return slowDown(1_000 / SEARCHES.perS);
      const asked = { method, path, query: searchParams, body, idempotencyKey };
      return respond(asker, asked, contactsOf(asker.account.id));
    };
    const asked = { method, path, query, idempotencyKey, account: asker?.account.id };
    const status = await rehearsal.play(response, asked, answer, {
      'x-request-id': randomUUID(),
      'x-ratelimit-remaining': String(Math.max(0, PER_WINDOW - window.used)),
      'x-ratelimit-reset': String(Math.ceil(window.untilMs / 1000)),
    });
    if (status < 400) lastToken = token;
  };
  return serve(port, handle, async (request, socket) =>
    feed.upgrade(request, socket, (await askerOf(request))?.account.id),
  );
}

const unauthorized = refusal(401, 'invalid_token', 'The access token is expired, revoked or unknown', {
  'www-authenticate': 'Bearer error="invalid_token"',
});

function slowDown(waitMs: number): Answer {
  return refusal(429, 'rate_limited', 'Slow down', { 'retry-after': String(Math.ceil(waitMs / 1000)) });
}
