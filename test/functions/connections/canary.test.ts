import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { openTable } from '../../../shared/core/aws.ts';
import { type ConnectWorld, context, startConnectWorld, ticketOf } from '../../support/connect-world.ts';
import { captureOutput } from '../../support/output.ts';
import { readEvent } from '../../support/samples.ts';

// Secrets that can be told from everything else go the whole way of a connection; then every place is looked through.

let world: ConnectWorld;
let output: ReturnType<typeof captureOutput>;
beforeAll(async () => {
  vi.stubEnv('POWERTOOLS_LOG_LEVEL', 'DEBUG');
  vi.stubEnv('POWERTOOLS_METRICS_DISABLED', 'false');
  vi.stubEnv('TOKEN_EXPORT', 'on');
  world = await startConnectWorld();
  output = captureOutput();
});
afterAll(async () => {
  output.restore();
  await world.stop();
});
afterEach(() => vi.useRealTimers());

/** With characters that look different once they are encoded. */
const canary = (name: string) => `canary/${name}+${'x'.repeat(20)}=?&~`;

/** Each spelling in which a secret may turn up: as it is, and as base64 from whichever of three bytes it begins at. */
function spellings(secret: string): string[] {
  const bytes = Buffer.from(secret);
  const inBase64 = [0, 1, 2].flatMap((shift) => {
    const text = Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64');
    const whole = text.slice(shift === 0 ? 0 : 4, -4); // what does not depend on its neighbours
    return [whole, whole.replaceAll('+', '-').replaceAll('/', '_')];
  });
  const plain = [secret, encodeURIComponent(secret), new URLSearchParams({ s: secret }).toString().slice(2)];
  return [...plain, JSON.stringify(secret).slice(1, -1), bytes.toString('hex'), ...inBase64];
}

test('no secret of a connection is in any table, event, log line or metric, in any spelling (A-24, A-55, B-15, G8)', async () => {
  const found: string[] = [];
  const secrets: Record<string, string> = { 'client secret': 'secret-of-the-client' };
  const lookAround = async (where: string, ...besides: string[]) => {
    const tables = [
      'sessions',
      'connections',
      'tenant-keys',
      'tenants',
      'activity',
      'calls',
      'syncs',
      'inbox',
    ] as const;
    const dumps = await Promise.all(
      tables
        .filter((name): name is Exclude<typeof name, 'activity'> => name in world.dynamo.tables)
        .map(async (name) => [name, await openTable(world.dynamo.tables[name]).scan({})] as const),
    );
    const places: Record<string, string> = {
      ...Object.fromEntries(dumps.map(([name, { items }]) => [name, JSON.stringify(items)])),
      events: JSON.stringify(world.events),
      output: JSON.stringify(output.lines()),
      answers: besides.join('\n'),
    };
    expect(places.sessions?.length).toBeGreaterThan(200); // it looks at something
    for (const [name, secret] of Object.entries(secrets)) {
      expect(secret.length, name).toBeGreaterThan(10);
      for (const [place, text] of Object.entries(places)) {
        if (spellings(secret).some((spelling) => text.includes(spelling))) found.push(`${where}: ${name} in ${place}`);
      }
    }
  };

  let round = 0;
  world.provider.faults.set('/login/token', () => {
    round += 1;
    secrets[`access token ${round}`] = canary(`access-${round}`);
    secrets[`refresh token ${round}`] = canary(`refresh-${round}`);
    const [access_token, refresh_token] = [secrets[`access token ${round}`], secrets[`refresh token ${round}`]];
    const body = JSON.stringify({ access_token, refresh_token, token_type: 'bearer', expires_in: 3_600 });
    return { headers: { 'content-type': 'application/json' }, body };
  });
  world.provider.faults.set('/api/me', () => ({
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ id: 'account-1', name: 'Ada' }),
  }));

  const { id, link } = await world.session();
  secrets.link = link.split('.')[1] ?? '';
  const browser = world.browser();
  const authorize = await browser.begin(link);
  const query = new URLSearchParams(world.provider.agree(authorize, 'account-1', world.issuer));
  secrets.state = query.get('state')?.split('.')[1] ?? '';
  secrets.cookie = browser.jar.get(`__Host-pb_${id}`) ?? '';
  await lookAround('started');

  secrets.code = query.get('code') ?? '';
  const back = await browser.back(query.toString());
  const sent = world.provider.seen.find(({ path }) => path === '/login/token');
  secrets.verifier = new URLSearchParams(sent?.body).get('code_verifier') ?? '';
  secrets.ticket = ticketOf(back);
  await lookAround('ready');

  const confirmed = await world.confirm(id, { ticket: secrets.ticket, endUser: 'ada@acme.example' });
  expect(confirmed.status).toBe(200);
  const listed = await world.ask('list', { path: { tenant: 'acme' }, principal: { kind: 'tenant', tenantId: 'acme' } });
  await lookAround('confirmed', confirmed.body, listed.body);

  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3_600_000 });
  const { handler: token } = await import('../../../functions/connections/token.ts');
  const asked = { ...(readEvent('connections/token') as object), tenant: 'acme' };
  expect(await token(asked, context)).toMatchObject({ value: { accessToken: secrets['access token 2'] } });
  await lookAround('refreshed');

  world.provider.faults.set('/login/token/revocation', () => ({ status: 503, body: canary('in a body') }));
  secrets['body of a failure'] = canary('in a body');
  const { handler: remove } = await import('../../../functions/connections/remove.ts');
  const event = readEvent('connections/remove') as { requestContext: object };
  const principal = { lambda: { kind: 'tenant', tenantId: 'acme' } };
  const removed = await remove(
    {
      ...event,
      pathParameters: { tenant: 'acme', connection: 'demo' },
      requestContext: { ...event.requestContext, authorizer: principal },
    } as unknown as Parameters<typeof remove>[0],
    context,
  );
  expect(JSON.stringify(removed)).toContain('revocation_pending');
  await lookAround('disconnecting', JSON.stringify(removed));

  expect(found).toEqual([]);
  expect(Object.keys(secrets)).toHaveLength(12);
  expect(output.lines().some((line) => '_aws' in line)).toBe(true); // metrics were written, and looked through
});
