import type { Send } from '../core/fetch.ts';
import { parseJson, textAt } from '../core/json.ts';
import { err, ok, type Result } from '../core/result.ts';
import { Secret } from '../core/secret.ts';
import { type ProviderApp, placed, variablesOf } from '../providers/app.ts';
import type { AccountPlace, JsonPath, Way } from '../providers/auth.ts';
import { failedIn200, saidIn } from '../providers/error-shape.ts';
import type { ErrorShape, ProviderEntry } from '../providers/provider.ts';
import { authorise, placeOf } from './authorise.ts';
import { fillUrl, type Values } from './template.ts';
import { claimsOf } from './token-answer.ts';
import { isMinted, testOf } from './ways.ts';

export interface Account {
  readonly id: string;
  readonly name?: string;
}

const WHOAMI_TIMEOUT_MS = 5_000;
const WHOAMI_MAX_BYTES = 256 * 1024;

/** What is there to tell whose account it is. */
export interface Evidence {
  /** Fields and secrets, as templates name them. */
  readonly values: Values;
  /** The token endpoint's answer. */
  readonly token?: unknown;
  /** The parameters that came with the code. */
  readonly callback?: URLSearchParams;
  /** What it said of itself, where it has been asked already. */
  readonly whoami?: unknown;
}

export interface Candidate {
  readonly entry: ProviderEntry;
  readonly way: Way;
  readonly app: ProviderApp;
}

/** What a test call may come to: the provider does not take the credential, or could not be asked, or said nothing of use. */
export interface TestFailure {
  readonly kind: 'refused' | 'unavailable' | 'odd';
  /** A few words of ours; never the provider's text. */
  readonly cause: string;
}

/** Returns whose account a new credential is for: as its grant says, or by asking with it. Where it is entered by hand it is
 *  tried in any case, once. */
export async function accountOf(
  candidate: Candidate,
  evidence: Evidence,
  send: Send,
  nowMs: number,
): Promise<Result<Account, TestFailure>> {
  const { account, kind } = candidate.way;
  if (account.from === 'callback') return proven(candidate, evidence, send, nowMs);
  if (kind === 'oauth2' && account.from !== 'whoami') return read(account, spoken(account, evidence));
  // What the end user entered may be a part of every address.
  const entered = account.from === 'whoami' ? undefined : read(account, spoken(account, evidence));
  if (entered && !entered.ok) return entered;
  const values = { ...evidence.values, ...(entered && { account: entered.value.id }) };
  const said = 'whoami' in evidence ? ok(evidence.whoami) : await whoami(candidate, values, send, nowMs);
  if (!said.ok) return said;
  return entered ?? read(account, said.value);
}

/** Returns whose a token is that was granted elsewhere and comes without its grant, once the provider takes it. `claimed`
 *  counts where nothing but the grant had told (`isProvable`), and is asked for where the callback had. */
export async function accountOfToken(
  candidate: Candidate,
  values: Values,
  claimed: Account | undefined,
  send: Send,
  nowMs: number,
): Promise<Result<Account | undefined, TestFailure>> {
  const { entry, way } = candidate;
  const { from, id } = way.account;
  if (from === 'callback') {
    const callback = new URLSearchParams(id.map((name): [string, string] => [name, claimed?.id ?? '']));
    return accountOf(candidate, { values, callback }, send, nowMs);
  }
  const said = await whoami(candidate, { ...values, account: claimed?.id }, send, nowMs);
  if (!said.ok) return said;
  if (from !== 'token') return accountOf(candidate, { values, whoami: said.value }, send, nowMs);
  const told = testOf(entry.provider, way)?.account;
  return told ? read({ id: told, name: [] }, said.value) : ok(claimed);
}

/** A browser brought the id, and could have brought another: the provider says whether the credential is for it. */
async function proven(
  candidate: Candidate,
  evidence: Evidence,
  send: Send,
  nowMs: number,
): Promise<Result<Account, TestFailure>> {
  const { account } = candidate.way;
  const brought = read({ ...account, name: [] }, Object.fromEntries(evidence.callback ?? []));
  if (!brought.ok) return brought;
  const { id } = brought.value;
  if (!/^[A-Za-z0-9_-]{1,100}$/.test(id)) return err({ kind: 'odd', cause: 'the callback names no account' });
  const said = await whoami(candidate, { ...evidence.values, account: id }, send, nowMs);
  return said.ok ? ok(withName(id, textOf(account.name, said.value))) : said;
}

/** Returns what a provider says of the holder of a credential, once it is known to take it. A way without a request to ask
 *  with, whose token was minted just now, has been tried by that. */
export async function whoami(
  { entry, way, app }: Candidate,
  known: Values,
  send: Send,
  nowMs: number,
): Promise<Result<unknown, TestFailure>> {
  const values = { ...(way.kind === 'oauth2' && variablesOf(way, app)), ...known };
  const { api } = entry.provider;
  const test = testOf(entry.provider, way);
  if (!test)
    return isMinted(way) || way.untested !== undefined
      ? ok(undefined)
      : err({ kind: 'odd', cause: 'the provider has no whoami request' });
  const path = fillUrl(test.path, values);
  const request = {
    method: test.method,
    url: placed(/^https:/.test(path) ? path : fillUrl(api.baseUrl, values) + path, app),
    headers: { accept: 'application/json', ...api.headers },
    timeoutMs: WHOAMI_TIMEOUT_MS,
    maxBytes: WHOAMI_MAX_BYTES,
  };
  const answer = await send(await authorise(request, placeOf(way), values, nowMs));
  if (!answer.ok) return err({ kind: 'unavailable', cause: `whoami: ${answer.error.reason}` });
  const { status, body } = answer.value;
  const json = parseJson(body.toString('utf8'));
  const cause = `whoami: status ${status}`;
  if (status === 429 || status >= 500) return err({ kind: 'unavailable', cause });
  if (status === 401 || status === 403) return err({ kind: 'refused', cause });
  if (failedIn200(api.errors, json)) return err({ kind: isRefusal(api.errors, json) ? 'refused' : 'odd', cause });
  return status >= 200 && status < 300 ? ok(json) : err({ kind: 'odd', cause });
}

/** Where a provider's codes for it are known, another one says something else (Slack: `fatal_error`). */
function isRefusal({ unauthorizedCodes, ...errors }: ErrorShape, json: unknown): boolean {
  return unauthorizedCodes === undefined || unauthorizedCodes.includes(saidIn(errors, 'code', json) ?? '');
}

function spoken({ from }: AccountPlace, { token, callback, values }: Evidence): unknown {
  if (from === 'token') return token;
  if (from === 'claims')
    return claimsOf(values.accessToken instanceof Secret ? values.accessToken.reveal() : undefined);
  return from === 'callback' ? Object.fromEntries(callback ?? []) : values;
}

function read(
  places: { readonly id: readonly JsonPath[]; readonly name: readonly JsonPath[] },
  json: unknown,
): Result<Account, TestFailure> {
  const id = textOf(places.id, json);
  if (id === undefined || id.length > 500 || /^\.{1,2}$/.test(id))
    return err({ kind: 'odd', cause: 'the answer names no account' });
  return ok(withName(id, textOf(places.name, json)));
}

function withName(id: string, name: string | undefined): Account {
  return { id, ...(name !== undefined && { name: name.slice(0, 200) }) };
}

/** Returns the first of these that is present. */
function textOf(paths: readonly JsonPath[], json: unknown): string | undefined {
  return paths.map((path) => textAt(json, path)).find((text) => text !== undefined);
}
