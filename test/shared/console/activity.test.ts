import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type ActivityKind,
  activityKinds,
  type Line,
  readActivity,
  type Source,
} from '../../../shared/console/activity.ts';

const range = { fromMs: 0, toMs: 9 };

/** A list in an order of its own among equal times, as an index has one; pages of at most `most` lines. */
function source(kind: ActivityKind, times: readonly number[], most: number): Source {
  const lines = times
    .map((atMs, at): Line => ({ kind, id: `${kind}-${at}`, atMs, cursor: String(at), shown: {} }))
    .sort((a, b) => b.atMs - a.atMs || Number(a.cursor) - Number(b.cursor));
  return async ({ limit, cursor }) => {
    const from = cursor === undefined ? 0 : lines.findIndex((line) => line.cursor === cursor) + 1;
    const page = lines.slice(from, from + Math.min(limit, most));
    const more = from + page.length < lines.length;
    return { lines: page, ...(more && { cursor: page.at(-1)?.cursor }) };
  };
}

async function walk(sources: Partial<Record<ActivityKind, Source>>, limit: number) {
  const items: { id: string; at: string }[] = [];
  for (let cursor: string | undefined, turn = 0; turn < 200; turn++) {
    const page = await readActivity(sources, { ...range, limit, cursor });
    expect(page.items.length).toBeLessThanOrEqual(limit);
    items.push(...page.items);
    cursor = page.cursor;
    if (cursor === undefined) return items;
  }
  throw new Error('the list has no end');
}

describe('lists that are merged', () => {
  test('have every line once, newest first, whatever the sizes of pages and however many share a millisecond', async () => {
    const times = fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 25 });
    await fc.assert(
      fc.asyncProperty(
        fc.record({ audit: times, call: times, webhook: times }),
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 12 }),
        async (all, limit, most) => {
          const sources = Object.fromEntries(activityKinds.map((kind) => [kind, source(kind, all[kind], most)]));
          const items = await walk(sources, limit);
          const wanted = activityKinds.flatMap((kind) => all[kind].map((_, at) => `${kind}-${at}`));
          expect(items.map(({ id }) => id).sort()).toEqual(wanted.sort());
          const ats = items.map(({ at }) => at);
          expect(ats).toEqual([...ats].sort().reverse());
        },
      ),
      { numRuns: 150 },
    );
  });

  test('show nothing that is older than what a list has not told yet', async () => {
    const sources = { call: source('call', [9, 8, 7, 6], 1), webhook: source('webhook', [5], 5) };
    const { items } = await readActivity(sources, { ...range, limit: 4 });
    expect(items.map(({ id }) => id)).toEqual(['call-0']);
    expect(await walk(sources, 4)).toHaveLength(5);
  });

  test('ask no list again that is read to its end, and none where nothing can be', async () => {
    let asked = 0;
    const counted: Source = async (wanted) => {
      asked += 1;
      return source('call', [1], 9)(wanted);
    };
    await walk({ call: counted, webhook: source('webhook', [5, 4, 3, 2, 1], 9) }, 2);
    expect(asked).toBe(3); // its one line comes on the third page
    expect(await readActivity({ call: counted }, { fromMs: 2, toMs: 1, limit: 5 })).toEqual({ items: [] });
    expect(asked).toBe(3);
  });
});
