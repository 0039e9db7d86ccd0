import { describe, expect, test } from 'vitest';
import { nameOf } from '../../../shared/connections/credential-form.ts';
import { judgeTokenAnswer, tokenRequest } from '../../../shared/connections/oauth.ts';
import { isConfigured, isProvable, oauthOf, openWays } from '../../../shared/connections/ways.ts';
import { Secret } from '../../../shared/core/secret.ts';
import { catalogue } from '../../../shared/providers/catalogue.ts';
import { checkProviders } from '../../../shared/providers/check.ts';
import { type ProviderEntry, wayOf } from '../../../shared/providers/provider.ts';

// What every provider's `auth` must be, whoever adds it. A skip would need a reason; there is none.

const entries = Object.entries(catalogue);
const oauth = entries.filter(([, { provider }]) => wayOf(provider, 'oauth2'));
const app = { clientId: 'client', clientSecret: 'secret' };

/** The registrable domains that a provider's traffic may go to: a typing error here would send tokens to strangers. */
const domains: Readonly<Record<string, readonly string[]>> = {
  demo: ['demo.invalid'],
  discord: ['discord.com'],
  github: ['github.com'],
  google: ['google.com', 'googleapis.com'],
  hubspot: ['hubspot.com', 'hubapi.com'],
  microsoft: ['microsoftonline.com', 'microsoft.com'],
  mixpanel: ['mixpanel.com'],
  mycarrierpackets: ['mycarrierpackets.com'],
  notion: ['notion.com'],
  posthog: ['posthog.com'],
  quickbooks: ['intuit.com'],
  resend: ['resend.com'],
  s3: ['amazonaws.com', 'cloudflarestorage.com'],
  sendgrid: ['sendgrid.com'],
  slack: ['slack.com'],
  stripe: ['stripe.com'],
  twilio: ['twilio.com'],
  zapier: ['zapier.com'],
};

test('every field of every definition is valid', () => {
  expect(checkProviders(catalogue)).toEqual([]);
});

test('providers without PKCE are few, and each says why (A-02)', () => {
  const without = oauth.flatMap(([id, entry]) => {
    const { pkce } = oauthOf(entry);
    return typeof pkce === 'string' ? [] : [[id, pkce.none]];
  });
  expect(Object.fromEntries(without)).toEqual({
    hubspot: 'HubSpot documents PKCE for its MCP apps alone',
    notion: 'Notion documents no PKCE for its REST API',
    quickbooks: 'Intuit documents no PKCE',
    slack: 'switching PKCE on makes a Slack app a public client, which loses its secret',
    stripe: 'Stripe Connect has no PKCE',
    zapier: 'Zapier switches PKCE off for partner apps',
  });
});

test('what is known of providers without their confirmation is marked so', () => {
  const unmarked = entries.filter(
    ([, { provider }]) =>
      !provider.auth.some((way) => way.unconfirmed ?? (way.kind === 'oauth2' && way.refresh.unconfirmed)),
  );
  expect(unmarked.map(([id]) => id)).toEqual(['demo']);
});

test('a way that the owner’s own key opens by a number alone is for the owner’s backend, never for a form', () => {
  const hidden = entries.flatMap(([id, { provider }]) =>
    provider.auth.filter(({ backendOnly }) => backendOnly).map(({ kind }) => `${id} ${kind}`),
  );
  expect(hidden).toEqual(['demo app_jwt', 'github app_jwt', 'microsoft client_credentials']);
  const full = { ...app, privateKey: '-----BEGIN PRIVATE KEY-----' };
  expect(openWays((catalogue.github as ProviderEntry).provider, full).map(({ kind }) => kind)).toEqual(['oauth2']);
});

test('every provider says itself whose a token is that the backend brings: nobody’s word is taken for it (D-13)', () => {
  expect(oauth.filter(([, entry]) => !isProvable(entry.provider, oauthOf(entry))).map(([id]) => id)).toEqual([]);
});

