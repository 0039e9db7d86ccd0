import type { Arrived } from '../../infra/local/demo/rehearsal.ts';
import { type Entry, hasEnded } from '../../shared/calls/call.ts';
import type { Wish } from './calls-load-wishes.ts';

const MOST_TRIES = { interactive: 5, bulk: 20 } as const;

export interface Found {
  readonly wishes: readonly Wish[];
  /** Every call of the hub. */
  readonly calls: readonly Entry[];
  /** Every request that came to a provider. */
  readonly arrived: readonly Arrived[];
  /** The titles of the issues at GitHub. */
  readonly issues: readonly string[];
  /** By tenant and call, the ids of the events that told of its end. */
  readonly told: ReadonlyMap<string, ReadonlySet<string>>;
}

/** Returns what is not as it must be. */
export function judge({ wishes, calls, arrived, issues, told }: Found): string[] {
  const faults: string[] = [];
  const rows = new Map(calls.map((call) => [call.id, call]));
  const byKey = Map.groupBy(arrived, ({ idempotencyKey = '' }) => idempotencyKey);
  const byMark = Map.groupBy(arrived, ({ query }) => new URLSearchParams(query).get('mark') ?? '');
  const opened = Map.groupBy(issues, (title) => title);

  for (const call of calls) {
    const fault = (text: string) => faults.push(`${call.id}: ${text}: ${endOf(call)}`);
    const done = (byKey.get(call.id) ?? []).filter(({ effect }) => effect).length;
    const ids = told.get(`${call.tenantId} ${call.id}`)?.size ?? 0;
    if (!hasEnded(call)) {
      const { claim, dueAtMs, notBeforeMs } = call;
      fault(`it is stuck ${JSON.stringify({ claim, dueAtMs, notBeforeMs, nowMs: Date.now() })}`);
    } else if (ids !== 1) fault(`its end was told under ${ids} ids`);
    if (done > 1) fault(`it was done ${done} times under its key`);
    if (call.status === 'expired') fault('it expired');
    if (call.status === 'failed' && call.attempts.length < MOST_TRIES[call.lane]) fault('it was given up early');
  }

  for (const { mark, effect, said } of wishes) {
    const fault = (text: string, call?: Entry) =>
      faults.push(`${mark} (${effect}): ${text}${call ? `: ${endOf(call)}` : ''}`);
    const times = (opened.get(mark) ?? []).length;
    if (times > 1) fault(`it was done ${times} times`);
    if (new Set(said.map(({ id }) => id)).size > 1) fault('it was acknowledged under several ids');
    const [first] = said;
    const call = first && rows.get(first.id);
    if (first && !call) fault('it was acknowledged, and is not there');
    if (!call) continue;

    const wrong = said.find(({ status }) => isEnd(status) && status !== call.status);
    if (wrong) fault(`it was said to be ${wrong.status}`, call);
    const requests = (effect === 'unkeyed' ? byMark.get(mark) : byKey.get(call.id)) ?? [];
    const done = requests.some((request) => request.effect);
    if (effect !== 'read' && call.status === 'succeeded' && !done) fault('it was not done', call);
    // Whoever is interrupted cannot say whether he had sent it.
    const isDoubtful = effect === 'unkeyed' && (requests.length > 0 || call.error?.code === 'interrupted');
    if (call.status === 'outcome_unknown' && !isDoubtful) fault('there is no doubt about it', call);
  }
  const known = new Set(wishes.flatMap(({ said }) => said.map(({ id }) => id)));
  const unknown = calls.filter(({ id }) => !known.has(id)).length;
  const unanswered = wishes.filter(({ said }) => said.length === 0).length;
  if (unknown > unanswered)
    faults.push(`there are ${unknown} calls that nobody knows, of ${unanswered} without an answer`);
  return faults;
}

function endOf({ status, attempts }: Entry): string {
  return `${status} after ${attempts.map((one) => one.status ?? one.error?.code).join(', ') || 'nothing'}`;
}

const isEnd = (status: string) => !['queued', 'waiting', 'running'].includes(status);
