import type { Bus } from '../core/bus.ts';
import type { Moment } from '../core/clock.ts';
import { type HubEvent, hubEvent } from '../core/event.ts';
import type { ConnectionId, TenantId } from '../core/ids.ts';
import { inParallel } from '../core/parallel.ts';
import { eventOf, judge, type RecordRow, type Seen, type Sight, type Verdict } from './record.ts';
import type { ModelRecords } from './record-store.ts';

export interface Sighting extends Sight {
  readonly tenantId: TenantId;
  readonly connection: ConnectionId;
  readonly model: string;
}

/** Where records go, and who hears of it. */
export interface Sinks {
  readonly records: ModelRecords;
  readonly bus: Pick<Bus, 'publish'>;
  /** Asked before anything is written; a no ends it. Default: yes. */
  readonly fence?: () => Promise<boolean>;
}

export const WIDTH = 16;
/** Somebody else writing the same row at the same moment again and again is a bug, not bad luck. */
const MAX_ROUNDS = 10;

/** Returns how many objects really changed, unless the fence is shut. Each change is announced first and written then: a crash in between tells
 *  it again under the same event id, and no row is ever ahead of what the owner was told. */
export async function keep(
  seen: readonly Seen[],
  about: Sighting,
  { records, bus, fence }: Sinks,
  moment: Moment,
): Promise<number | 'overtaken'> {
  let left = [...new Map(seen.map((one) => [one.id, one])).values()]; // of one page's repetitions the last is newest
  let changes = 0;
  for (let round = 0; left.length > 0; round++) {
    if (round === MAX_ROUNDS) throw new Error(`${left.length} records were written by others ${MAX_ROUNDS} times`);
    const found = await inParallel(left, WIDTH, async (one) => {
      const before = await records.get(one.id);
      return { one, before, verdict: judge(before, one, about, moment.nowMs) };
    });
    const due = found.filter((one): one is Due => one.verdict !== undefined);
    if (due.length > 0 && fence && !(await fence())) return 'overtaken';
    await bus.publish(due.flatMap((one) => announce(one, records.key, about, moment)));
    const written = await inParallel(due, WIDTH, ({ verdict, before }) => records.put(verdict.row, before));
    changes += due.filter(({ verdict }, index) => verdict.change && written[index]).length;
    left = due.filter((_, index) => !written[index]).map(({ one }) => one);
  }
  return changes;
}

interface Due {
  readonly one: Seen;
  readonly before: RecordRow | undefined;
  readonly verdict: Verdict;
}

function announce({ one, verdict }: Due, key: string, about: Sighting, moment: Moment): HubEvent[] {
  const { row, change } = verdict;
  if (!change) return [];
  const { id, type } = eventOf(key, { row, change });
  const data = { model: about.model, id: one.id, ...(!one.deleted && { data: one.data }) };
  return [hubEvent(type, { tenant: about.tenantId, connection: about.connection, id }, data, moment)];
}
