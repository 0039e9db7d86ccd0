import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

/** One request that reached the stand-in provider. */
export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface Answer {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body: string | Buffer;
}

type Answering = (response: ServerResponse) => void;

interface IssuedCode {
  readonly redirectUri: string;
  readonly challenge?: string;
  readonly account: string;
  used: boolean;
}

export type StandIn = Awaited<ReturnType<typeof startProvider>>;

/** Returns a provider on this computer that gives codes and tokens by the standard: codes once, PKCE checked. */
export async function startProvider() {
  const seen: Seen[] = [];
  const codes = new Map<string, IssuedCode>();
  const accounts = new Map<string, string>();
  const alive = new Set<string>();
  /** Path → what is answered instead of the usual; a function answers by itself. */
  const faults = new Map<string, (request: Seen) => Answer | 'hang up' | 'never' | Answering | undefined>();

  function answer(request: Seen): Answer {
    if (request.path.endsWith('/token') || request.path.endsWith('/access_token') || request.path.endsWith('.access')) {
      return token(new URLSearchParams(request.body), request.path);
    }
    if (request.path === '/api/me' || request.path === '/github-api/user') return whoami(request);
    alive.delete(revoked(request));
    return json(200, { ok: true });
  }

  function token(form: URLSearchParams, path: string): Answer {
    const code = codes.get(form.get('code') ?? '');
    const verifier = form.get('code_verifier');
    const challenge = verifier === null ? undefined : createHash('sha256').update(verifier).digest('base64url');
    const fits = code && !code.used && code.redirectUri === form.get('redirect_uri') && code.challenge === challenge;
    if (!fits) return json(400, { ok: false, error: 'invalid_grant' });
    code.used = true;
    const access = `at-${randomBytes(16).toString('hex')}`;
    accounts.set(access, code.account);
    alive.add(access);
    const team = { ok: true, token_type: 'bot', team: { id: code.account, name: `Team ${code.account}` } };
    return json(200, {
      ...(path.endsWith('.access') ? team : { token_type: 'Bearer' }),
      access_token: access,
      refresh_token: `rt-${access.slice(3)}`,
      expires_in: 3600,
    });
  }

  function whoami({ headers }: Seen): Answer {
    const access = headers.authorization?.replace(/^Bearer /, '') ?? '';
    const account = accounts.get(access);
    if (account === undefined || !alive.has(access)) return json(401, { message: 'Bad credentials' });
    return json(200, { id: account, name: `Name of ${account}`, login: `login-${account}` });
  }

  const server = createServer(async (incoming, outgoing) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const { method = '', url = '', headers } = incoming;
    const request: Seen = { method, path: url, headers, body: Buffer.concat(chunks).toString() };
    seen.push(request);
    const chosen = faults.get(url)?.(request) ?? answer(request);
    if (typeof chosen === 'function') chosen(outgoing);
    else if (chosen === 'hang up') outgoing.destroy();
    else if (chosen !== 'never') send(outgoing, chosen);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || !address) throw new Error('the provider has no port');
  const url = `http://127.0.0.1:${address.port}`;

  return {
    url,
    seen,
    faults,
    /** Access tokens that were given and not revoked. */
    alive,
    /** The provider's side of an authorization request: the end user agrees; returns the query of the way back. */
    agree(authorizeUrl: string, account = 'account-1', issuer?: string): string {
      const asked = new URL(authorizeUrl).searchParams;
      const code = randomBytes(12).toString('hex');
      codes.set(code, {
        redirectUri: asked.get('redirect_uri') ?? '',
        challenge: asked.get('code_challenge') ?? undefined,
        account,
        used: false,
      });
      return new URLSearchParams({
        code,
        state: asked.get('state') ?? '',
        ...(issuer && { iss: issuer }),
      }).toString();
    },
    /** Requests to the token endpoints so far. */
    exchanges: () => seen.filter(({ body }) => body.includes('grant_type=authorization_code')).length,
    reset() {
      seen.length = 0;
      faults.clear();
    },
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function revoked({ headers, body }: Seen): string {
  const text = new URLSearchParams(body).get('token') ?? headers.authorization ?? '';
  const inJson = /"access_token":"([^"]+)"/.exec(body)?.[1];
  return inJson ?? text.replace(/^Bearer /, '').replace(/^rt-/, 'at-');
}

function json(status: number, value: unknown): Answer {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) };
}

function send(outgoing: ServerResponse, { status = 200, headers = {}, body }: Answer): void {
  outgoing.writeHead(status, headers);
  outgoing.end(body);
}
