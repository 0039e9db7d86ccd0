import { expect, test } from 'vitest';
import { playRecords } from './records.ts';

/** What fits into the time that the suite may take; `npm run simulate -- records` runs as many as wanted. */
const HISTORIES = 300;

test(`E-30: in whatever order a backlog of webhooks and polls is drained, the record is the newest there is, and polls find what no webhook brought: ${HISTORIES} histories`, async () => {
  for (let seed = 1; seed <= HISTORIES; seed++) {
    const { kept, truth } = await playRecords(seed);
    expect({ seed, kept }).toEqual({ seed, kept: truth });
  }
});
