import * as z from 'zod';
import type { OAuth2 } from '../providers/auth.ts';
import type { CatalogueEntry } from '../providers/provider.ts';
import type { Setup } from '../providers/setup.ts';
import { redirectUriOf } from './authorization.ts';

/** Returns a provider as lists show it. */
export function summarize({ provider, actions, syncs, webhooks }: CatalogueEntry) {
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
export function describe({ provider, actions, syncs, webhooks, setup }: CatalogueEntry, publicUrl: string) {
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
    api: {
      baseUrl: api.baseUrl,
      bases: Object.entries(api.bases ?? {}).map(([base, { url }]) => ({ id: base, url })),
      graphql: api.graphql !== undefined,
      pages: api.pagination !== undefined,
    },
    actions: Object.entries(actions).map(([action, { title, docs, scopes = [], effect, input, output, example }]) => ({
      ...{ id: action, title, docs, scopes, effect, example },
      inputSchema: z.toJSONSchema(input, { io: 'input', unrepresentable: 'any' }),
      outputSchema: z.toJSONSchema(output, { io: 'output', unrepresentable: 'any' }),
    })),
    syncs: Object.entries(syncs).map(([sync, { model, docs, scopes = [], kinds, everyS, deletions, settings }]) => ({
      ...{ id: sync, model, docs, scopes, everyS, deletions },
      ...(kinds && { kinds }),
      ...(settings && { settingsSchema: z.toJSONSchema(settings, { io: 'input' }) }),
    })),
    limits,
    ...(webhooks && setup && { webhooks: { docs: webhooks.docs, ...intake(setup, publicUrl, id) } }),
  };
}

/** The address of the owner's app, what to do there, and what the hub itself can subscribe to. */
function intake({ steps, subscriptions = {} }: Setup, publicUrl: string, id: string) {
  const url = `${publicUrl.replace(/\/+$/, '')}/webhooks/${id}`;
  return {
    url,
    instructions: steps.map((step) => step.replaceAll('{url}', url)),
    subscriptions: Object.entries(subscriptions).map(([kind, { docs, scopes, kinds, options = {} }]) => ({
      ...{ id: kind, docs, scopes, options },
      ...(kinds && { kinds }),
    })),
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
