import type { Moment } from '../core/clock.ts';
import { refuse } from '../core/errors.ts';
import type { Send } from '../core/fetch.ts';
import { log } from '../core/log.ts';
import { err, ok, type Result } from '../core/result.ts';
import { type ProviderApp, type ReadApp, variablesOf } from '../providers/app.ts';
import type { ProviderEntry } from '../providers/provider.ts';
import type { TenantStore } from '../tenants/store.ts';
import { accountOf } from './account.ts';
import { judgeAuthorizationResponse } from './authorization-response.ts';
import { type CallbackRequest, claimState } from './claim-state.ts';
import type { Grant } from './grant.ts';
import { idTokenFault } from './id-token.ts';
import { judgeTokenAnswer, type Tokens, tokenRequest } from './oauth.ts';
import { keepPending, type Obtained } from './pending.ts';
import { abandon, type Revoke } from './release.ts';
import { returnWith } from './return-url.ts';
import { type ConnectError, type Session, type Step, sessionPlace, stepOf } from './session.ts';
import type { SessionStore } from './session-store.ts';
import type { NamedHolder } from './spare.ts';
import { idTokenIn } from './token-answer.ts';
import type { Vault } from './vault.ts';
import { oauthOf } from './ways.ts';

export interface CallbackPorts {
  readonly sessions: Pick<SessionStore, 'get' | 'consume' | 'keepGrant' | 'end'>;
  readonly vault: Pick<Vault, 'seal' | 'open'>;
  readonly readApp: ReadApp;
  readonly send: Send;
  readonly revoke: Revoke;
  readonly find: (provider: string) => ProviderEntry | undefined;
  readonly tenants: Pick<TenantStore, 'get'>;
  readonly publicUrl: string;
}

/** Why a consumed attempt came to nothing; `cause` is for the log. */
interface Failed {
  readonly error: ConnectError;
  readonly cause: string;
}

/** Returns where the browser goes: the owner's app, with a ticket or an error. Nothing is asked or written before the
 *  state is claimed. Errors: `not_found`, `invalid_state`, `wrong_browser`, `link_expired`, `link_used`. */
export async function callback(
  ports: CallbackPorts,
  request: CallbackRequest,
  moment: Moment,
): Promise<Result<{ goTo: string; done: Step }>> {
  const entry = ports.find(request.provider);
  if (!entry) return refuse('not_found', 'There is nothing at this address.');
  const app = await ports.readApp(request.provider);
  const claimed = await claimState(ports, entry, app, request, moment);
  if (!claimed.ok) return claimed;

  const session = claimed.value;
  const about = { session: session.id, tenant: session.tenantId, provider: session.provider };
  const outcome = await exchange(ports, entry, app, session, request.query, moment);
  if (outcome.ok) {
    log.info('connect session waits for its confirmation', { ...about, outcome: 'ready' });
    const goTo = returnWith(session.returnUrl, { session: session.id, ticket: outcome.value });
    return ok({ goTo, done: stepOf(session) });
  }
  const { error, cause } = outcome.error;
  await ports.sessions.end(session.id, error);
  log.info('connect session ended', { ...about, outcome: error, cause });
  return ok({ goTo: returnWith(session.returnUrl, { session: session.id, error }), done: stepOf(session, error) });
}

/** Returns the ticket. The code is sent once, whatever comes of it: a second use may end what the first one gave. */
async function exchange(
  ports: CallbackPorts,
  entry: ProviderEntry,
  app: ProviderApp,
  session: Session,
  query: URLSearchParams,
  moment: Moment,
): Promise<Result<string, Failed>> {
  const code = judgeAuthorizationResponse(entry, app, query);
  if (!code.ok) return code;
  const { attempt, claimId } = session;
  if (!attempt || claimId === undefined) throw new Error('a consumed session has its attempt');
  const place = { ...sessionPlace(session), field: 'verifier' };
  const opened =
    attempt.verifier === undefined ? undefined : await ports.vault.open(session.tenantId, place, attempt.verifier);
  if (opened && !opened.ok) return failed(opened.error.cause ?? 'the verifier does not open');

  if (!(await ports.tenants.get(session.tenantId))) return failed('the tenant is being erased');
  const { redirectUri } = attempt;
  const params = {
    grantType: 'authorization_code',
    code: code.value,
    redirectUri,
    codeVerifier: opened?.value,
  } as const;
  const answer = await ports.send(tokenRequest(entry, app, params));
  if (!answer.ok) return failed(`token: ${answer.error.reason}`);
  const tokens = await judgeTokenAnswer(entry, answer.value, moment.nowMs);
  if (!tokens.ok) return failed(`token: ${tokens.error.kind}, ${tokens.error.cause}`);

  // From here on there is a grant: it is kept, or ended upstream.
  const grant = grantOf(tokens.value);
  let holder: NamedHolder = { tenantId: session.tenantId, name: session.name };
  let ticket: string | undefined;
  try {
    const fault = idTokenFault(oauthOf(entry), app, idTokenIn(answer.value), { ...attempt, nowMs: moment.nowMs });
    if (fault !== undefined) return failed(`id token: ${fault}`);
    const obtained = await whose(ports, entry, app, { session, tokens: tokens.value, grant, query }, moment);
    if (!obtained.ok) return obtained;
    holder = { ...holder, ...obtained.value };
    ticket = await keepPending(ports, session, claimId, obtained.value, moment);
    return ticket === undefined ? failed('the session has moved on') : ok(ticket);
  } finally {
    if (ticket === undefined) await abandon(ports.revoke, { entry, app, grant, holder }, moment);
  }
}

/** Returns what the tokens are, and whose account they open. */
async function whose(
  { send }: CallbackPorts,
  entry: ProviderEntry,
  app: ProviderApp,
  { session, tokens, grant, query }: { session: Session; tokens: Tokens; grant: Grant; query: URLSearchParams },
  { nowMs }: Moment,
): Promise<Result<Obtained, Failed>> {
  const way = oauthOf(entry);
  const settings = variablesOf(way, app); // an account of the sandbox stays there, whatever the app says later
  const evidence = { values: { ...settings, ...grant }, token: tokens.raw, callback: query };
  const account = await accountOf({ entry, way, app }, evidence, send, nowMs);
  if (!account.ok) return failed(account.error.cause);
  const { expiresInS, scopes = session.scopes } = tokens;
  return ok({
    account: account.value,
    settings: way.variables && settings,
    grant,
    scopes,
    ...(expiresInS !== undefined && { expiresInS }),
  });
}

function grantOf({ accessToken, refreshToken }: Tokens): Grant {
  return { accessToken, ...(refreshToken && { refreshToken }) };
}

function failed(cause: string): { readonly ok: false; readonly error: Failed } {
  return err({ error: 'exchange_failed', cause });
}
