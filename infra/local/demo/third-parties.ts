import { createHash, createHmac, randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { html, page } from './html.ts';
import type { ProviderSettings } from './provider.ts';
import { type Answer, openRehearsal } from './rehearsal.ts';
import { bodyOf, redirect, type Served, sendJson, sendPage, serve } from './server.ts';

// What the tour needs of GitHub and Slack, played on this computer. Both play by their makers' rules as far as they go.

/** As in GitHub's own examples of webhooks, so that they find the connection. */
const codertocat = { login: 'Codertocat', id: 21031067, type: 'User' };

export interface ThirdParties {
  readonly providers: Readonly<
    Record<'github' | 'slack', ProviderSettings & { readonly webhookSecrets: readonly string[] }>
  >;
  /** Where GitHub's API listens; paths that begin with `/_` belong to the rehearsal. */
  readonly githubUrl: string;
  /** The issues that were opened. */
  readonly issues: readonly { readonly number: number; readonly title: string }[];
  stop(): Promise<void>;
}

/** Returns a small GitHub that listens, and the secrets both sign their webhooks with. */
export async function startThirdParties(): Promise<ThirdParties> {
  const app = { clientId: 'Iv1.madeup', clientSecret: randomBytes(20).toString('hex') };
  const codes = new Map<string, string>();
  const tokens = new Set<string>();
  const issues: { number: number; title: string }[] = [];
  const rehearsal = openRehearsal((status, message) => ({ status, body: { message } }));

  const github: Served = await serve(0, () => async (request, response, url) => {
    const { method = 'GET' } = request;
    const { pathname: path, search: query } = url;
    const route = `${method} ${path}`;
    const body = await bodyOf(request);
    if (path.startsWith('/_')) {
      const { status, body: said } = rehearsal.control(path, body);
      return sendJson(response, status, said);
    }
    if (route === 'GET /login/oauth/authorize') return sendPage(response, 200, authorizePage(url.searchParams));
    if (route === 'POST /login/oauth/authorize') return grant(response, new URLSearchParams(body));
    if (route === 'POST /login/oauth/access_token') return sendJson(response, 200, exchange(new URLSearchParams(body)));

    const token = /^bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? '';
    if (route === `DELETE /applications/${app.clientId}/token`) {
      tokens.delete(JSON.parse(body).access_token);
      return void response.writeHead(204).end();
    }
    await rehearsal.play(response, { method, path, query }, () => {
      if (!tokens.has(token)) return { status: 401, body: { message: 'Bad credentials' } };
      if (route === 'GET /user') return { status: 200, body: codertocat };
      if (route === 'GET /issues') return { status: 200, body: [] };
      if (method === 'POST' && /^\/repos\/[^/]+\/[^/]+\/issues$/.test(path)) return open(url, body);
      return { status: 404, body: { message: 'Not Found' } };
    });
  });

  function open({ href }: URL, body: string): Answer {
    const issue = { number: issues.length + 1, title: String(JSON.parse(body).title) };
    issues.push(issue);
    const { number } = issue;
    return { status: 201, body: { ...issue, id: 1_000 + number, state: 'open', html_url: `${href}/${number}` } };
  }

  function grant(response: ServerResponse, form: URLSearchParams) {
    const code = randomBytes(10).toString('hex');
    codes.set(code, form.get('code_challenge') ?? '');
    const back = new URL(form.get('redirect_uri') ?? '');
    back.searchParams.set('code', code);
    back.searchParams.set('state', form.get('state') ?? '');
    redirect(response, back.href);
  }

  /** GitHub answers 200 whatever happens: an error is a field. */
  function exchange(form: URLSearchParams) {
    const code = form.get('code') ?? '';
    const challenge = codes.get(code);
    codes.delete(code);
    if (form.get('client_id') !== app.clientId || form.get('client_secret') !== app.clientSecret) {
      return { error: 'incorrect_client_credentials' };
    }
    const proof = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url');
    if (challenge === undefined || (challenge !== '' && challenge !== proof)) return { error: 'bad_verification_code' };
    const token = `gho_${randomBytes(18).toString('hex')}`;
    tokens.add(token);
    return { access_token: token, token_type: 'bearer', scope: 'read:user,repo' };
  }

  const [githubSecret, slackSecret] = [randomBytes(16).toString('hex'), randomBytes(16).toString('hex')];
  return {
    providers: {
      github: {
        ...app,
        webhookSecrets: [githubSecret],
        origins: { 'https://github.com': github.url, 'https://api.github.com': github.url },
      },
      slack: { clientId: '1.2', clientSecret: 'made-up-slack-secret', webhookSecrets: [slackSecret] },
    },
    githubUrl: github.url,
    issues,
    stop: github.stop,
  };
}

function authorizePage(query: URLSearchParams): string {
  const kept = ['state', 'redirect_uri', 'code_challenge'].map(
    (name) => html`<input type="hidden" name="${name}" value="${query.get(name) ?? ''}">`,
  );
  return page(
    'Authorize Patchbay',
    'body { font: 1rem system-ui; max-width: 24rem; margin: 4rem auto }',
    html`<h1>Authorize Patchbay</h1><form method="post">${kept}<button>Authorize</button></form>`,
  );
}

/** Returns the headers GitHub sends with this body. */
export function signedAsGithub(secret: string, event: string, delivery: string, body: string): Record<string, string> {
  return {
    'content-type': 'application/json',
    'user-agent': 'GitHub-Hookshot/044aadd',
    'x-github-event': event,
    'x-github-delivery': delivery,
    'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
  };
}

/** Returns the headers Slack sends with this body at this time. */
export function signedAsSlack(secret: string, body: string, nowMs = Date.now()): Record<string, string> {
  const timestamp = String(Math.floor(nowMs / 1000));
  return {
    'content-type': 'application/json',
    'x-slack-request-timestamp': timestamp,
    'x-slack-signature': `v0=${createHmac('sha256', secret).update(`v0:${timestamp}:${body}`).digest('hex')}`,
  };
}
