import { expect, test } from 'vitest';
import { catalogue } from '../../../shared/providers/catalogue.ts';
import { checkProviders } from '../../../shared/providers/check.ts';
import type { CatalogueEntry } from '../../../shared/providers/provider.ts';

/** The faults of one provider after something in it was changed. */
function faults(id: string, change: (provider: Record<string, never>) => void): string[] {
  const entry = catalogue[id] as CatalogueEntry;
  const provider = structuredClone(entry.provider) as unknown as Record<string, never>;
  change(provider);
  return checkProviders({ [id]: { ...entry, provider: provider as unknown as CatalogueEntry['provider'] } });
}

/** Sets what stands at a path of dots; nothing: takes it away. */
function set(path: string, value?: unknown) {
  return (provider: Record<string, never>) => {
    const steps = path.split('.');
    const last = steps.pop() ?? '';
    const holder = steps.reduce<Record<string, never>>((here, step) => here[step] ?? ({} as never), provider);
    if (value === undefined) delete holder[last];
    else holder[last] = value as never;
  };
}

// Bad input: "Every field of a provider definition is validated, with its name."
test.each<[string, string, unknown, string]>([
  ['github', 'id', 'gitlab', 'github: id: is gitlab'],
  ['github', 'id', 'Git Hub', 'id: lower case'],
  ['github', 'name', 'github', 'name: begins with a capital letter'],
  ['github', 'docs', 'http://docs.github.com', 'docs:'],
  ['github', 'auth', [], 'auth.0:'],
  ['github', 'api', undefined, 'api:'],
  ['github', 'colour', 'red', 'github: Unrecognized key: "colour"'],
  ['github', 'auth.0.kind', 'oauth1', 'auth.0'],
  ['github', 'auth.0.clientAuth', 'post', 'auth.0.clientAuth:'],
  ['github', 'auth.0.pkce', 'plain', 'auth.0.pkce:'],
  ['github', 'auth.0.pkce', { none: '' }, 'auth.0.pkce'],
  ['github', 'auth.0.scopeSeparator', ';', 'auth.0.scopeSeparator:'],
  ['github', 'auth.0.scopes', { 'a b': 'Read it' }, 'auth.0.scopes'],
  ['github', 'auth.0.scopes', { repo: 'read it' }, 'auth.0.scopes.repo: begins with a capital letter'],
  ['github', 'auth.0.moreScopes', { repo: 'Read it' }, 'github: auth.oauth2.moreScopes: repo is in scopes'],
  ['github', 'auth.0.alwaysScopes', ['gist'], 'github: auth.oauth2.alwaysScopes: gist is not in scopes'],
  ['slack', 'auth.0.scopes', { 'a,b': 'Read it' }, 'slack: auth.oauth2.scopes: a,b holds the separator'],
  ['github', 'auth.0.tokenUrl', 'http://github.com/token', 'auth.0.tokenUrl: an https address'],
  ['github', 'auth.0.tokenUrl', 'https://a@github.com/token', 'auth.0.tokenUrl: an https address'],
  ['github', 'auth.0.tokenUrl', 'https://github.com/token?x=1', 'auth.0.tokenUrl: an https address'],
  ['github', 'auth.0.tokenUrl', 'https://{where}.com/token', '{where} is not closed by choices or a pattern'],
  ['github', 'auth.0.authorizeParams', { state: 'x' }, 'authorizeParams: state is the protocol'],
  ['github', 'auth.0.refresh.rotates', 'daily', 'auth.0.refresh.rotates:'],
  ['github', 'auth.0.refresh.graceS', -1, 'auth.0.refresh.graceS:'],
  ['github', 'auth.0.refresh.idleS', 1.5, 'auth.0.refresh.idleS:'],
  ['github', 'auth.0.refresh.timeoutMs', 30_000, 'auth.0.refresh.timeoutMs:'],
  ['github', 'auth.0.clientWrong', ['bad_refresh_token'], 'grantGone: bad_refresh_token is in clientWrong'],
  ['github', 'auth.0.revoke', undefined, 'auth.0.revoke:'],
  ['github', 'auth.0.revoke', { style: 'none', reason: '' }, 'auth.0.revoke.reason:'],
  ['github', 'auth.0.account.id', [], 'auth.0.account.id:'],
  ['github', 'auth.0.account', { from: 'callback', id: ['x'], name: [] }, 'account: whoami must ask for {account}'],
  ['github', 'auth.1.backendOnly', undefined, 'github: auth.app_jwt.backendOnly: is missing'],
  ['github', 'auth.1.jwt', undefined, 'jwt: belongs to app_jwt'],
  ['github', 'auth.1.jwt.lifeS', 3_600, 'auth.1.jwt.lifeS:'],
  ['github', 'auth.1.fields.0.pattern', undefined, '{installationId} is not closed by choices or a pattern'],
  ['github', 'auth.1.fields.0.pattern', '(', 'auth.1.fields.0.pattern: a regular expression'],
  ['github', 'auth.1.fields.0.example', 'abc', 'auth.1.fields.0: an example that fits the pattern'],
  ['github', 'auth.1.fields.0.name', 'account', 'github: auth.app_jwt.fields: account is taken'],
  ['github', 'auth.1.mint.place.0.value', 'Bearer {key}', 'mint: nothing is called {key}'],
  ['github', 'auth.1.kind', 'oauth2', 'auth.1'],
  ['google', 'auth.1.scopesIn', 'privateKey', 'google: auth.app_jwt.scopesIn: privateKey is no field, or secret'],
  ['github', 'api.baseUrl', 'https://api.github.com/', 'api.baseUrl: no slash at the end'],
  ['github', 'api.baseUrl', 'https://{account}.github.com', '{account} stands in the host'],
  ['github', 'api.whoami', undefined, 'account: there is no whoami'],
  ['github', 'api.headers', { Accept: 'x' }, 'api.headers'],
  ['github', 'api.headers', { accept: 'x\r\ny: z' }, 'api.headers.accept:'],
  ['github', 'limits.0.requests', 0, 'limits.0.requests:'],
  ['github', 'limits.0.action', 'issues.destroy', 'github: limits.0.action: there is no issues.destroy'],
  ['quickbooks', 'auth.0.variables.apiHost.default', 'intuit.com', 'variables.apiHost: the default does not fit'],
  ['quickbooks', 'auth.0.variables.apiHost.pattern', '[a-z.]+', 'would take "evil.example" for a host'],
  ['quickbooks', 'api.whoami.path', '/companyinfo', 'account: whoami must ask for {account}'],
  ['posthog', 'api.bases.ingestion.url', 'https://{zone}.i.posthog.com', 'api.bases.ingestion: no way has all of zone'],
  ['posthog', 'api.bases.ingestion.url', 'http://i.posthog.com', 'api.bases.ingestion.url'],
  [
    'posthog',
    'api.bases.ingestion.place',
    [{ in: 'path', value: '{apiKey2}' }],
    'api.bases.ingestion: place: nothing that',
  ],
  ['posthog', 'api.bases', { 'a b': { url: 'https://i.posthog.com' } }, 'api.bases.a b: '],
  [
    'mixpanel',
    'api.bases.imports.url.of',
    { 'mixpanel.com': 'https://api.mixpanel.com' },
    'imports: host has other choices',
  ],
  ['mixpanel', 'api.bases.imports.place', [{ in: 'path', value: '{secret}{x}' }], 'may go there is called {x}'],
  ['zapier', 'auth.1.fields.0.pattern', undefined, 'api.bases.hooks: {accountNumber} is not closed'],
  ['zapier', 'auth.1.untested', '', 'auth.1.untested:'],
  ['s3', 'auth.0.fields.0.pattern', '.*', 'would take "169.254.169.254" for a host'],
  ['s3', 'auth.0.fields.2.optional', true, '{bucket} is secret, or may be missing'],
  ['s3', 'auth.0.place.0.region', '{zone}', 's3: auth.sigv4.place: nothing is called {zone}'],
  ['mixpanel', 'auth.0.place', [{ in: 'header', name: 'authorization', value: '{secret}' }], 'place: no part is basic'],
  ['mixpanel', 'auth.0.account.id', ['secret'], 'account.id: secret is no field that is always there and no secret'],
  ['stripe', 'auth.1.fields.0.choices', { a: 'A' }, 'auth.1.fields.0: a pattern or choices, not both'],
  ['stripe', 'auth.1.fields.0.help', '', 'auth.1.fields.0.help:'],
])('%s: %s = %j is named', (id, path, value, expected) => {
  const found = faults(id, set(path, value));
  expect(found.join('\n')).toContain(expected);
  for (const fault of found) expect(fault).toMatch(new RegExp(`^${id}: [\\w.]+:? `));
});

