import { describe, expect, it } from 'vitest';
import { eventIdOf, judge, type RecordRow, type Seen, toView } from '../../../shared/syncs/record.ts';

const nowMs = Date.UTC(2026, 10, 20);
const about = { run: 'r2', bornAtMs: 0 };
const seen = (data: unknown, more: Partial<Seen> = {}): Seen => ({ id: 'a', data, ...more });

/** What one sight after another makes of a row. */
function rowAfter(...sights: Seen[]): RecordRow | undefined {
  let row: RecordRow | undefined;
  for (const sight of sights) row = judge(row, sight, { run: 'r1', bornAtMs: 0 }, nowMs)?.row ?? row;
  return row;
}

describe('a sight of an object', () => {
  it('that is new creates its record', () => {
    const verdict = judge(undefined, seen({ n: 1 }, { updatedAt: '2026-11-20T10:00:00Z' }), about, nowMs);
    expect(verdict).toMatchObject({ change: 'created', row: { id: 'a', version: 1, data: '{"n":1}', seenRun: 'r2' } });
  });

  it('that is the same changes nothing, in whatever order its fields come', () => {
    const row = rowAfter(seen({ a: 1, b: { c: 2, d: [3, { e: 4, f: 5 }] } }));
    expect(judge(row, seen({ b: { d: [3, { f: 5, e: 4 }], c: 2 }, a: 1 }), about, nowMs)).toBeUndefined();
  });

  it('that is the same at a later time moves the time, untold: what lies between the two is older from then on', () => {
    const at = (time: string) => ({ updatedAt: `2026-11-20T${time}Z` });
    const row = rowAfter(seen({ n: 1 }, at('10:00:00')));
    const verdict = judge(row, seen({ n: 1 }, at('10:02:00')), about, nowMs);
    expect(verdict).toEqual({ row: { ...row, ...at('10:02:00'), seenRun: 'r2' } });
    expect(judge(verdict?.row, seen({ n: 2 }, at('10:01:00')), about, nowMs)).toBeUndefined();
    expect(judge(verdict?.row, seen({ n: 1 }, at('10:01:00')), about, nowMs)).toBeUndefined();
  });

  it('that differs updates the record, with its next version', () => {
    const verdict = judge(rowAfter(seen({ n: 1 })), seen({ n: 2 }), about, nowMs);
    expect(verdict).toMatchObject({ change: 'updated', row: { version: 2, data: '{"n":2}' } });
  });

  it('that is older is refused, however its time is spelled', () => {
    const row = rowAfter(seen({ n: 2 }, { updatedAt: '2026-11-20T10:00:00.000Z' }));
    expect(judge(row, seen({ n: 1 }, { updatedAt: '2026-11-20T10:59:59+01:00' }), about, nowMs)).toBeUndefined();
  });

  it('of the same time with other content is news', () => {
    const updatedAt = '2026-11-20T10:00:00Z';
    const verdict = judge(rowAfter(seen({ n: 1 }, { updatedAt })), seen({ n: 2 }, { updatedAt }), about, nowMs);
    expect(verdict?.change).toBe('updated');
  });

  it('whose times are no times has no order', () => {
    const row = rowAfter(seen({ n: 1 }, { updatedAt: 'later' }));
    expect(judge(row, seen({ n: 2 }, { updatedAt: 'earlier' }), about, nowMs)?.change).toBe('updated');
  });

  it('that is deleted leaves a tombstone without data', () => {
    const verdict = judge(rowAfter(seen({ n: 1 })), seen(undefined, { deleted: true }), about, nowMs);
    expect(verdict).toMatchObject({ change: 'deleted', row: { version: 2, deletedAtMs: nowMs } });
    expect(verdict?.row.data).toBeUndefined();
  });

  it('that is deleted and was never there leaves a tombstone, untold: a webhook that shows it may come late', () => {
    const deleted = seen(undefined, { deleted: true, updatedAt: '2026-11-20T10:00:00Z' });
    const verdict = judge(undefined, deleted, about, nowMs);
    expect(verdict).toMatchObject({ row: { version: 0, deletedAtMs: nowMs } });
    expect(verdict?.change).toBeUndefined();
    const late = seen({ n: 1 }, { updatedAt: '2026-11-20T09:59:00Z' });
    expect(judge(verdict?.row, late, about, nowMs)).toBeUndefined();
    expect(judge(verdict?.row, seen({ n: 1 }), about, nowMs)).toMatchObject({ change: 'created', row: { version: 1 } });
  });

  it('that is gone already changes nothing', () => {
    const deleted = seen(undefined, { deleted: true });
    expect(judge(rowAfter(seen({ n: 1 }), deleted), deleted, about, nowMs)).toBeUndefined();
  });

  it('that is older than the deletion does not bring it back', () => {
    const row = rowAfter(seen({ n: 1 }), seen(undefined, { deleted: true, updatedAt: '2026-11-20T10:00:00Z' }));
    const stale = seen({ n: 1 }, { updatedAt: '2026-11-20T09:00:00Z' });
    expect(judge(row, stale, about, nowMs)).toBeUndefined();
  });

  it('that comes back is created again', () => {
    const row = rowAfter(seen({ n: 1 }), seen(undefined, { deleted: true }));
    const verdict = judge(row, seen({ n: 1 }), about, nowMs);
    expect(verdict).toMatchObject({ change: 'created', row: { version: 3, data: '{"n":1}' } });
    expect(verdict?.row.deletedAtMs).toBeUndefined();
  });

  it('without data is kept as null', () => {
    expect(judge(undefined, seen(undefined), about, nowMs)).toMatchObject({ change: 'created', row: { data: 'null' } });
  });
});

