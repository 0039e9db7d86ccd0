import { createHash } from 'node:crypto';
import { type CallbackPorts, callback } from '../../shared/connections/callback.ts';
import { type ConfirmPorts, confirm } from '../../shared/connections/confirm.ts';
import { type CreateSessionPorts, createSession } from '../../shared/connections/create-session.ts';
import { openLink } from '../../shared/connections/open-link.ts';
import { sessionStore } from '../../shared/connections/session-store.ts';
import { revokeUnshared } from '../../shared/connections/spare.ts';
import { type StartPorts, start } from '../../shared/connections/start.ts';
import { connectionStore } from '../../shared/connections/store.ts';
import { sweep } from '../../shared/connections/sweep.ts';
import type { Table } from '../../shared/core/aws.ts';
import { outcomes, refuse } from '../../shared/core/errors.ts';
import type { InboundResponse, OutboundRequest } from '../../shared/core/fetch.ts';
import { TenantId } from '../../shared/core/ids.ts';
import { ok, type Result } from '../../shared/core/result.ts';
import { Secret } from '../../shared/core/secret.ts';
import { offeredProviders } from '../../shared/providers/definitions.ts';
import { memoryTable } from '../support/memory-table.ts';
import { testMoment } from '../support/moment.ts';

// The connect protocol's use cases, tables in memory, before two providers without a network: `demo` is honest, `github` is
// whatever the script makes of it. No handler and no real vault, so that thousands of flows fit into seconds.

export const HUB = 'https://hub.example.com';
export const RETURN_URL = 'https://app.example.com/connected';
export const ISSUER = 'https://login.demo.invalid';
export const CLIENT_SECRET = 'secret-of-the-client-at-demo';

interface Reply {
  readonly status: number;
  readonly location: string;
}

export type ConnectLab = ReturnType<typeof connectLab>;
export type LabBrowser = ReturnType<ConnectLab['browser']>;

/** Returns a new world; `through` stands between the use cases and the sessions' table. */
export function connectLab({ through = (table: Table): Table => table, checksPkce = true } = {}) {
  const moment = testMoment();
  const sessions = memoryTable();
  const connections = memoryTable();
  const provider = honestProvider(moment.token, checksPkce);
  /** Everything that reached the other provider. */
  const sink: OutboundRequest[] = [];

  const offered = offeredProviders('local').filter(({ provider: { id } }) => id === 'demo' || id === 'github');
  const find = (id: string) => offered.find((entry) => entry.provider.id === id);
  const readApp = async (id: string) => ({
    clientId: `client-at-${id}`,
    clientSecret: `secret-of-the-client-at-${id}`,
  });
  const vault = {
    seal: async (tenant: TenantId, place: object, secret: Secret) =>
      JSON.stringify([tenant, JSON.stringify(place), secret.reveal()]),
    open: async (tenant: TenantId, place: object, sealed: string) => {
      const [owner, where, text] = JSON.parse(sealed);
      const fits = owner === tenant && where === JSON.stringify(place);
      return fits ? ok(new Secret(text)) : refuse('not_found', 'another place');
    },
  };
  async function send(request: OutboundRequest): Promise<Result<InboundResponse, never>> {
    const { status, json } = request.url.includes('.demo.invalid') ? provider.answer(request) : taken(request);
    const headers = { 'content-type': 'application/json' };
    return ok({ status, headers, body: Buffer.from(JSON.stringify(json)) });
  }
  function taken(request: OutboundRequest) {
    sink.push(request);
    const tokens = { access_token: `evil-${sink.length}`, token_type: 'bearer', scope: 'repo' };
    return { status: 200, json: request.method === 'POST' ? tokens : { id: 'evil', login: 'evil' } };
  }
  const store = connectionStore(connections);
  const common = { sessions: sessionStore(through(sessions)), vault, readApp, find, publicUrl: HUB, send };
  const ports = {
    ...common,
    store,
    publish: async () => {},
    revoke: (...given: Parameters<CallbackPorts['revoke']>) => revokeUnshared({ send, moment, store }, ...given),
    offered,
    tenants: {
      get: async (tenantId: TenantId) => ({
        ...{ tenantId, name: `${tenantId} Ltd`, returnUrls: [RETURN_URL], status: 'active' as const },
        ...{ createdAtMs: 1, updatedAtMs: 1 },
      }),
    },
  } satisfies CallbackPorts & ConfirmPorts & StartPorts & CreateSessionPorts;

  return {
    ...{ moment, provider, sink, issuer: ISSUER, connections, sessions },
    setNow(nowMs: number) {
      moment.nowMs = nowMs;
    },
    /** As new, but for the clock. */
    reset() {
      for (const { rows } of [sessions, connections]) rows.clear();
      provider.reset();
      sink.length = 0;
    },

    async session(wish: { provider?: string; name?: string; endUser?: string } = {}, tenant = 'acme') {
      const body = { provider: 'demo', name: 'default', endUser: 'ada@acme.example', returnUrl: RETURN_URL, ...wish };
      const made = await createSession(ports, TenantId.parse(tenant), body, moment);
      if (!made.ok) throw new Error(made.error.message);
      return { id: made.value.id, link: made.value.url.slice(`${HUB}/connect/`.length) };
    },

    async confirm(session: string, claim: { ticket: string; endUser: string }, tenant = 'acme') {
      return {
        status: statusOf(await confirm(ports, { tenantId: TenantId.parse(tenant), session, ...claim }, moment)),
      };
    },

    sweep: () => sweep(ports, moment, () => 1e6),

    /** A browser with its own cookies. */
    browser() {
      const jar = new Map<string, string>();
      const cookie = (name: string) => jar.get(name);
      const seen = new Map<string, string>();
      return {
        jar,
        async open(link: string): Promise<Reply> {
          const opened = await openLink(ports, link, cookie, moment);
          if (!opened.ok) return { status: statusOf(opened), location: '' };
          const [name = '', value = ''] = (opened.value.cookie.split(';')[0] ?? '').split('=');
          jar.set(name, value);
          seen.set(link, opened.value.csrf);
          return { status: 200, location: '' };
        },
        async submit(link: string, _page: unknown, action = 'continue'): Promise<Reply> {
          const form = new URLSearchParams({ csrf: seen.get(link) ?? '', action });
          return went(await start(ports, { link, form, cookie, origin: 'null', fetchSite: 'same-origin' }, moment));
        },
        /** Opens the link and goes on; returns where to, nowhere where it is refused. */
        async begin(link: string): Promise<string> {
          await this.open(link);
          return (await this.submit(link, undefined)).location;
        },
        async back(query: string, providerId = 'demo'): Promise<Reply> {
          const request = { provider: providerId, query: new URLSearchParams(query), cookie };
          return went(await callback(ports, request, moment));
        },
      };
    },
  };
}

