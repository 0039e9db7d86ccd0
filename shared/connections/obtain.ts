import type { Send } from '../core/fetch.ts';
import { err, ok, type Result } from '../core/result.ts';
import type { Fixed, Minted } from '../providers/auth.ts';
import { accountOf, type Candidate, type TestFailure } from './account.ts';
import type { Entered } from './fields.ts';
import { mintRequest } from './mint.ts';
import { judgeTokenAnswer } from './oauth.ts';
import type { Obtained } from './pending.ts';
import { isMinted } from './ways.ts';

/** Returns a credential from what was entered, known to work: minted where it has to be, and tried once. */
export async function obtain(
  candidate: Candidate & { readonly way: Fixed | Minted },
  { settings, secrets }: Entered,
  send: Send,
  nowMs: number,
): Promise<Result<Obtained, TestFailure>> {
  const { entry, way, app } = candidate;
  const entered = { ...settings, ...secrets };
  if (!isMinted(way)) {
    const account = await accountOf(candidate, { values: entered }, send, nowMs);
    return account.ok ? ok({ kind: way.kind, settings, grant: secrets, account: account.value, scopes: [] }) : account;
  }
  const answer = await send(await mintRequest(way, app, entered, nowMs));
  if (!answer.ok) return err({ kind: 'unavailable', cause: `token: ${answer.error.reason}` });
  const tokens = await judgeTokenAnswer(entry, answer.value, nowMs, way);
  if (!tokens.ok) {
    const kind = { grant_gone: 'refused', unavailable: 'unavailable', client_wrong: 'odd', odd: 'odd' } as const;
    return err({ kind: kind[tokens.error.kind], cause: `token: ${tokens.error.kind}, ${tokens.error.cause}` });
  }
  const { accessToken, expiresInS, scopes = askedFor(way, settings), raw } = tokens.value;
  const account = await accountOf(candidate, { values: { ...entered, accessToken }, token: raw }, send, nowMs);
  if (!account.ok) return account;
  return ok({
    ...{ kind: way.kind, settings, grant: { ...secrets, accessToken }, account: account.value, scopes },
    ...(expiresInS !== undefined && { expiresInS }),
  });
}

function askedFor({ scopes = {}, scopesIn }: Minted, settings: Entered['settings']): readonly string[] {
  return scopesIn === undefined ? Object.keys(scopes) : (settings[scopesIn]?.split(' ').filter(Boolean) ?? []);
}