describe('a record that is kept for a day after its last change', () => {
  const DAY_MS = 86_400_000;
  const daily = { run: 'r2', bornAtMs: 0, retentionS: 86_400 };
  const at = (agoMs: number) => ({ updatedAt: new Date(nowMs - agoMs).toISOString() });
  const kept = judge(undefined, seen({ n: 1 }, at(60_000)), daily, nowMs)?.row;

  it('knows its end', () => {
    expect(kept).toMatchObject({ expiresAtMs: nowMs - 60_000 + DAY_MS });
    expect(judge(undefined, seen({ n: 1 }), daily, nowMs)?.row).not.toHaveProperty('expiresAtMs'); // of no known age
  });

  it('is not made once it is too old, and not changed or told any more', () => {
    expect(judge(undefined, seen({ n: 1 }, at(DAY_MS)), daily, nowMs)).toBeUndefined();
    expect(judge(kept, seen({ n: 1 }, at(60_000)), daily, nowMs + DAY_MS)).toBeUndefined();
    expect(judge(kept, seen({ n: 2 }, at(60_000)), daily, nowMs + DAY_MS)).toBeUndefined();
  });

  it('is deleted untold after its end, and created where it changes after it', () => {
    const laterMs = nowMs + DAY_MS;
    expect(judge(kept, seen(undefined, { deleted: true }), daily, laterMs)).toMatchObject({
      row: { deletedAtMs: laterMs },
    });
    expect(judge(kept, seen(undefined, { deleted: true }), daily, laterMs)?.change).toBeUndefined();
    expect(judge(kept, seen({ n: 1 }, at(-DAY_MS)), daily, laterMs)).toMatchObject({
      change: 'created',
      row: { version: 2 },
    });
  });

  it('takes its end from the retention of now, untold', () => {
    const same = seen({ n: 1 }, at(60_000));
    expect(judge(kept, same, daily, nowMs)).toBeUndefined();
    expect(judge(kept, same, { run: 'r3', bornAtMs: 0 }, nowMs)).toEqual({
      row: { ...kept, seenRun: 'r3', expiresAtMs: undefined },
    });
    const shorter = { run: 'r3', bornAtMs: 0, retentionS: 30 };
    expect(judge(kept, same, shorter, nowMs)).toEqual({ row: { ...kept, seenRun: 'r3', expiresAtMs: nowMs - 30_000 } });
  });
});

describe("a change's event id", () => {
  const event = (row: RecordRow | undefined, sight: Seen, key = 'acme#demo#default#things') => {
    const verdict = judge(row, sight, about, nowMs);
    if (!verdict?.change) throw new Error('not a change');
    return eventIdOf(key, verdict.row);
  };

  it('is the same whenever the change is found again', () => {
    expect(event(undefined, seen({ n: 1 }))).toEqual(event(undefined, seen({ n: 1 })));
  });

  it('differs each time, also when content comes back', () => {
    const row = rowAfter(seen({ n: 1 }), seen({ n: 2 }));
    expect(event(row, seen({ n: 1 }))).not.toBe(event(undefined, seen({ n: 1 })));
  });

  it('differs between tenants, and between ids that run into each other', () => {
    expect(event(undefined, seen(1), 'acme#x')).not.toBe(event(undefined, seen(1), 'umbrella#x'));
    expect(event(undefined, seen(1, { id: '1a' }), 'k')).not.toBe(event(undefined, seen(1, { id: 'a' }), 'k1'));
  });
});

describe('a row of an earlier copy', () => {
  const bornAtMs = 1_000;
  const copy = { ...about, bornAtMs };

  it('is as good as none: what it says is told anew', () => {
    const row = rowAfter(seen({ n: 1 }));
    const first = judge(row, seen({ n: 1 }), copy, nowMs);
    expect(first).toMatchObject({ change: 'created', row: { version: 1_001 } });
    expect(judge(first?.row, seen({ n: 1 }), copy, nowMs)).toBeUndefined();
    expect(judge(first?.row, seen({ n: 2 }), copy, nowMs)).toMatchObject({
      change: 'updated',
      row: { version: 1_002 },
    });
  });

  it('has its end untold, and what is older than that stays refused', () => {
    const at = (time: string) => ({ updatedAt: `2026-11-20T${time}Z` });
    const gone = judge(rowAfter(seen({ n: 1 })), { ...seen(undefined), deleted: true, ...at('10:00:00') }, copy, nowMs);
    expect(gone).toMatchObject({ row: { version: 1_000, deletedAtMs: nowMs } });
    expect(gone?.change).toBeUndefined();
    expect(judge(gone?.row, seen({ n: 1 }, at('09:00:00')), copy, nowMs)).toBeUndefined();
  });
});

describe('a record as the API shows it', () => {
  it('has its data as the provider gave it', () => {
    const row = rowAfter(seen({ b: 1, a: [null, 'x'] }, { updatedAt: '2026-11-20' }));
    expect(row && toView(row, 'things')).toEqual({
      id: 'a',
      model: 'things',
      updatedAt: '2026-11-20',
      data: { b: 1, a: [null, 'x'] },
    });
  });
});
