import * as z from 'zod';
import type { ProviderEntry } from '../providers/provider.ts';
import { redirectUriOf } from './authorization.ts';

/** Returns a provider as lists show it. */
export function summarize({ provider, actions, syncs, webhooks }: ProviderEntry) {
  const { id, name, docs, auth } = provider;
  return {
    ...{ id, name, docs },
    auth: { kind: auth.kind, scopes: Object.keys(auth.scopes) },
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
    auth: {
      kind: auth.kind,
      scopes: Object.entries(auth.scopes).map(([scope, meaning]) => ({ scope, meaning })),
      pkce: auth.pkce === 'S256' ? 'S256' : 'none',
      revocable: auth.revoke.style !== 'none',
      redirectUri: redirectUriOf(publicUrl, id),
    },
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
