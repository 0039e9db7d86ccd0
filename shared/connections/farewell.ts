import type { Send } from '../core/fetch.ts';
import { log } from '../core/log.ts';
import { placed } from '../providers/app.ts';
import type { Candidate } from './account.ts';
import { authorise, placeOf } from './authorise.ts';
import { type Connection, type Farewell, next } from './connection.ts';
import { type Grant, valuesOf } from './grant.ts';
import { fillUrl } from './template.ts';
import { withBody } from './token-request.ts';

const TIMEOUT_MS = 5_000;

/** Returns the connection with what is said for `whom` before its grant ends; without `farewell`, with nothing for them. */
export function withFarewell(row: Connection, whom: string, farewell: Farewell | undefined): Connection {
  const { [whom]: _, ...others } = row.farewells ?? {};
  const farewells = farewell ? { ...others, [whom]: farewell } : others;
  return next(row, { farewells: Object.keys(farewells).length > 0 ? farewells : undefined });
}

/** Says to the provider what is to be said while the grant still lives. Nothing is insisted on: the disconnection goes on,
 *  and what is left there lapses. */
export async function bidFarewell(
  { send, moment }: { readonly send: Send; readonly moment: { readonly nowMs: number } },
  { entry, way, app }: Candidate,
  row: Connection,
  grant: Grant,
): Promise<void> {
  const { tenantId: tenant, provider, name: connection, farewells = {} } = row;
  const values = valuesOf(row, grant);
  await Promise.all(
    Object.entries(farewells).map(async ([whom, { method, base, path, json }]) => {
      const about = { tenant, provider, connection, outcome: whom };
      try {
        const { api } = entry.provider;
        const address = base === undefined ? api.baseUrl : api.bases?.[base]?.url;
        if (typeof address !== 'string') throw new Error('a farewell goes to an address that is the same for all');
        const url = placed(fillUrl(address, values) + path, app);
        const bare = { method, url, headers: { ...api.headers }, timeoutMs: TIMEOUT_MS, maxBytes: 64 * 1024 };
        const request = json ? withBody(bare, 'json', json) : bare;
        const answer = await send(await authorise(request, placeOf(way), values, moment.nowMs));
        const status = answer.ok ? answer.value.status : answer.error.reason;
        log.info('something was ended at the provider before the grant', { ...about, status });
      } catch (error) {
        log.bug('something was not ended at the provider', error, about);
      }
    }),
  );
}