describe.each(entries)('%s', (id, { provider }) => {
  test('no two of its ways have the same name on the pages', () => {
    const names = provider.auth.map(nameOf);
    expect(new Set(names).size, names.join(', ')).toBe(names.length);
  });

  test('is called like its folder, and has a page on authorization', () => {
    expect(provider.id).toBe(id);
    expect(URL.parse(provider.docs)?.protocol).toBe('https:');
  });

  test('talks to its own domains alone, by https (E-01)', () => {
    const texts: string[] = [];
    JSON.stringify([provider.auth, provider.api], (key, value) => {
      if (typeof value === 'string' && key !== 'docs' && /^\w+:\/\//.test(value)) texts.push(value);
      return value;
    });
    expect(texts.length).toBeGreaterThan(0);
    for (const text of texts) {
      const filled = [...waysOfFilling(text, provider)];
      for (const host of filled) {
        expect(text).toMatch(/^https:/);
        expect(domains[id]?.filter((domain) => host === domain || host.endsWith(`.${domain}`))).toHaveLength(1);
      }
    }
  });
});

describe.each(oauth)('%s, by OAuth', (_id, entry) => {
  const auth = oauthOf(entry);

  test('asks by the code grant alone (A-01)', () => {
    const code = { grantType: 'authorization_code', code: new Secret('c'), redirectUri: 'https://h/cb' } as const;
    const refresh = { grantType: 'refresh_token', refreshToken: new Secret('r') } as const;
    const grants = [code, refresh].map((params) => {
      const { body } = tokenRequest(entry, app, params);
      const text = String(body);
      return auth.tokenBody === 'json' ? JSON.parse(text).grant_type : new URLSearchParams(text).get('grant_type');
    });
    expect(grants).toEqual(['authorization_code', 'refresh_token']);
  });

  test('says each scope in words', () => {
    for (const words of Object.values({ ...auth.scopes, ...auth.moreScopes })) {
      expect(words).toMatch(/^\p{Lu}[^.]{4,}$/u);
    }
  });

  test('has a way to end a grant, or a reason why not (A-18)', () => {
    if (auth.revoke.style === 'none') expect(auth.revoke.reason).toMatch(/.{20}/);
    else expect(auth.revoke.url).toMatch(/^https:/);
  });

  test('sends the client’s secret to the token endpoint alone, in one place, within 20 s', () => {
    const request = tokenRequest(entry, app, { grantType: 'refresh_token', refreshToken: new Secret('r') });
    expect(request).toMatchObject({ method: 'POST', timeoutMs: 20_000 });
    expect(request.url).toMatch(/^https:[^{}?]+$/);
    const inForm = String(request.body).includes('client_secret=secret');
    const expected = { none: [false, false], body: [true, false], basic: [false, true] };
    expect([inForm, request.headers.authorization !== undefined]).toEqual(expected[auth.clientAuth]);
    expect(isConfigured(auth, app)).toBe(true);
    expect(isConfigured(auth, { clientId: 'client' })).toBe(auth.clientAuth === 'none');
    expect(isConfigured(auth, {})).toBe(false);
  });

  const codes = [
    ...(auth.grantGone ?? []).map((code) => [code, 'grant_gone']),
    ...(auth.clientWrong ?? []).map((code) => [code, 'client_wrong']),
  ];
  test.each([...codes, ['invalid_grant', 'grant_gone'], ['invalid_client', 'client_wrong'], ['anything_else', 'odd']])(
    'tells what the refusal %s does: %s (A-17)',
    async (error, kind) => {
      const status = auth.tokenErrors === 'status' ? 400 : 200;
      const body = Buffer.from(JSON.stringify({ ok: false, error }));
      const answer = { status, headers: { 'content-type': 'application/json' }, body };
      expect(await judgeTokenAnswer(entry, answer, 0)).toMatchObject({ ok: false, error: { kind, cause: error } });
    },
  );
});

/** Every host that an address may have: with each choice, and with the examples and defaults of what a pattern closes. */
function* waysOfFilling(template: string, { auth }: ProviderEntry['provider']): Generator<string> {
  const values = auth.flatMap((way): Record<string, string>[] => {
    const fields = way.kind === 'oauth2' ? [] : way.fields;
    const fixed = Object.fromEntries(fields.map(({ name, example = 'x' }) => [name, example]));
    const variables = way.kind === 'oauth2' ? Object.entries(way.variables ?? {}) : [];
    const usual = Object.fromEntries(variables.map(([name, one]) => [name, one.default]));
    const choices = fields.flatMap(({ name, choices }) =>
      Object.keys(choices ?? {}).map((choice) => [name, choice] as const),
    );
    const all = { ...fixed, ...usual };
    return choices.length > 0 ? choices.map(([name, choice]) => ({ ...all, [name]: choice })) : [all];
  });
  for (const value of values) {
    yield new URL(template.replaceAll(/\{([\w.]+)\}/g, (_, name: string) => value[name] ?? 'x')).hostname;
  }
}
