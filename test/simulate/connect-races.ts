import { deepEqual, equal } from 'node:assert/strict';
import fc from 'fast-check';
import type { Table } from '../../shared/core/aws.ts';
import { connectLab } from './connect-world.ts';

/** Runs callbacks with one state in `orders` orders of their reads and writes of the session: one exchanges the code, the
 *  others learn that it was used; what is expired, foreign or tampered with exchanges nothing (A-20, G6). Throws with the
 *  order that broke it. */
export async function consumedOnce(callbacks: number, orders: number, seed?: number): Promise<void> {
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.constantFrom('good', 'expired', 'foreign', 'tampered'),
      async (scheduler, kind) => {
        let racing = false;
        const turn = async () => {
          if (racing) await scheduler.schedule(Promise.resolve());
        };
        /** A request takes its time to the table, and its answer back. */
        const slow = (table: Table): Table => ({
          ...table,
          async get(key) {
            await turn();
            return table.get(key);
          },
          async update(key, expression) {
            await turn();
            const written = await table.update(key, expression);
            await turn();
            return written;
          },
        });
        const lab = connectLab({ through: slow });
        const { link } = await lab.session();
        const owner = lab.browser();
        const query = lab.provider.agree(await owner.begin(link), 'account-1');
        if (kind === 'expired') lab.setNow(lab.moment.nowMs + 10 * 60_000);
        const browser = kind === 'foreign' ? lab.browser() : owner;
        const sent = kind === 'tampered' ? query.replace(/(state=\w+\.)./, (_, start) => `${start}~`) : query;

        racing = true;
        const replies = await scheduler.waitFor(
          Promise.all(Array.from({ length: callbacks }, () => browser.back(sent))),
        );
        const statuses = replies.map(({ status }) => status).sort();
        const refused = { good: 409, expired: 410, foreign: 403, tampered: 400 }[kind];
        const others = Array<number>(callbacks - (kind === 'good' ? 1 : 0)).fill(refused);
        deepEqual(statuses, kind === 'good' ? [303, ...others] : others);
        equal(lab.provider.exchanges(), kind === 'good' ? 1 : 0);
      },
    ),
    { numRuns: orders, ...(seed !== undefined && { seed }) },
  );
}
