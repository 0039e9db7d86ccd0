import type { Field, Placement, Template, Way } from './auth.ts';
import type { Needs } from './needs.ts';
import { type Base, type CatalogueEntry, type Provider, type ProviderEntry, wayOf } from './provider.ts';
import { fits, providerShape } from './shape.ts';

// Called by the tests and when the cloud template is made, not where the hub runs: a bundle holds what has been checked.

/** Parameters of the protocol, which no provider's further ones may replace. */
const reserved = [
  ...['response_type', 'client_id', 'redirect_uri', 'state', 'scope', 'nonce'],
  ...['code_challenge', 'code_challenge_method', 'request', 'request_uri'],
];
/** No part of a host that is somebody's to choose may take one of these (E-01). */
const strangers = [
  'evil.example',
  'evil.example/',
  '127.0.0.1',
  '169.254.169.254',
  'a@b',
  'a:80',
  'x#',
  '',
  '.',
  'xn--e',
];

/** Returns every fault of every definition, each with its provider and the name of its field; none: they can be used. */
export function checkProviders(entries: Readonly<Record<string, CatalogueEntry>>): string[] {
  return Object.entries(entries).flatMap(([id, entry]) => faultsOf(id, entry).map((fault) => `${id}: ${fault}`));
}

function faultsOf(id: string, entry: CatalogueEntry): string[] {
  const parsed = providerShape.safeParse(entry.provider);
  if (!parsed.success)
    return parsed.error.issues.map(({ path, message }) =>
      [...(path.length > 0 ? [path.join('.')] : []), message].join(': '),
    );
  const { provider, actions, syncs, setup } = entry;
  const limited = new Set([
    ...Object.keys(actions),
    ...(provider.api.graphql ? ['graphql'] : []),
    ...Object.values(syncs).map(({ limitedAs }) => limitedAs),
  ]);
  const kinds = provider.auth.map(({ kind }) => kind);
  return [
    ...(provider.id === id ? [] : [`id: is ${provider.id}`]),
    ...kinds.filter((kind, at) => kinds.indexOf(kind) !== at).map((kind) => `auth: ${kind} stands there twice`),
    ...provider.auth.flatMap((way) => wayFaults(entry, way).map((fault) => `auth.${way.kind}.${fault}`)),
    ...Object.entries(provider.api.bases ?? {}).flatMap(([name, base]) =>
      baseFaults(provider, base).map((fault) => `api.bases.${name}: ${fault}`),
    ),
    ...Object.entries(actions).flatMap(([name, { scopes = [] }]) =>
      scopes
        .filter((scope) => !offersScope(provider, scope))
        .map((scope) => `actions.${name}: there is no scope ${scope}`),
    ),
    ...Object.entries(syncs).flatMap(([name, sync]) =>
      needFaults(provider, sync).map((fault) => `syncs.${name}.${fault}`),
    ),
    ...Object.entries(setup?.subscriptions ?? {}).flatMap(([name, subscription]) =>
      needFaults(provider, subscription).map((fault) => `setup.subscriptions.${name}.${fault}`),
    ),
    ...Object.entries(actions).flatMap(([name, { version }]) =>
      version === undefined || actions[version.read]?.effect === 'read'
        ? []
        : [`actions.${name}.version: ${version.read} reads nothing`],
    ),
    ...provider.limits.flatMap(({ action, except = [] }, at) => [
      ...(action === undefined || limited.has(action) ? [] : [`limits.${at}.action: there is no ${action}`]),
      ...except.filter((name) => !limited.has(name)).map((name) => `limits.${at}.except: there is no ${name}`),
    ]),
  ];
}

function wayFaults({ provider }: ProviderEntry, way: Way): string[] {
  const { api } = provider;
  const whoami = way.whoami ?? api.whoami;
  const url = (name: string, template: Template | undefined, more: readonly string[] = []) =>
    template === undefined ? [] : urlFaults(way, template, more).map((fault) => `${name}: ${fault}`);
  return [
    ...accountFaults(way, whoami?.path),
    ...url('api.baseUrl', api.baseUrl, ['account']),
    ...url('whoami.path', whoami?.path, ['account']),
    ...(way.revoke && 'url' in way.revoke ? url('revoke.url', way.revoke.url, ['account', 'client_id']) : []),
    ...placeFaults(way),
    ...(way.kind === 'oauth2' ? oauthFaults(way, url) : fieldFaults(way)),
    ...('mint' in way ? mintFaults(way, url) : []),
  ];
}

