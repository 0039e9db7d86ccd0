import { log } from '../core/log.ts';
import { err, ok, type Result } from '../core/result.ts';
import type { ProviderApp } from '../providers/app.ts';
import { type ProviderEntry, wayOf } from '../providers/provider.ts';
import { type Connection, kindOf } from './connection.ts';
import type { Grant } from './grant.ts';
import { type Holder, type Revocation, type RevokeFailure, type RevokePorts, revokeUpstream } from './revoke.ts';
import type { ConnectionStore } from './store.ts';

export type Standing = Pick<ConnectionStore, 'forTenant' | 'findByAccount'>;

/** Whose grant it is, where that is known, and under which name it stands or was to stand. */
export type NamedHolder = Holder & Pick<Connection, 'tenantId' | 'name'>;

/** Returns whether the provider ends all that an account granted, where it ends one of its grants (its `revoke` word). */
export function endsAccount({ provider }: ProviderEntry, holder: Pick<Holder, 'kind'>): boolean {
  const revoke = wayOf(provider, kindOf(holder))?.revoke;
  return revoke !== undefined && revoke.style !== 'none' && revoke.ends === 'account';
}

/** Returns whether to end this grant would cut off a connection that stands, whoever's it is: one of the same account. Also
 *  where the account is not known: whatever it is, its next disconnection takes along what is left now. */
export async function isShared(
  store: Standing,
  entry: ProviderEntry,
  { tenantId, name, kind, account }: NamedHolder,
): Promise<boolean> {
  if (!endsAccount(entry, { kind })) return false;
  if (!account) return true;
  const { id: provider } = entry.provider;
  // The index may lag behind: each row says itself whether it stands, and the one under the same name is read in any case.
  for (const place of [{ tenantId, name }, ...(await store.findByAccount(provider, account.id))]) {
    const row = await store.forTenant(place.tenantId).get({ provider, name: place.name });
    if (row?.status === 'active' && row.account.id === account.id && kindOf(row) === kindOf({ kind })) return true;
  }
  return false;
}

/** Ends a grant at the provider, unless it is shared. */
export async function revokeUnshared(
  { store, ...ports }: RevokePorts & { readonly store: Standing },
  entry: ProviderEntry,
  app: ProviderApp,
  grant: Grant,
  holder: NamedHolder,
): Promise<Result<Revocation, RevokeFailure>> {
  try {
    if (await isShared(store, entry, holder)) return ok('shared');
  } catch (error) {
    log.bug('nobody can say whether a grant is shared', error, {
      tenant: holder.tenantId,
      provider: entry.provider.id,
    });
    return err({ cause: 'the connections cannot be read' });
  }
  return revokeUpstream(ports, entry, app, grant, holder);
}