test('what a sync or a subscription wants has to be there, and nobody may leave it open (a scope, a way)', () => {
  const found = (id: string, what: 'syncs' | 'setup', needs: unknown) => {
    const entry = structuredClone({ ...catalogue[id], actions: {}, syncs: {} }) as unknown as CatalogueEntry;
    const { limits: _, ...rest } = entry.provider;
    const whole = { ...entry, provider: { ...rest, limits: [] } };
    return checkProviders({
      [id]: { ...whole, [what]: what === 'syncs' ? { things: needs } : { subscriptions: { things: needs } } } as never,
    });
  };
  expect(found('hubspot', 'syncs', {})).toEqual(['hubspot: syncs.things.scopes: say which, or that none is needed']);
  expect(found('hubspot', 'syncs', { scopes: [] })).toEqual([]);
  expect(found('hubspot', 'syncs', { kinds: ['api_key'] })).toEqual([]);
  expect(found('notion', 'syncs', {})).toEqual([]); // has no scopes
  expect(found('hubspot', 'syncs', { scopes: ['crm.all'] })).toEqual([
    'hubspot: syncs.things.scopes: there is no scope crm.all',
  ]);
  expect(found('hubspot', 'setup', { scopes: ['oauth'], kinds: ['sigv4'] })).toEqual([
    'hubspot: setup.subscriptions.things.kinds: HubSpot is not connected by sigv4',
  ]);
});

test('a kind that stands there twice is named', () => {
  const { provider, ...rest } = catalogue.stripe as CatalogueEntry;
  const [, key] = provider.auth;
  const twice = { ...rest, provider: { ...provider, auth: [...provider.auth, key] } } as unknown as CatalogueEntry;
  expect(checkProviders({ stripe: twice })).toEqual(['stripe: auth: api_key stands there twice']);
});

test('all faults of all providers are told in one run', () => {
  const broken = ['github', 'slack'].map((id) => {
    const entry = catalogue[id] as CatalogueEntry;
    return [id, { ...entry, provider: { ...entry.provider, name: '', docs: 'x', api: {} } }];
  });
  const found = checkProviders(Object.fromEntries(broken) as Record<string, CatalogueEntry>);
  for (const id of ['github', 'slack']) {
    for (const field of ['name', 'docs', 'api.baseUrl', 'api.errors']) {
      expect(found.some((fault) => fault.startsWith(`${id}: ${field}: `))).toBe(true);
    }
  }
});
