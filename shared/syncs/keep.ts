import type { Bus } from '../core/bus.ts';
import type { Moment } from '../core/clock.ts';
import { type HubEvent, hubEvent } from '../core/event.ts';
import type { ConnectionId, TenantId } from '../core/ids.ts';
import { parseJson } from '../core/json.ts';
import { inParallel } from '../core/parallel.ts';
import { eventAfter, eventIdOf, judge, type RecordRow, type Seen, type Sight, type Verdict } from './record.ts';
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

/** Returns how many objects really changed, unless the fence is shut. Each change is announced first and written then: a
 *  crash in between tells it again under the same event id, and no row is ever ahead of what the owner was told. */
export async function keep(
  seen: readonly Seen[],
  about: Sighting,
  { records, bus, fence }: Sinks,
  moment: Moment,
): Promise<number | 'overtaken'> {
  let left = [...new Map(seen.map((one) => [one.id, one])).values()]; // of one page's repetitions the last is newest
  let changes = 0;
  /** By object: the event that told of what another's write came before. */
  const overruled = new Map<string, string>();
  for (let round = 0; left.length > 0; round++) {
    if (round === MAX_ROUNDS) throw new Error(`${left.length} records were written by others ${MAX_ROUNDS} times`);
    const found = await inParallel(left, WIDTH, async (one) => {
      const before = await records.get(one.id);
      return { one, before, verdict: judge(before, one, about, moment.nowMs) };
    });
    const due = found.filter((one): one is Due => one.verdict !== undefined);
    if (due.length > 0 && fence && !(await fence())) return 'overtaken';
    const amends = found.flatMap(({ one, before, verdict }) => {
      const event = overruled.get(one.id);
      const stands = before && !verdict?.change && eventIdOf(records.key, before) !== event;
      return event !== undefined && stands ? [amended(event, before, about, moment)] : [];
    });
    const told = due.map((one) => announce(one, records.key, about, moment));
    await bus.publish([...amends, ...told.flat()]);
    const written = await inParallel(due, WIDTH, ({ verdict, before }) => records.put(verdict.row, before));
    changes += due.filter(({ verdict }, index) => verdict.change && written[index]).length;
    const lost = due.flatMap(({ one }, index) => (written[index] ? [] : [{ one, event: told[index]?.[0]?.id }]));
    for (const { one, event } of lost) if (event !== undefined) overruled.set(one.id, event);
    left = lost.map(({ one }) => one);
  }
  return changes;
}

interface Due {
  readonly one: Seen;
  readonly before: RecordRow | undefined;
  readonly verdict: Verdict;
}

/** What stands is told last: whoever wrote it may have told it before the event that it overrules. */
function amended(event: string, { id, ...row }: RecordRow, about: Sighting, moment: Moment): HubEvent {
  const gone = row.deletedAtMs !== undefined;
  const data = { model: about.model, id, ...(!gone && { data: parseJson(row.data ?? 'null') }) };
  const whose = { tenant: about.tenantId, connection: about.connection, id: eventAfter(event, row) };
  return hubEvent(gone ? 'record.deleted' : 'record.updated', whose, data, moment);
}

function announce({ one, verdict }: Due, key: string, about: Sighting, moment: Moment): HubEvent[] {
  const { row, change } = verdict;
  if (!change) return [];
  const id = eventIdOf(key, row);
  const data = {
    model: about.model,
    id: one.id,
    ...(!one.deleted && { data: row.data === undefined ? null : one.data }),
  };
  return [hubEvent(`record.${change}`, { tenant: about.tenantId, connection: about.connection, id }, data, moment)];
}