/** An address need not be every way's: a connection that lacks a part of it is told so. */
function baseFaults({ auth }: Provider, { url, place }: Base): string[] {
  const templates = typeof url === 'string' ? [url] : Object.values(url.of);
  const parts = [...templates.flatMap(namesIn), ...(typeof url === 'string' ? [] : [url.by])];
  const ways = auth.filter((way) => parts.every((name) => name === 'account' || isKnown(way, name)));
  if (ways.length === 0) return [`no way has all of ${parts.join(', ')}`];
  return ways.flatMap((way) => {
    const choices =
      'fields' in way && typeof url !== 'string' && way.fields.find(({ name }) => name === url.by)?.choices;
    const known = [...namesKnown(way).filter((name) => !isSecret(way, name)), ...textsOf(way.place).flatMap(namesIn)];
    return [
      ...templates.flatMap((template) => urlFaults(way, template, ['account'])),
      ...(typeof url === 'string' ||
      (choices && Object.keys(choices).sort().join() === Object.keys(url.of).sort().join())
        ? []
        : [`${url.by} has other choices`]),
      ...unknown(textsOf(place), known).map((name) => `place: nothing that may go there is called {${name}}`),
    ];
  });
}

function offersScope({ auth }: Provider, scope: string): boolean {
  return auth.some((way) => way.kind === 'oauth2' && Object.hasOwn({ ...way.scopes, ...way.moreScopes }, scope));
}

/** A session must be able to ask for one of the scopes; nobody may leave open whether any is needed, where there are some. */
function needFaults(provider: Provider, { scopes, kinds }: Needs): string[] {
  const way = wayOf(provider, 'oauth2');
  const asked = way !== undefined && Object.keys({ ...way.scopes, ...way.moreScopes }).length > 0;
  const strange = (kinds ?? []).filter((kind) => !wayOf(provider, kind));
  const concerns = kinds === undefined || kinds.includes('oauth2');
  return [
    ...(asked && concerns && scopes === undefined ? ['scopes: say which, or that none is needed'] : []),
    ...(scopes?.length && !scopes.some((scope) => offersScope(provider, scope))
      ? [`scopes: there is no scope ${scopes.join(', ')}`]
      : []),
    ...strange.map((kind) => `kinds: ${provider.name} is not connected by ${kind}`),
  ];
}

function namesKnown(way: Way): string[] {
  return way.kind === 'oauth2' ? Object.keys(way.variables ?? {}) : way.fields.map(({ name }) => name);
}

const isKnown = (way: Way, name: string) => namesKnown(way).includes(name);
const isSecret = (way: Way, name: string) =>
  way.kind !== 'oauth2' && way.fields.some((field) => field.name === name && field.secret);

type CheckUrl = (name: string, template: Template | undefined) => string[];

function oauthFaults(way: Extract<Way, { kind: 'oauth2' }>, url: CheckUrl): string[] {
  const { scopes, alwaysScopes = [], moreScopes = {}, scopeSeparator, authorizeParams = {}, variables = {} } = way;
  const all = [...Object.keys(scopes), ...Object.keys(moreScopes)];
  return [
    ...url('authorizeUrl', way.authorizeUrl),
    ...url('tokenUrl', way.tokenUrl),
    ...Object.entries(variables).flatMap(([name, { default: usual, pattern }]) =>
      fits(pattern, usual) ? [] : [`variables.${name}: the default does not fit the pattern`],
    ),
    ...all.filter((scope) => scope.includes(scopeSeparator)).map((scope) => `scopes: ${scope} holds the separator`),
    ...alwaysScopes
      .filter((scope) => !Object.hasOwn(scopes, scope))
      .map((scope) => `alwaysScopes: ${scope} is not in scopes`),
    ...all.filter((scope, at) => all.indexOf(scope) !== at).map((scope) => `moreScopes: ${scope} is in scopes`),
    ...Object.keys(authorizeParams)
      .filter((name) => reserved.includes(name))
      .map((name) => `authorizeParams: ${name} is the protocol's`),
    ...refusalFaults(way),
  ];
}

function fieldFaults({ kind, fields, place }: Extract<Way, { fields: readonly Field[] }>): string[] {
  const names = fields.map(({ name }) => name);
  const own = ['account', 'accessToken', 'refreshToken', 'jwt'];
  const wanted = kind === 'basic' || kind === 'sigv4' ? kind : undefined;
  return [
    ...names.filter((name, at) => names.indexOf(name) !== at).map((name) => `fields: ${name} stands there twice`),
    ...names.filter((name) => own.includes(name) || name.includes('.')).map((name) => `fields: ${name} is taken`),
    ...(wanted && !place?.some((one) => one.in === wanted) ? [`place: no part is ${wanted}`] : []),
  ];
}

