import type { Moment } from '../core/clock.ts';
import { refuse } from '../core/errors.ts';
import { type HubEvent, hubEvent } from '../core/event.ts';
import type { Send } from '../core/fetch.ts';
import type { ConnectionId, TenantId } from '../core/ids.ts';
import { log } from '../core/log.ts';
import { ok, type Result } from '../core/result.ts';
import { Secret } from '../core/secret.ts';
import { type ReadApp, variablesOf } from '../providers/app.ts';
import { type ProviderEntry, wayOf } from '../providers/provider.ts';
import type { TenantStore } from '../tenants/store.ts';
import { accountOfToken, type Candidate, type TestFailure } from './account.ts';
import { type Connection, type ConnectionView, grantedTo, toView } from './connection.ts';
import type { GivenCredential } from './contract.ts';
import { type EstablishPorts, establish } from './establish.ts';
import { checkFields, fieldsOf } from './fields.ts';
import { obtain } from './obtain.ts';
import type { Obtained } from './pending.ts';
import { isConfigured, isProvable } from './ways.ts';

export interface CreatePorts extends EstablishPorts {
  readonly tenants: Pick<TenantStore, 'get'>;
  readonly readApp: ReadApp;
  readonly send: Send;
  readonly find: (provider: string) => ProviderEntry | undefined;
  readonly publish: (events: readonly HubEvent[]) => Promise<void>;
  /** Whether this stage has connections that answer from examples while their provider is down. */
  readonly allowsHybrid: boolean;
}

export interface Wanted extends ConnectionId {
  readonly mode: Connection['mode'];
  /** None for a mock. */
  readonly credential?: GivenCredential;
}

/** What a mock is connected with. */
const mock: Obtained = { account: { id: 'mock', name: 'Mock' }, scopes: [], grant: {} };

/** Returns a connection made of a credential that the owner's backend has; it is tried once, and nothing is kept of what the
 *  provider does not take. The same account again renews the connection. Errors: `not_found` (tenant), `invalid_request`,
 *  `forbidden`, `not_configured`, `account_mismatch`, `conflict`, `provider_unavailable`, `provider_error`, `unavailable`. */
export async function create(
  ports: CreatePorts,
  { tenantId, isOperator }: { readonly tenantId: TenantId; readonly isOperator: boolean },
  { provider, name, mode, credential }: Wanted,
  moment: Moment,
): Promise<Result<ConnectionView>> {
  if (!(await ports.tenants.get(tenantId))) return refuse('not_found', 'There is no such tenant.');
  const entry = ports.find(provider);
  if (!entry) return refuse('invalid_request', 'body.provider: not a provider of this hub');
  if (mode === 'hybrid' && !ports.allowsHybrid) {
    return refuse('invalid_request', 'body.mode: this stage has no hybrid connections');
  }
  const obtained = credential ? await tried(ports, entry, isOperator, credential, moment.nowMs) : ok(mock);
  if (!obtained.ok) return obtained;
  const { grant, ...about } = obtained.value;
  const id = { provider, name };
  const foundation = { ...about, tenantId, id, mode, grantedAtMs: moment.nowMs, grant: async () => ok(grant) };
  const written = await establish(ports, foundation, moment);
  if (!written.ok) return written;
  const { account, scopes, createdAtMs, updatedAtMs } = written.value;
  const reconnected = createdAtMs < updatedAtMs;
  const data = { account: account.id, kind: grantedTo(written.value).kind, scopes: [...scopes], reconnected };
  await ports.publish([hubEvent('connection.activated', { tenant: tenantId, connection: id }, data, moment)]);
  log.info('a connection was made without a session', { tenant: tenantId, provider, connection: name });
  return ok(toView(written.value));
}

