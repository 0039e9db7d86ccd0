import { beforeEach, describe, expect, test } from 'vitest';
import { TenantId } from '../../../shared/core/ids.ts';
import type { EndpointRow } from '../../../shared/webhooks/endpoint.ts';
import { openEndpoints } from '../../../shared/webhooks/endpoints.ts';

const idOf = (n: number) => String(n).padStart(43, 'e');
const rowOf = (id: string, record = 'sealed-1'): EndpointRow => ({
  ...{ id, tenantId: TenantId.parse('acme'), provider: 'github', generation: 1, version: 1 },
  secrets: [{ id: 's1', createdAtMs: 0 }],
  sealed: { wrapped: 'w', record },
  ...{ createdAtMs: 0, updatedAtMs: 0 },
});

let nowMs = 0;
let reads = 0;
let opened = 0;
let down = false;
let rows: Map<string, EndpointRow>;
const open = () =>
  openEndpoints({
    async lookUp(id) {
      reads += 1;
      await Promise.resolve();
      if (down) throw new Error('the table is down');
      return rows.get(id);
    },
    async open({ sealed }) {
      opened += 1;
      return [`secret of ${sealed?.record}`];
    },
    now: () => nowMs,
  });
let read = open();

beforeEach(() => {
  [nowMs, reads, opened, down] = [1_000_000, 0, 0, false];
  rows = new Map([[idOf(1), rowOf(idOf(1))]]);
  read = open();
});

describe('a reader of endpoints', () => {
  test('reads once for all who ask at once, and for 60 s (D-15)', async () => {
    const all = await Promise.all(Array.from({ length: 500 }, () => read('github', idOf(1))));
    expect(all.every((one) => one?.secrets[0] === 'secret of sealed-1')).toBe(true);
    nowMs += 59_000;
    await read('github', idOf(1));
    expect([reads, opened]).toEqual([1, 1]);
    nowMs += 2_000;
    rows.set(idOf(1), rowOf(idOf(1), 'sealed-2'));
    expect((await read('github', idOf(1)))?.secrets).toEqual(['secret of sealed-2']);
    rows.delete(idOf(1));
    nowMs += 61_000;
    expect(await read('github', idOf(1))).toBeUndefined();
    expect([reads, opened]).toEqual([3, 2]);
  });

  test('knows one for its own provider alone, and no id that was never given out', async () => {
    expect(await read('slack', idOf(1))).toBeUndefined();
    for (const id of ['', 'short', `${idOf(1)}e`, `${idOf(1).slice(1)}/`, '../../etc/passwd']) {
      expect(await read('github', id)).toBeUndefined();
    }
    expect(reads).toBe(1);
  });

  test('10,000 requests to one unknown address cost one read in 5 s (D-17)', async () => {
    for (let n = 0; n < 10_000; n++) expect(await read('github', idOf(2))).toBeUndefined();
    expect(reads).toBe(1);
    nowMs += 5_001;
    rows.set(idOf(2), rowOf(idOf(2)));
    expect(await read('github', idOf(2))).toBeDefined();
  });

  test('10,000 unknown addresses cost 600 reads a minute, and hold up no address that is known (D-17)', async () => {
    await read('github', idOf(1));
    const answers = await Promise.allSettled(Array.from({ length: 10_000 }, (_, n) => read('github', idOf(n + 10))));
    expect(reads).toBe(600);
    expect(answers.filter(({ status }) => status === 'rejected')).toHaveLength(10_000 - 599);
    expect(await read('github', idOf(1))).toBeDefined();
    nowMs += 61_000;
    expect(await read('github', idOf(1))).toBeDefined();
    rows.set(idOf(3), rowOf(idOf(3)));
    expect(await read('github', idOf(3))).toBeDefined();
  });

  test('while the table is down goes on with what it has for a day, and asks once in 5 s (G.2)', async () => {
    await read('github', idOf(1));
    down = true;
    nowMs += 61_000;
    for (let n = 0; n < 100; n++) expect(await read('github', idOf(1))).toBeDefined();
    await expect(read('github', idOf(2))).rejects.toThrow('a moment ago');
    expect(reads).toBe(2);
    nowMs += 23 * 3_600_000;
    expect(await read('github', idOf(1))).toBeDefined();
    nowMs += 3_600_000;
    await expect(read('github', idOf(1))).rejects.toThrow('the table is down');
    down = false;
    nowMs += 5_001;
    expect(await read('github', idOf(1))).toBeDefined();
  });

  test('leaves out a secret whose time is over, without a read', async () => {
    const secrets = [{ id: 's1', createdAtMs: 0, untilMs: nowMs + 10_000 }];
    rows.set(idOf(1), { ...rowOf(idOf(1)), secrets });
    expect((await read('github', idOf(1)))?.secrets).toHaveLength(1);
    nowMs += 10_001;
    expect((await read('github', idOf(1)))?.secrets).toEqual([]);
    expect(reads).toBe(1);
  });
});
