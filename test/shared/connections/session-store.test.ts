import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { KEEP_MS, MAX_TRIES } from '../../../shared/connections/session.ts';
import type { SessionStore } from '../../../shared/connections/session-store.ts';
import { sessionStore } from '../../../shared/connections/session-store.ts';
import { openTable, type Table } from '../../../shared/core/aws.ts';
import { TenantId } from '../../../shared/core/ids.ts';
import { dueShards } from '../../../shared/core/keys.ts';
import { startDynamo, type TestDynamo } from '../../support/dynamo.ts';
import { memoryTable } from '../../support/memory-table.ts';

let dynamo: TestDynamo;
beforeAll(async () => {
  dynamo = await startDynamo();
});
afterAll(() => dynamo.stop());

const NOW = 1_700_000_000_000;
const acme = TenantId.parse('acme');
const attempt = {
  ...{ browserHash: 'b', stateHash: 's', stateExpiresAtMs: NOW + 600_000, redirectUri: 'https://h/cb', context: 'c' },
  verifier: 'sealed',
};
const claim = {
  provider: 'demo',
  stateHash: 's',
  browserHash: 'b',
  redirectUri: 'https://h/cb',
  context: 'c',
  claimId: 'mine',
};
const grant = { sealed: { accessToken: 'x' }, grantedAtMs: NOW, scopes: ['a'], account: { id: '1' } };

/** The SDK's repetition of a write whose answer was lost: the write is applied, then sent again. */
function losingAnswers(real: Table): Table {
  return {
    ...real,
    async update(...args: Parameters<Table['update']>) {
      await real.update(...args);
      return real.update(...args);
    },
  };
}

let count = 0;