/** Returns what a given credential comes to, once the provider has taken it. */
async function tried(
  { readApp, send }: CreatePorts,
  entry: ProviderEntry,
  isOperator: boolean,
  credential: GivenCredential,
  nowMs: number,
): Promise<Result<Obtained>> {
  const { provider } = entry;
  const way = wayOf(provider, credential.kind);
  if (!way) {
    const kinds = provider.auth.map(({ kind }) => kind).join(', ');
    return refuse('invalid_request', `body.credential.kind: ${provider.name} is connected by ${kinds}`);
  }
  if (!isProvable(provider, way) && !isOperator) {
    return refuse(
      'forbidden',
      `Only the operator key may connect by ${way.kind}: whose account it is cannot be proven here.`,
    );
  }
  const app = await readApp(provider.id);
  if (!isConfigured(way, app)) {
    return refuse('not_configured', `The hub's provider secret lacks what ${provider.name} takes for ${way.kind}.`);
  }
  return attempt({ entry, way, app }, credential, send, nowMs);
}

async function attempt(
  { entry, way, app }: Candidate,
  given: GivenCredential,
  send: Send,
  nowMs: number,
): Promise<Result<Obtained>> {
  if (given.kind === 'oauth2' || way.kind === 'oauth2') {
    return given.kind === 'oauth2' ? adopt({ entry, way, app }, given, send, nowMs) : unfit({});
  }
  const { kind: _, ...fields } = given;
  const known = fieldsOf(way).map(({ name }) => name);
  const strange = Object.keys(fields).filter((name) => !known.includes(name));
  if (strange.length > 0) return unfit({ kind: `${way.kind} has these fields: ${known.join(', ') || 'none'}` });
  const entered = checkFields(way, (name) => fields[name]);
  if (!entered.ok) return unfit(entered.error);
  const obtained = await obtain({ entry, way, app }, entered.value, send, nowMs);
  return obtained.ok ? obtained : refusal(entry, obtained.error);
}

/** A token that was granted elsewhere: whose it is says the provider; where only its grant had told, the operator. */
async function adopt(
  candidate: Candidate,
  given: Extract<GivenCredential, { kind: 'oauth2' }>,
  send: Send,
  nowMs: number,
): Promise<Result<Obtained>> {
  const { entry, way, app } = candidate;
  const { name: provider } = entry.provider;
  const settings = way.kind === 'oauth2' && way.variables ? variablesOf(way, app) : undefined;
  const accessToken = new Secret(given.accessToken);
  const { account: claimed } = given;
  if (!claimed && (way.account.from === 'callback' || !isProvable(entry.provider, way))) {
    return unfit({ account: `${provider} does not tell from a token whose it is: say so, {"id": …}` });
  }
  const account = await accountOfToken(candidate, { ...settings, accessToken }, claimed, send, nowMs);
  if (!account.ok) return refusal(entry, account.error);
  if (!account.value) return unfit({});
  const { id, name = claimed?.name } = account.value;
  if (claimed && claimed.id !== id) return unfit({ account: `${provider} says that the token is another account's` });
  const lifeMs = given.expiresAt === undefined ? undefined : Date.parse(given.expiresAt) - nowMs;
  if (lifeMs !== undefined && lifeMs <= 0) return unfit({ expiresAt: 'is over already' });
  return ok({
    kind: 'oauth2',
    grant: { accessToken, ...(given.refreshToken !== undefined && { refreshToken: new Secret(given.refreshToken) }) },
    account: { id, ...(name !== undefined && { name }) },
    settings,
    scopes: given.scopes ?? [],
    ...(lifeMs !== undefined && { expiresInS: Math.ceil(lifeMs / 1000) }),
  });
}

function unfit(faults: Readonly<Record<string, string>>) {
  const said = Object.entries(faults).map(([name, fault]) => `body.credential.${name}: ${fault}`);
  return refuse('invalid_request', said.join('; ') || 'body.credential: does not fit its kind');
}

function refusal({ provider }: ProviderEntry, { kind, cause }: TestFailure) {
  switch (kind) {
    case 'refused':
      return refuse('invalid_request', `body.credential: ${provider.name} does not accept it; nothing was kept`, {
        cause,
      });
    case 'unavailable':
      return refuse('provider_unavailable', `${provider.name} cannot be asked at present; nothing was kept.`, {
        retryAfterMs: 10_000,
        cause,
      });
    case 'odd':
      return refuse('provider_error', `${provider.name} answered in a way that is not understood; nothing was kept.`, {
        cause,
      });
  }
}
