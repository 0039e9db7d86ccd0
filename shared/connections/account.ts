import type { OutboundRequest, Send } from '../core/fetch.ts';
import { at, parseJson, textAt } from '../core/json.ts';
import { err, ok, type Result } from '../core/result.ts';
import { type ProviderApp, placed } from '../providers/app.ts';
import type { JsonPath, ProviderEntry } from '../providers/provider.ts';
import type { Tokens } from './oauth.ts';

export interface Account {
  readonly id: string;
  readonly name?: string;
}

const WHOAMI_TIMEOUT_MS = 5_000;
const WHOAMI_MAX_BYTES = 256 * 1024;

/** Returns whose account the new tokens are for, from their answer or by asking with them; else a short reason. */
export async function accountOf(
  entry: ProviderEntry,
  app: ProviderApp,
  tokens: Tokens,
  send: Send,
): Promise<Result<Account, string>> {
  const { account } = entry.provider.auth;
  if (account.from === 'token') return read(account, tokens.raw);
  const request = whoamiRequest(entry, app, tokens);
  if (!request) return err('the provider has no whoami request');
  const answer = await send(request);
  if (!answer.ok) return err(`whoami: ${answer.error.reason}`);
  const json = parseJson(answer.value.body.toString('utf8'));
  const { failureIn200 } = entry.provider.api.errors;
  if (answer.value.status !== 200 || (failureIn200 && at(json, failureIn200.field) === failureIn200.equals)) {
    return err(`whoami: status ${answer.value.status}`);
  }
  return read(account, json);
}

function whoamiRequest({ provider }: ProviderEntry, app: ProviderApp, tokens: Tokens): OutboundRequest | undefined {
  const { baseUrl, headers, whoami } = provider.api;
  return (
    whoami && {
      method: whoami.method,
      url: placed(baseUrl + whoami.path, app),
      headers: {
        accept: 'application/json',
        ...headers,
        authorization: `Bearer ${tokens.accessToken.reveal()}`,
      },
      timeoutMs: WHOAMI_TIMEOUT_MS,
      maxBytes: WHOAMI_MAX_BYTES,
    }
  );
}

function read(
  places: { readonly id: readonly JsonPath[]; readonly name: readonly JsonPath[] },
  json: unknown,
): Result<Account, string> {
  const first = (paths: readonly JsonPath[]) =>
    paths.map((path) => textAt(json, path)).find((text) => text !== undefined);
  const id = first(places.id);
  const name = first(places.name);
  if (id === undefined || id.length > 500) return err('the answer names no account');
  return ok({ id, ...(name !== undefined && { name: name.slice(0, 200) }) });
}