function mintFaults(way: Extract<Way, { mint: unknown }>, url: CheckUrl): string[] {
  const { kind, mint, jwt, fields, scopesIn, backendOnly } = way;
  const named = [
    ...Object.values(mint.parameters ?? {}),
    ...textsOf(mint.place),
    ...(jwt ? [jwt.issuer, jwt.key ?? '', ...Object.values(jwt.claims ?? {})] : []),
  ];
  const known = [...fields.map(({ name }) => name), 'app.clientId', 'app.clientSecret', ...(jwt ? ['jwt'] : [])];
  const ofTheOwner = (jwt && jwt.key === undefined) || named.flatMap(namesIn).some((name) => name.startsWith('app.'));
  return [
    ...(scopesIn === undefined || fields.some(({ name, secret }) => name === scopesIn && !secret)
      ? []
      : [`scopesIn: ${scopesIn} is no field, or secret`]),
    ...url('mint.url', mint.url),
    ...unknown(named, known).map((name) => `mint: nothing is called {${name}}`),
    ...((kind === 'app_jwt') === (jwt !== undefined) ? [] : ['jwt: belongs to app_jwt, and it to jwt']),
    ...(ofTheOwner && !backendOnly && !fields.some(({ secret }) => secret)
      ? ["backendOnly: is missing, or anybody's number would open an account with the owner's key"]
      : []),
    ...refusalFaults(way),
  ];
}

function refusalFaults({
  grantGone = [],
  clientWrong = [],
}: Pick<Extract<Way, { mint: unknown }>, 'grantGone' | 'clientWrong'>) {
  return grantGone.filter((code) => clientWrong.includes(code)).map((code) => `grantGone: ${code} is in clientWrong`);
}

function accountFaults(way: Way, whoami: Template | undefined): string[] {
  const { from, id } = way.account;
  const known = 'fields' in way ? way.fields : [];
  if (from === 'field') {
    const open = id.filter((name) => !known.some((field) => field.name === name && !field.secret && !field.optional));
    return open.map((name) => `account.id: ${name} is no field that is always there and no secret`);
  }
  if (from === 'whoami') return whoami === undefined ? ['account: there is no whoami'] : [];
  if (way.kind !== 'oauth2') return from === 'callback' ? ['account: only OAuth has a callback'] : [];
  if (from !== 'callback') return [];
  return whoami?.includes('{account}') ? [] : ['account: whoami must ask for {account}, which a browser brought'];
}

function placeFaults(way: Way): string[] {
  const fields = 'fields' in way ? way.fields.map(({ name }) => name) : [];
  const known = [...fields, ...('mint' in way || way.kind === 'oauth2' ? ['accessToken'] : [])];
  return unknown(textsOf(way.place), known).map((name) => `place: nothing is called {${name}}`);
}

/** A name in a URL is closed: never a secret, never free text; in the host, nothing that could be somebody else's. */
function urlFaults(way: Way, template: Template, more: readonly string[]): string[] {
  const host = template.match(/^https:\/\/([^/?]*)/)?.[1] ?? '';
  return namesIn(template).flatMap((name) => {
    if (more.includes(name)) return host.includes(`{${name}}`) ? [`{${name}} stands in the host`] : [];
    const variable = way.kind === 'oauth2' ? way.variables?.[name] : undefined;
    const field = 'fields' in way ? way.fields.find((one) => one.name === name) : undefined;
    const pattern = variable?.pattern ?? field?.pattern;
    if (field?.secret || field?.optional) return [`{${name}} is secret, or may be missing`];
    if (field?.choices) return [];
    if (pattern === undefined) return [`{${name}} is not closed by choices or a pattern`];
    const taken = host.includes(`{${name}}`) ? strangers.filter((one) => fits(pattern, one)) : [];
    return taken.map((one) => `{${name}} would take "${one}" for a host`);
  });
}

function unknown(templates: readonly Template[], known: readonly string[]): string[] {
  return templates.flatMap(namesIn).filter((name) => !known.includes(name));
}

function textsOf(place: readonly Placement[] = []): Template[] {
  return place.flatMap(({ in: _, ...parts }) => Object.values(parts).filter((part) => typeof part === 'string'));
}

function namesIn(template: Template): string[] {
  return [...template.matchAll(/\{([A-Za-z][\w.]*)\}/g)].map(([, name = '']) => name);
}