/** One suite for the real engine and for the table in memory that the campaigns run on. */
describe.each(['engine', 'memory'])('sessions on %s', (kind) => {
  let table: Table;
  let store: SessionStore;
  beforeAll(() => {
    table = kind === 'memory' ? memoryTable() : openTable(dynamo.tables.sessions);
    store = sessionStore(table);
  });

  async function created() {
    const id = `cs_${String(count++).padStart(26, '0')}`;
    await store.create({
      ...{
        id,
        tenantId: acme,
        tenantName: 'Acme',
        provider: 'demo',
        name: 'default',
        endUser: 'ada',
        returnUrl: 'https://a/b',
      },
      ...{ scopes: [], status: 'created', linkHash: 'l', createdAtMs: NOW, linkExpiresAtMs: NOW + 900_000 },
    });
    return id;
  }

  async function started() {
    const id = await created();
    await store.start(id, { linkHash: 'l', attempt }, NOW);
    return id;
  }

  test('a claim whose answer was lost is still ours; another claim is not (A-22)', async () => {
    const id = await started();
    expect(await sessionStore(losingAnswers(table)).consume(id, claim, NOW)).toMatchObject({ done: true });
    expect(await store.consume(id, { ...claim, claimId: 'another' }, NOW)).toMatchObject({ done: false });
  });

  test('a claim that is repeated once its grant is there comes too late', async () => {
    expect(await store.consume(await waiting(), claim, NOW)).toMatchObject({ done: false });
  });

  test('a grant whose writing was answered by nobody is kept once', async () => {
    const id = await started();
    await store.consume(id, claim, NOW);
    const kept = { claimId: 'mine', grant, ticketHash: 't', confirmExpiresAtMs: NOW + 1 };
    expect(await sessionStore(losingAnswers(table)).keepGrant(id, kept)).toMatchObject({ done: true });
    expect(await store.keepGrant(id, { ...kept, ticketHash: 'other' })).toMatchObject({ done: false });
  });

  const wrong = [
    ['provider', { provider: 'github' }],
    ['state', { stateHash: 'x' }],
    ['browser', { browserHash: 'x' }],
    ['redirect URI', { redirectUri: 'https://h/other' }],
    ['context', { context: 'x' }],
  ] as const;
  test.each(wrong)('a claim with another %s is not let in (A-20, A-37)', async (_what, change) => {
    const id = await started();
    expect(await store.consume(id, { ...claim, ...change }, NOW)).toMatchObject({ done: false });
    expect(await store.get(id)).toMatchObject({ status: 'started' });
  });

  test.each([
    [599_999, true],
    [600_000, false],
    [600_001, false],
  ])('a claim %i ms after the start: %s (A-21)', async (afterMs, done) => {
    expect((await store.consume(await started(), claim, NOW + afterMs)).done).toBe(done);
  });

  test.each([
    ['another link', { linkHash: 'x' }, 0],
    ['an expired link', {}, 900_000],
    ['another browser', { attempt: { ...attempt, browserHash: 'x' } }, 0],
  ])('a start with %s is not let in (A-20, A-21)', async (_what, change, afterMs) => {
    const id = await started();
    expect(await store.start(id, { linkHash: 'l', attempt, ...change }, NOW + afterMs)).toMatchObject({ done: false });
    expect(await store.start(id, { linkHash: 'l', attempt }, NOW + 899_999)).toMatchObject({ done: true });
  });

  /** A session with a grant that waits for its confirmation until NOW + 10. */
  async function waiting() {
    const id = await started();
    await store.consume(id, claim, NOW);
    expect(
      await store.keepGrant(id, { claimId: 'another', grant, ticketHash: 't', confirmExpiresAtMs: NOW + 10 }),
    ).toMatchObject({ done: false });
    await store.keepGrant(id, { claimId: 'mine', grant, ticketHash: 't', confirmExpiresAtMs: NOW + 10 });
    return id;
  }

  const vouching = { tenantId: acme, ticketHash: 't', endUser: 'ada', dueAtMs: NOW + 60_000 };
  test.each([
    ['another tenant', { tenantId: TenantId.parse('globex') }, 0],
    ['another ticket', { ticketHash: 'x' }, 0],
    ['another end user', { endUser: 'eve' }, 0],
    ['a confirmation too late', {}, 10],
  ])('%s does not begin a confirmation (A-33)', async (_what, change, afterMs) => {
    const id = await waiting();
    expect(await store.beginConfirm(id, { ...vouching, ...change }, NOW + afterMs)).toMatchObject({ done: false });
    expect(await store.get(id)).toMatchObject({ status: 'ready' });
  });

  test('a session that holds a grant is never simply ended, and one that was confirmed never revoked', async () => {
    const id = await waiting();
    expect(await store.end(id, 'denied')).toMatchObject({ done: false });
    await store.beginConfirm(id, vouching, NOW);
    expect(await store.beginRevoke(id, { status: 'ready', because: 'x', dueAtMs: NOW }, NOW)).toMatchObject({
      done: false,
    });
    await store.finishConfirm(id);
    for (const status of ['ready', 'confirming'] as const) {
      expect(await store.beginRevoke(id, { status, because: 'x', dueAtMs: NOW }, NOW)).toMatchObject({ done: false });
    }
  });

  test('a session that was never started, or never was, cannot be claimed', async () => {
    expect(await store.consume('cs_none', claim, NOW)).toEqual({ done: false });
    expect(await store.start('cs_none', { linkHash: 'l', attempt }, NOW)).toEqual({ done: false });
  });

  test('a new id is never written over another session', async () => {
    const id = await started();
    const session = await store.get(id);
    if (!session) throw new Error('the session is gone');
    await expect(store.create(session)).rejects.toThrow('exists already');
  });

  test('the due index holds a session while something is to be done about it, and no longer', async () => {
    const id = await started();
    const due = async () =>
      (await Promise.all(dueShards.map((shard) => store.due(shard, NOW + 10)))).flat().map((one) => one.id);
    expect(await due()).not.toContain(id);
    await store.consume(id, claim, NOW);
    await store.keepGrant(id, { claimId: 'mine', grant, ticketHash: 't2', confirmExpiresAtMs: NOW + 10 });
    expect(await due()).toContain(id);
    await store.beginConfirm(id, { tenantId: acme, ticketHash: 't2', endUser: 'ada', dueAtMs: NOW + 5 }, NOW);
    expect(await due()).toContain(id);
    await store.finishConfirm(id);
    expect(await due()).not.toContain(id);
    expect((await store.get(id))?.grant).toBeUndefined();
  });

  test('the sealed verifier is gone as soon as it has served', async () => {
    const id = await started();
    await store.consume(id, claim, NOW);
    expect((await store.get(id))?.attempt?.verifier).toBe('sealed');
    await store.keepGrant(id, { claimId: 'mine', grant, ticketHash: 't3', confirmExpiresAtMs: NOW + 10 });
    expect((await store.get(id))?.attempt?.verifier).toBeUndefined();
  });

  const tryAgain = (id: string, nowMs = NOW) => store.startTry(id, { linkHash: 'l', attempt }, nowMs);

  test('a link takes ten credentials to be tried, each with its attempt, and not an eleventh', async () => {
    const id = await started();
    const again = { ...attempt, stateHash: 's2' };
    expect(await store.startTry(id, { linkHash: 'l', attempt: again }, NOW)).toMatchObject({
      ...{ done: true, session: { status: 'started', attempt: again, tries: 1 } },
    });
    for (let tries = 2; tries <= MAX_TRIES; tries++)
      expect(await tryAgain(id)).toMatchObject({ done: true, session: { tries } });
    expect(await tryAgain(id)).toMatchObject({ done: false, session: { tries: MAX_TRIES } });
    expect(await store.start(id, { linkHash: 'l', attempt }, NOW)).toMatchObject({ done: true });
  });

  test.each([
    ['another link', { linkHash: 'x' }, 0],
    ['an expired link', {}, 900_000],
    ['another browser', { attempt: { ...attempt, browserHash: 'x' } }, 0],
  ])('with %s nothing is tried (A-20, A-21)', async (_what, change, afterMs) => {
    const id = await started();
    const tried = await store.startTry(id, { linkHash: 'l', attempt, ...change }, NOW + afterMs);
    expect(tried).toMatchObject({ done: false });
    expect((await store.get(id))?.tries).toBeUndefined();
  });

  test('a session is ended once, with its reason, until it holds a grant; then it cannot be started again', async () => {
    const id = await started();
    const ended = { status: 'ended', endedBecause: 'denied' };
    expect(await store.end(id, 'denied')).toMatchObject({ done: true, session: ended });
    expect(await store.end(id, 'failed')).toMatchObject({ done: false, session: ended });
    expect(await tryAgain(id)).toMatchObject({ done: false });
    const untouched = await created();
    expect(await store.end(untouched, 'denied')).toMatchObject({ done: true });
    const exchanging = await started();
    await store.consume(exchanging, claim, NOW);
    expect(await store.end(exchanging, 'exchange_failed')).toMatchObject({ done: true });
  });

  test('a grant that must not be used is remembered until it is ended upstream, and gone then', async () => {
    const id = await waiting();
    const because = { status: 'ready', because: 'unconfirmed', dueAtMs: NOW + 7 } as const;
    expect(await store.beginRevoke(id, because, NOW + 3)).toMatchObject({ done: true });
    const row = await store.get(id);
    expect(row).toMatchObject({ status: 'revoking', endedBecause: 'unconfirmed', revokingSinceMs: NOW + 3, grant });
    expect(row).toMatchObject({ dueAt: NOW + 7 });
    expect(await store.postpone(id, 'ready', NOW + 20)).toMatchObject({ done: false });
    expect(await store.postpone(id, 'revoking', NOW + 20)).toMatchObject({ done: true, session: { dueAt: NOW + 20 } });
    expect(await store.finishRevoke(id)).toMatchObject({ done: true, session: { status: 'ended' } });
    for (const left of ['grant', 'dueShard', 'dueAt']) expect(await store.get(id)).not.toHaveProperty(left);
    expect(await store.finishRevoke(id)).toMatchObject({ done: false });
  });

  test('a confirmation may be finished by any of those who vouched, and by nobody before', async () => {
    const id = await waiting();
    expect(await store.finishConfirm(id)).toMatchObject({ done: false });
    for (const afterMs of [9, 50])
      expect(await store.beginConfirm(id, vouching, NOW + afterMs)).toMatchObject({ done: true });
    expect(await store.get(id)).toMatchObject({ status: 'confirming', dueAt: NOW + 60_000 });
    for (const _finisher of ['first', 'second']) expect(await store.finishConfirm(id)).toMatchObject({ done: true });
    expect((await store.get(id))?.status).toBe('confirmed');
  });

  test('the table sweeps a session two days after it began, or after the last moment that it waits for', async () => {
    const id = await started();
    expect(await store.get(id)).toMatchObject({ ttl: Math.ceil((NOW + KEEP_MS) / 1000) });
    const confirmExpiresAtMs = NOW + 60_000;
    await store.consume(id, claim, NOW);
    expect(await store.get(id)).toMatchObject({ claimId: 'mine' });
    await store.keepGrant(id, { claimId: 'mine', grant, ticketHash: 't4', confirmExpiresAtMs });
    expect(await store.get(id)).toMatchObject({
      ...{ status: 'ready', grant, ticketHash: 't4', confirmExpiresAtMs, dueAt: confirmExpiresAtMs },
      ttl: Math.ceil((confirmExpiresAtMs + KEEP_MS) / 1000),
    });
  });

  test('those that one tenant had at a time are listed by page, each as it stands; a discarded one is gone', async () => {
    const tenantId = TenantId.parse(`tenant-${kind}`);
    const make = async (n: number, more: object = {}) => {
      const id = `cs_${kind}_${String(n).padStart(4, '0')}`;
      const about = {
        id,
        tenantId,
        tenantName: 'x',
        provider: 'demo',
        name: 'default',
        endUser: 'ada',
        returnUrl: 'x',
      };
      const state = {
        scopes: [],
        status: 'created',
        linkHash: 'l',
        createdAtMs: NOW + n,
        linkExpiresAtMs: NOW,
      } as const;
      await store.create({ ...about, ...state, ...more });
      return id;
    };
    const ids: string[] = [];
    for (let n = 0; n < 101; n++) ids.push(await make(n));
    await make(500);
    await make(1, { id: 'cs_of_another', tenantId: acme });
    const first = await store.ofTenant(tenantId, NOW + 100);
    const second = await store.ofTenant(tenantId, NOW + 100, first.cursor);
    expect([first.items.length, second.items.length]).toEqual([100, 1]);
    expect([...first.items, ...second.items].map(({ id }) => id).sort()).toEqual(ids);
    expect(first.items[0]).toMatchObject({ tenantId, status: 'created', endUser: 'ada' });
    expect(second).not.toHaveProperty('cursor');
    await store.discard(ids[0] ?? '');
    expect(await store.get(ids[0] ?? '')).toBeUndefined();
    expect((await store.ofTenant(tenantId, NOW + 100)).items.map(({ id }) => id)).not.toContain(ids[0]);
  });
});
