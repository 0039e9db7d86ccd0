import type { TenantConnections } from './store.ts';

/** Deletes the connections a removed tenant had until then; one made since belongs to a new tenant of the same id.
 *  Their tokens died with the data keys: nothing can be ended upstream any more. */
export async function clear(rows: TenantConnections, removedAtMs: number): Promise<void> {
  let cursor: string | undefined;
  do {
    const page = await rows.every(cursor);
    for (const row of page.items) if (row.createdAtMs <= removedAtMs) await rows.discard(row);
    cursor = page.cursor;
  } while (cursor);
}
