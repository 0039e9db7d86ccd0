import * as z from 'zod';
import type { Syncs } from '../syncs.ts';

const DAY_MS = 86_400_000;
const Packets = z.array(
  z.looseObject({ DOTNumber: z.int(), CompletedDate: z.string().min(1), DocketNumber: z.string().nullish() }),
);

export const mycarrierpacketsSyncs = {
  /** A window of time, in a time zone that is not documented: each run looks back a day. */
  'completed-packets': {
    model: 'completed-packets',
    docs: 'https://api.mycarrierpackets.com/swagger',
    everyS: 900,
    leastS: 240,
    settings: z.strictObject({ backfillDays: z.int().min(1).max(3_650).default(90) }),
    request: ({ since, startedAtMs, settings: { backfillDays } }) => {
      const from = since === undefined ? startedAtMs - Number(backfillDays) * DAY_MS : Date.parse(since) - DAY_MS;
      const query = { fromDate: local(from), toDate: local(startedAtMs + DAY_MS) };
      return { method: 'POST', path: '/Carrier/CompletedPackets', query };
    },
    page: ({ body, startedAtMs }) => ({
      records: Packets.parse(body).map((data) => ({ id: `${data.DOTNumber}@${data.CompletedDate}`, data })),
      checkpoint: new Date(startedAtMs).toISOString(),
    }),
    deletions: 'none',
    nudgedBy: ['carrier.packet.completed'],
  },
} as const satisfies Syncs;

/** `2026-11-20T10:00:00`, as the operation takes its dates. */
function local(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19);
}
