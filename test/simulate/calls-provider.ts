import type { InboundResponse, OutboundRequest, SendFailure } from '../../shared/core/fetch.ts';
import { err, ok, type Result } from '../../shared/core/result.ts';
import type { Limit } from '../../shared/providers/provider.ts';
import type { VirtualTime } from './calls-time.ts';

/** What a call is known by at the provider: its body or path carries it. */
const MARK = /mark-(\d+)/;

export interface Visit {
  readonly atMs: number;
  readonly tenant: string;
  readonly mark: number;
}

/** Which limits a request counts under. */
type LimitsMet = (request: OutboundRequest) => readonly { readonly scope: string; readonly limit: Limit }[];

/** What any of the actions makes sense of. */
const everything = {
  ...{ ok: true, ts: '1', channel: 'C1', message: { text: 'x' } },
  ...{ spreadsheetId: 'S', updates: { updatedRange: 'A1', updatedRows: 1 } },
  ...{ id: 1, number: 1, title: 'x', state: 'open', html_url: 'https://github.com/o/r/issues/1' },
};

/** Providers as strict as they say they are: each limit counts in any window, each write is remembered by its key. */
export class CallsProvider {
  readonly visits: Visit[] = [];
  readonly violations: string[] = [];
  /** How often each call has been done. */
  readonly effects = new Map<number, number>();
  readonly #done = new Set<string>();
  readonly #windows = new Map<string, number[]>();
  readonly #time: VirtualTime;
  readonly #limits: LimitsMet;
  /** Says whether it is down for this tenant at present. */
  down: (tenant: string) => boolean = () => false;
  answerMs: (tenant: string) => number = () => 20;
  /** The share of answers that get lost. */
  losses = 0;

  constructor(time: VirtualTime, limits: LimitsMet = () => []) {
    this.#time = time;
    this.#limits = limits;
  }

  async take(request: OutboundRequest): Promise<Result<InboundResponse, SendFailure>> {
    const { nowMs } = this.#time;
    const tenant = request.headers.authorization?.replace('Bearer ', '') ?? '';
    const mark = Number(MARK.exec(`${request.url} ${request.body ?? ''}`)?.[1] ?? -1);
    this.visits.push({ atMs: nowMs, tenant, mark });
    await this.#time.sleep(this.answerMs(tenant));
    if (this.down(tenant)) return this.#answer(503, {});
    for (const { scope, limit } of this.#limits(request))
      this.#count(limit.of === 'app' ? scope : `${tenant} ${scope}`, limit, nowMs);
    const key = request.headers['idempotency-key'];
    if (request.method !== 'GET' && (key === undefined || !this.#done.has(key))) {
      this.effects.set(mark, (this.effects.get(mark) ?? 0) + 1);
      if (key !== undefined) this.#done.add(key);
    }
    if (this.#time.chance() < this.losses) return err({ reason: 'network', sent: true, cause: 'lost' });
    return this.#answer(200, everything);
  }

  #count(scope: string, { requests, perS }: Limit, nowMs: number): void {
    const seen = this.#windows.get(scope) ?? [];
    this.#windows.set(scope, seen);
    while (seen.length > 0 && (seen[0] ?? 0) <= nowMs - perS * 1000) seen.shift();
    seen.push(nowMs);
    if (seen.length > requests) this.violations.push(`${scope}: ${seen.length} within ${perS} s`);
  }

  #answer(status: number, body: unknown): Result<InboundResponse, SendFailure> {
    return ok({ status, headers: { 'content-type': 'application/json' }, body: Buffer.from(JSON.stringify(body)) });
  }
}
