import * as z from 'zod';
import type { OAuth2 } from '../providers/auth.ts';
import type { ProviderEntry } from '../providers/provider.ts';
import { redirectUriOf } from './authorization.ts';

/** Returns a provider as lists show it. */
export function summarize({ provider, actions, syncs, webhooks }: ProviderEntry) {
  const { id, name, docs, auth } = provider;
  return {
    ...{ id, name, docs },
    auth: auth.map(({ kind }) => kind),
    actions: Object.keys(actions),
    syncs: Object.keys(syncs),
    webhooks: webhooks !== undefined,
  };
}

/** Returns all that the owner needs in order to set a provider up and to use it: what to register there, what may be
 *  asked of it, with examples. */
export function describe({ provider, actions, syncs, webhooks }: ProviderEntry, publicUrl: string) {
  const { id, name, docs, auth, api, limits } = provider;
  return {
    ...{ id, name, docs },
    auth: auth.map((way) => ({
      kind: way.kind,
      ...(way.docs && { docs: way.docs }),
      ...(way.backendOnly && { backendOnly: true }),
      revocable: way.revoke !== undefined && way.revoke.style !== 'none',
      ...(way.kind === 'oauth2'
        ? { ...oauth(way), redirectUri: redirectUriOf(publicUrl, id) }
        : { fields: way.fields }),
    })),
    api: { baseUrl: api.baseUrl },
    actions: Object.entries(actions).map(([action, { title, docs, scopes = [], effect, input, output, example }]) => ({
      ...{ id: action, title, docs, scopes, effect, example },
      inputSchema: z.toJSONSchema(input, { io: 'input', unrepresentable: 'any' }),
      outputSchema: z.toJSONSchema(output, { io: 'output', unrepresentable: 'any' }),
    })),
    syncs: Object.entries(syncs).map(([sync, { model, docs, everyS, deletions }]) => ({
      ...{ id: sync, model, docs, everyS, deletions },
    })),
    limits,
    ...(webhooks && {
      webhooks: { docs: webhooks.docs, url: `${publicUrl.replace(/\/+$/, '')}/webhooks/${id}` },
    }),
  };
}

function oauth({ scopes, moreScopes = {}, variables, pkce }: OAuth2) {
  return {
    scopes: inWords(scopes),
    moreScopes: inWords(moreScopes),
    ...(variables && { variables }),
    pkce: pkce === 'S256' ? 'S256' : 'none',
  };
}

function inWords(scopes: Readonly<Record<string, string>>) {
  return Object.entries(scopes).map(([scope, meaning]) => ({ scope, meaning }));
}