function statusOf(result: Result<unknown, { readonly code: keyof typeof outcomes }>): number {
  return result.ok ? 200 : outcomes[result.error.code].status;
}

function went(result: Result<object, { readonly code: keyof typeof outcomes }>): Reply {
  if (!result.ok) return { status: statusOf(result), location: '' };
  const { goTo } = result.value as { readonly goTo?: string };
  return goTo === undefined ? { status: 200, location: '' } : { status: 303, location: goTo };
}

interface Issued {
  readonly account: string;
  readonly challenge: string | null;
  readonly redirectUri: string | null;
  used: boolean;
}

/** An authorization server by the book: one client, one redirect URI, codes once. */
function honestProvider(token: () => string, checksPkce: boolean) {
  const codes = new Map<string, Issued>();
  const accounts = new Map<string, string>();
  const alive = new Set<string>();
  let exchanges = 0;

  function exchange(form: URLSearchParams, authorization: string | undefined) {
    exchanges += 1;
    const basic = Buffer.from(`client-at-demo:${CLIENT_SECRET}`).toString('base64');
    const issued = codes.get(form.get('code') ?? '');
    const verifier = form.get('code_verifier');
    const proven =
      createHash('sha256')
        .update(verifier ?? '')
        .digest('base64url') === issued?.challenge;
    if (!issued || issued.used || authorization !== `Basic ${basic}`)
      return { status: 400, json: { error: 'invalid_grant' } };
    if (form.get('redirect_uri') !== issued.redirectUri || (checksPkce && !proven)) {
      return { status: 400, json: { error: 'invalid_grant' } };
    }
    issued.used = true;
    const access = `at-${token()}`;
    accounts.set(access, issued.account);
    alive.add(access);
    const json = {
      access_token: access,
      token_type: 'Bearer',
      refresh_token: `rt-${access.slice(3)}`,
      expires_in: 3600,
    };
    return { status: 200, json };
  }

  return {
    codes,
    alive,
    exchanges: () => exchanges,
    reset() {
      exchanges = 0;
      for (const kept of [codes, accounts, alive]) kept.clear();
    },
    /** Returns the query of the way back once `account`'s owner agrees; nothing where the request is not the client's own. */
    agree(authorizeUrl: string, account: string, issuer = ISSUER): string {
      const asked = URL.parse(authorizeUrl)?.searchParams;
      const redirectUri = asked?.get('redirect_uri') ?? null;
      if (asked?.get('client_id') !== 'client-at-demo' || redirectUri !== `${HUB}/oauth/demo/callback`) return '';
      const code = `code-${token()}`;
      codes.set(code, { account, redirectUri, challenge: asked.get('code_challenge'), used: false });
      return new URLSearchParams({ code, state: asked.get('state') ?? '', iss: issuer }).toString();
    },
    answer({ url, body, headers }: OutboundRequest) {
      const form = new URLSearchParams(String(body ?? ''));
      if (url.endsWith('/token')) return exchange(form, headers.authorization);
      const bearer = headers.authorization?.replace(/^Bearer /, '') ?? '';
      if (url.endsWith('/me')) {
        const account = alive.has(bearer) ? accounts.get(bearer) : undefined;
        return account ? { status: 200, json: { id: account, name: account } } : { status: 401, json: {} };
      }
      alive.delete((form.get('token') ?? '').replace(/^rt-/, 'at-'));
      return { status: 200, json: {} };
    },
  };
}
