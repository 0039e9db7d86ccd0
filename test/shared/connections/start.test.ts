import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { contextOf } from '../../../shared/connections/authorization.ts';
import {
  cookieName,
  formToken,
  hashed,
  newSecret,
  readHandle,
  writeHandle,
} from '../../../shared/connections/handle.ts';
import type { Attempt, Session } from '../../../shared/connections/session.ts';
import { type StartPorts, start } from '../../../shared/connections/start.ts';
import { oauthOf } from '../../../shared/connections/ways.ts';
import { realMoment } from '../../../shared/core/clock.ts';
import { newId, TenantId } from '../../../shared/core/ids.ts';
import { err } from '../../../shared/core/result.ts';
import type { Secret } from '../../../shared/core/secret.ts';
import { catalogue } from '../../../shared/providers/catalogue.ts';

const HUB = 'https://hub.example.com';
const app = { clientId: 'client-1', clientSecret: 'secret' };

/** One flow up to the redirect, without a table. */
async function flow(provider: string) {
  const id = newId('cs', realMoment);
  const link = newSecret(realMoment);
  const cookie = newSecret(realMoment);
  const session: Session = {
    ...{ id, tenantId: TenantId.parse('acme'), tenantName: 'Acme', provider, name: 'default', endUser: 'ada' },
    ...{
      returnUrl: 'https://app.example.com/x',
      scopes: ['a', 'b'],
      status: 'created',
      linkHash: hashed('link', link),
    },
    ...{ createdAtMs: realMoment.nowMs, linkExpiresAtMs: realMoment.nowMs + 1_000 },
  };
  const kept: { verifier?: string; attempt?: Attempt } = {};
  const ports: StartPorts = {
    sessions: {
      get: async () => session,
      start: async (_id, { attempt }) => {
        kept.attempt = attempt;
        return { done: true, session: { ...session, status: 'started', attempt } };
      },
      startTry: async () => ({ done: false }),
      end: async () => ({ done: false }),
      consume: async () => ({ done: false }),
      keepGrant: async () => ({ done: false }),
    },
    vault: {
      seal: async (_tenant, _place, secret: Secret) => {
        kept.verifier = secret.reveal();
        return 'sealed';
      },
    },
    tenants: {
      get: async (tenantId) => ({
        ...{ tenantId, name: 'Acme', returnUrls: [session.returnUrl], status: 'active' },
        ...{ createdAtMs: 1, updatedAtMs: 1 },
      }),
    },
    readApp: async () => app,
    find: (name) => catalogue[name],
    publicUrl: `${HUB}/`,
    send: async () => err({ reason: 'network', sent: false, cause: 'nothing is sent' }),
    revoke: async () => err({ cause: 'nothing is sent' }),
  };
  const went = await start(
    ports,
    {
      link: writeHandle({ sessionId: id, secret: link }),
      cookie: (name) => (name === cookieName(id) ? cookie : undefined),
      form: new URLSearchParams({ csrf: formToken(cookie, id), action: 'continue', way: 'oauth2' }),
      origin: HUB,
      fetchSite: 'same-origin',
    },
    realMoment,
  );
  if (!went.ok || !('goTo' in went.value)) throw new Error('the browser is not sent on');
  return { ...kept, asked: new URL(went.value.goTo).searchParams };
}

test('10,000 flows: verifiers and states are fresh, 256 bits, S256 and never plain (A-02, A-04)', async () => {
  const flows = await Promise.all(Array.from({ length: 10_000 }, () => flow('github')));
  for (const { verifier = '', attempt, asked } of flows) {
    expect(verifier).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(asked.get('code_challenge')).toBe(createHash('sha256').update(verifier).digest('base64url'));
    expect(asked.get('code_challenge_method')).toBe('S256');
    expect(asked.get('response_type')).toBe('code');
    const state = readHandle(asked.get('state') ?? '');
    expect(attempt?.stateHash).toBe(hashed('state', state?.secret ?? ''));
    expect(JSON.stringify(attempt)).not.toContain(state?.secret);
  }
  for (const secret of [flows.map(({ verifier }) => verifier), flows.map(({ asked }) => asked.get('state'))]) {
    expect(new Set(secret).size).toBe(flows.length);
  }
});

test('50,000 secrets: no two alike, every character as often as the others (A-04)', () => {
  const secrets = Array.from({ length: 50_000 }, () => newSecret(realMoment));
  expect(new Set(secrets).size).toBe(secrets.length);
  const counts = new Map<string, number>();
  for (const secret of secrets) {
    for (const character of secret.slice(0, 42)) counts.set(character, (counts.get(character) ?? 0) + 1);
  }
  const expected = (secrets.length * 42) / 64;
  const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  expect(counts.size).toBe(64);
  expect(chiSquare).toBeLessThan(150); // 63 degrees of freedom: more once in a hundred million runs
});

const withOAuth = Object.keys(catalogue).filter((id) =>
  catalogue[id]?.provider.auth.some(({ kind }) => kind === 'oauth2'),
);

test('each provider has one redirect URI, an https one without a fragment (A-08, A-09)', async () => {
  const uris = await Promise.all(withOAuth.map(async (id) => (await flow(id)).asked.get('redirect_uri')));
  expect(uris).toEqual(withOAuth.map((id) => `${HUB}/oauth/${id}/callback`));
});

test('a secret hashed for one purpose is no other’s (A-24)', () => {
  const hashes = (['link', 'state', 'ticket', 'browser'] as const).map((purpose) => hashed(purpose, 'x'));
  expect(new Set(hashes).size).toBe(4);
});

test('the context changes with every element of it (A-37)', () => {
  const { github, slack } = catalogue;
  if (!github || !slack) throw new Error('the catalogue lacks a provider');
  const session = { tenantId: TenantId.parse('acme'), provider: 'github', name: 'default' };
  const otherAuth = {
    ...github,
    provider: { ...github.provider, auth: [{ ...oauthOf(github), tokenUrl: 'https://x/y' }] as const },
  };
  const contexts = [
    contextOf(session, github, app),
    contextOf({ ...session, tenantId: TenantId.parse('globex') }, github, app),
    contextOf({ ...session, provider: 'slack' }, github, app),
    contextOf({ ...session, name: 'sales' }, github, app),
    contextOf(session, slack, app),
    contextOf(session, otherAuth, app),
    contextOf(session, github, { ...app, clientId: 'client-2' }),
    contextOf(session, github, { ...app, origins: { 'https://github.com': 'http://127.0.0.1:1' } }),
  ];
  expect(new Set(contexts).size).toBe(contexts.length);
  expect(contextOf(session, github, { ...app, clientSecret: 'rotated' })).toBe(contexts[0]); // a new secret is the same app
});
