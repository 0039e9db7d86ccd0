import { createPublicKey, type KeyObject, randomBytes, verify } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { type Account, accounts, scopeWords } from './oauth-pages.ts';
import { type Answer, refusal } from './rehearsal.ts';

// The demo provider's ways in beside its OAuth: keys, passwords, clients and installations of an app, all made up.

export interface Asker {
  readonly account: Account;
  readonly scopes: ReadonlySet<string>;
}

interface Made extends Account {
  readonly apiKey: string;
  readonly clientId: string;
  readonly installation: string;
}

const PASSWORD = 'made-up-password';
const CLIENT_SECRET = 'made-up-client-secret';
const all = new Set(Object.keys(scopeWords));
const made: readonly Made[] = accounts.map((account, index) => {
  const short = account.id.replace('acc_', '');
  return { ...account, apiKey: `demo-key-${short}`, clientId: `client-${short}`, installation: String(1_001 + index) };
});

/** Returns who comes with a key or a password, and the endpoints that give tokens of `accessTokenS` for the rest. */
export function openKeys(appId: string, privateKey: string, accessTokenS: number) {
  const publicKey = createPublicKey(privateKey);
  const tokens = new Map<string, { readonly account: Account; readonly untilMs: number }>();

  function give(account: Account | undefined, error: string): Answer {
    if (!account) return { status: 400, body: { error } };
    const token = randomBytes(18).toString('base64url');
    tokens.set(token, { account, untilMs: Date.now() + accessTokenS * 1_000 });
    return { status: 200, body: { access_token: token, token_type: 'bearer', expires_in: accessTokenS } };
  }

  function install(installation: string, headers: IncomingHttpHeaders): Answer {
    if (!isSigned(bearerOf(headers), appId, publicKey)) return refusal(401, 'bad_jwt', 'The JWT is not the app’s');
    const account = made.find((each) => each.installation === installation);
    if (!account) return refusal(404, 'not_found', 'No such installation');
    const { access_token: token } = give(account, '').body as { access_token: string };
    return { status: 201, body: { token, expires_at: new Date(Date.now() + accessTokenS * 1_000).toISOString() } };
  }

  return {
    /** Returns whose request it is; nothing for what is not known (any more). */
    inspect(headers: IncomingHttpHeaders): Asker | undefined {
      const minted = tokens.get(bearerOf(headers));
      const [user, password] = basicOf(headers);
      const account =
        made.find(({ apiKey }) => apiKey === headers['x-api-key']) ??
        (password === PASSWORD ? made.find(({ email }) => email === user) : undefined) ??
        (minted && Date.now() < minted.untilMs ? minted.account : undefined);
      return account && { account, scopes: all };
    },

    /** Returns the answer of a token endpoint; nothing where the path is none. */
    answer(path: string, body: string, headers: IncomingHttpHeaders): Answer | undefined {
      const [, installation] = /^\/installations\/(\d+)\/tokens$/.exec(path) ?? [];
      if (installation) return install(installation, headers);
      if (path !== '/tokens') return undefined;
      const form = new URLSearchParams(body);
      if (form.get('grant_type') === 'password') {
        const known = form.get('password') === PASSWORD;
        return give(known ? made.find(({ email }) => email === form.get('username')) : undefined, 'invalid_grant');
      }
      const [client, secret] = basicOf(headers);
      return give(
        secret === CLIENT_SECRET ? made.find(({ clientId }) => clientId === client) : undefined,
        'invalid_client',
      );
    },

    expireAccessTokens: () => tokens.clear(),
  };
}

export type Keys = ReturnType<typeof openKeys>;

function bearerOf({ authorization = '' }: IncomingHttpHeaders): string {
  return /^bearer (.+)$/i.exec(authorization)?.[1] ?? '';
}

function basicOf({ authorization = '' }: IncomingHttpHeaders): string[] {
  const pair = Buffer.from(/^basic (.+)$/i.exec(authorization)?.[1] ?? '', 'base64').toString('utf8');
  const colon = pair.indexOf(':');
  return [pair.slice(0, colon), pair.slice(colon + 1)];
}

/** RS256 by the app's key, for it, and not over (RFC 7519 §4.1). */
function isSigned(jwt: string, appId: string, publicKey: KeyObject): boolean {
  const [head = '', claims = '', signature = ''] = jwt.split('.');
  if (!verify('sha256', Buffer.from(`${head}.${claims}`), publicKey, Buffer.from(signature, 'base64url'))) return false;
  const { iss, exp } = JSON.parse(Buffer.from(claims, 'base64url').toString('utf8'));
  return iss === appId && exp * 1_000 > Date.now() && exp * 1_000 < Date.now() + 600_000;
}
