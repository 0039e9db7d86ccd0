import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { noMocks, openAttempts } from '../../../shared/calls/attempt.ts';
import type { LiveCredential } from '../../../shared/connections/credential.ts';
import { obtain } from '../../../shared/connections/obtain.ts';
import { realMoment } from '../../../shared/core/clock.ts';
import { openNetwork } from '../../../shared/core/fetch.ts';
import { TenantId } from '../../../shared/core/ids.ts';
import { log } from '../../../shared/core/log.ts';
import { ok } from '../../../shared/core/result.ts';
import { Secret } from '../../../shared/core/secret.ts';
import type { Fixed, Placement } from '../../../shared/providers/auth.ts';
import { catalogue } from '../../../shared/providers/catalogue.ts';
import type { ProviderEntry } from '../../../shared/providers/provider.ts';
import { captureOutput } from '../../support/output.ts';

// A credential in a query or a body goes to the provider's own host, and into no error and no line of the log (E-05, E-40).

const KEY = 'canary+key/in=query';
const spellings = [KEY, encodeURIComponent(KEY), Buffer.from(KEY).toString('base64'), 'canary'];

let entry: ProviderEntry;
vi.mock(import('../../../shared/providers/definitions.ts'), async (original) => ({
  ...(await original()),
  findProvider: () => entry,
}));

type Fault = (response: ServerResponse) => unknown;
let fault: Fault;
const seen: string[] = [];
const wanderers: string[] = [];
const provider = createServer(async (request, response) => {
  let body = '';
  for await (const chunk of request) body += chunk;
  seen.push(`${request.url} ${body}`);
  fault(response);
});
const elsewhere = createServer((request, response) => {
  wanderers.push(String(request.url));
  response.end();
});
const urlOf = (server: typeof provider) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
beforeAll(async () => {
  for (const server of [provider, elsewhere]) await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
});
afterAll(() => {
  for (const server of [provider, elsewhere]) {
    server.closeAllConnections();
    server.close();
  }
});
beforeEach(() => {
  seen.length = 0;
  wanderers.length = 0;
});

const faults: Readonly<Record<string, Fault>> = {
  'a refusal': (response) => response.writeHead(401).end('{"error":{"code":"bad_key"}}'),
  'a refusal that cannot be mended': (response) => response.writeHead(400).end('{"error":{"code":"no"}}'),
  'a breakdown': (response) => response.writeHead(500).end('<h1>Sorry</h1>'),
  'a redirect': (response) => response.writeHead(307, { location: `${urlOf(elsewhere)}/${KEY}` }).end(),
  'an end without an answer': (response) => response.destroy(),
  'an answer that breaks off': (response) => {
    response.writeHead(200, { 'content-length': '10' }).write('{');
    setTimeout(() => response.destroy(), 5);
  },
  'an answer that is not what it says': (response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end('x'),
  'an answer without an account': (response) => response.end('{}'),
};

const places = {
  query: { in: 'query', name: 'api_key', value: '{apiKey}' },
  body: { in: 'body', name: 'api_key', value: '{apiKey}' },
} as const satisfies Record<string, Placement>;

function placed(place: Placement): { way: Fixed; app: { origins: Record<string, string> } } {
  const demo = catalogue.demo as ProviderEntry;
  const way: Fixed = {
    kind: 'api_key',
    fields: [{ name: 'apiKey', label: 'API key', help: '', secret: true }],
    place: [place],
    account: { from: 'whoami', id: ['id'], name: [] },
    whoami: { method: place.in === 'body' ? 'POST' : 'GET', path: '/me' },
  };
  entry = { ...demo, provider: { ...demo.provider, auth: [way] } };
  return { way, app: { origins: { 'https://api.demo.invalid': urlOf(provider) } } };
}

describe.each(Object.entries(places))('in the %s', (_where, place) => {
  test.each(Object.entries(faults))('%s says nothing of it (E-05)', async (_says, one) => {
    fault = one;
    const output = captureOutput();
    const { way, app } = placed(place);
    const send = openNetwork({ loopback: true });
    const secrets = { apiKey: new Secret(KEY) };
    const tried = await obtain({ entry, way, app }, { settings: {}, secrets }, send, realMoment.nowMs);
    if (!tried.ok)
      log.info('an entered credential was not kept', { outcome: tried.error.kind, cause: tried.error.cause });

    const connection = { kind: 'api_key', mode: 'live', account: { id: 'a' } };
    const live = { secrets, generation: 1, connection } as unknown as LiveCredential;
    const limits = { take: async () => ({ waitMs: 0 }), block: async () => {}, note: async () => {} };
    const attempts = openAttempts({
      ...{ mocks: noMocks, credentials: { live: async () => ok(live) }, send, stage: 'local' },
      limits: limits as unknown as Parameters<typeof openAttempts>[0]['limits'],
      readApp: async () => app,
    });
    const request = { method: place.in === 'body' ? 'POST' : 'GET', path: '/things', json: {} } as const;
    const asked = { ...request, json: place.in === 'body' ? {} : undefined };
    const job = { tenantId: TenantId.parse('acme'), id: { provider: 'demo', name: 'default' }, request: asked };
    const outcome = await attempts.attempt(
      { ...job, effect: 'write', timeoutMs: 2_000, lane: 'interactive' },
      realMoment,
    );
    output.restore();

    expect(seen.length).toBeGreaterThan(1); // by both
    for (const line of seen) expect(decodeURIComponent(line)).toContain(KEY);
    expect(wanderers).toEqual([]);
    const told = JSON.stringify([tried, outcome, output.lines()]);
    for (const spelling of spellings) expect(told).not.toContain(spelling);
  });
});
