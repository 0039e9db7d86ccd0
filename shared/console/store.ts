import type { Table } from '../core/aws.ts';

/** Reads one row that does not exist: resolves when the database answers. No tenant's id begins with `_`. */
export async function ping(table: Table): Promise<void> {
  await table.get({ pk: '_health', sk: '_health' });
}
