import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Html, html, page } from './html.ts';
import { cookieOf, formOf, redirect, type Served, sendPage, serve } from './server.ts';

// A sample: the app of a company that runs a hub. Its customer Acme connects an account in four steps, marked below.

/** Where the hub is, and the key of the one tenant this sample serves. An app of yours keeps a key per customer. */
export interface HubAccess {
  readonly url: string;
  readonly tenant: string;
  readonly key: string;
}

export interface OwnerApp extends Served {
  /** To be registered with the tenant, exactly so: `PATCH /v1/tenants/{tenant} {"returnUrls": [...]}`. */
  readonly returnUrl: string;
}

interface Connection {
  readonly provider: string;
  readonly status: string;
  readonly account: { readonly id: string; readonly name?: string };
}

const users = ['ada@acme.example', 'bob@acme.example'];
const RETURN_PATH = '/integrations/connected';

/** Returns the sample app, listening. */
export async function startOwnerApp({
  hub,
  provider = 'demo',
  port = 0,
}: {
  readonly hub: HubAccess;
  readonly provider?: string;
  readonly port?: number;
}): Promise<OwnerApp> {
  const signedIn = new Map<string, string>();

  async function askHub(method: string, path: string, body?: object) {
    const response = await fetch(`${hub.url}/v1/tenants/${hub.tenant}${path}`, {
      method,
      headers: { authorization: `Bearer ${hub.key}`, 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    });
    return { ok: response.ok, body: (await response.json()) as Record<string, unknown> };
  }

  async function route(request: IncomingMessage, response: ServerResponse, url: URL, origin: string) {
    if (request.method === 'POST' && url.pathname === '/sign-in') {
      const session = randomBytes(16).toString('hex');
      signedIn.set(session, (await formOf(request)).get('user') ?? '');
      return redirect(response, '/', { 'set-cookie': `acme=${session}; HttpOnly; SameSite=Lax; Path=/` });
    }
    const user = signedIn.get(cookieOf(request, 'acme') ?? '');
    if (!user) return sendPage(response, 200, signInPage());

    // 1. The user wants to connect: ask the hub for a link, in the name of this user, and send the browser there.
    if (request.method === 'POST' && url.pathname === '/integrations') {
      const wish = { provider, endUser: user, returnUrl: origin + RETURN_PATH };
      const session = await askHub('POST', '/connect-sessions', wish);
      return session.ok ? redirect(response, String(session.body.url)) : sendPage(response, 502, failed(session.body));
    }
    // 2. The hub and the provider do their part. 3. The browser is back, with a ticket or an error.
    if (url.pathname === RETURN_PATH) {
      const session = url.searchParams.get('session');
      const ticket = url.searchParams.get('ticket');
      if (!session) return redirect(response, '/'); // by the link of a page that said what went wrong
      if (!ticket) return sendPage(response, 200, notConnected(url.searchParams.get('error') ?? 'unknown'));
      // 4. Vouch for the user of *this* browser: only if it is who began, the connection comes into being. Without
      //    this step, whoever is talked into opening a foreign link would give away an account.
      const answer = await askHub('POST', `/connect-sessions/${session}/confirm`, { ticket, endUser: user });
      return answer.ok ? redirect(response, '/') : sendPage(response, 403, failed(answer.body));
    }
    if (request.method === 'POST' && url.pathname === '/integrations/disconnect') {
      await askHub('DELETE', `/connections/${provider}`);
      return redirect(response, '/');
    }
    if (url.pathname !== '/') return sendPage(response, 404, notConnected('no such page'));
    const { body } = await askHub('GET', '/connections');
    sendPage(response, 200, homePage(user, body.items as readonly Connection[]));
  }

  const server = await serve(
    port,
    (origin) => (request: IncomingMessage, response: ServerResponse, url: URL) => route(request, response, url, origin),
  );
  return { ...server, returnUrl: server.url + RETURN_PATH };
}

const style = `
:root { color-scheme: light dark; --line: light-dark(#d5dbe1, #39424c); --mark: light-dark(#0b6b4f, #4fd1a5) }
body { margin: 0; font: 1rem/1.5 system-ui, sans-serif }
main { max-width: 40rem; margin: 0 auto; padding: 2rem 1rem }
h1 { font-size: 1.4rem }
button { font: inherit; font-weight: 600; padding: .6rem 1rem; border-radius: .5rem; border: 1px solid var(--line);
  background: transparent; color: var(--mark); cursor: pointer }
table { width: 100%; border-collapse: collapse; margin: 1rem 0 }
td, th { text-align: left; padding: .5rem 0; border-bottom: 1px solid var(--line) }`;

function acme(title: string, body: Html): string {
  return page(`${title} · Acme`, style, html`<p><strong>Acme</strong></p><h1>${title}</h1>${body}`);
}

function signInPage(): string {
  const choices = users.map((user) => html`<p><button name="user" value="${user}">${user}</button></p>`);
  return acme('Sign in', html`<form method="post" action="/sign-in">${choices}</form>`);
}

function homePage(user: string, connections: readonly Connection[]): string {
  const rows = connections.map(
    ({ provider, status, account }) =>
      html`<tr><td>${provider}</td><td>${account.name ?? account.id}</td><td>${status}</td></tr>`,
  );
  const table = html`<table><tr><th>Provider</th><th>Account</th><th>Status</th></tr>${rows}</table>
<form method="post" action="/integrations/disconnect"><button>Disconnect</button></form>`;
  const none = html`<p>Nothing is connected yet.</p><form method="post" action="/integrations"><button>Connect Demo</button></form>`;
  return acme('Integrations', html`<p>Signed in as ${user}</p>${rows.length > 0 ? table : none}`);
}

function notConnected(code: string): string {
  const reason = code === 'denied' ? 'You did not allow it.' : `It did not work (${code}).`;
  return acme('Not connected', html`<p>${reason} Nothing was connected.</p><p><a href="/">Back</a></p>`);
}

function failed(problem: Record<string, unknown>): string {
  return acme(
    'Not connected',
    html`<p>${String(problem.detail)} (${String(problem.code)})</p><p><a href="/">Back</a></p>`,
  );
}
