import { iso } from '../core/clock.ts';
import type { SyncRow } from './row.ts';
import { retentionOf } from './wish.ts';

/** A sync as the API shows it. */
export function toView(row: SyncRow, nowMs: number) {
  const {
    sync,
    model,
    enabled,
    everyS,
    fixed = false,
    settings,
    retentionS,
    status,
    dueAt,
    lastSuccessAtMs,
    records,
    error,
  } = row;
  return {
    ...{ sync, model, enabled, every: everyS, adaptive: !fixed, status },
    ...(settings && { settings }),
    ...(retentionS !== undefined && { retention: retentionOf(retentionS) }),
    ...(lastSuccessAtMs !== undefined && {
      lastSuccessAt: iso(lastSuccessAtMs),
      lagS: Math.max(0, Math.floor((nowMs - lastSuccessAtMs) / 1000)),
    }),
    ...(dueAt !== undefined && status !== 'running' && { nextRunAt: iso(dueAt) }),
    ...(records !== undefined && { records }),
    ...(error && { error }),
  };
}
