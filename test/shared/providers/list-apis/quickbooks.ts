import { iso, type ListApi, type Thing } from './list-api.ts';

const QUERY =
  /^SELECT \* FROM (\w+)( WHERE Active IN \(true, false\))? ORDERBY Id STARTPOSITION (\d+) MAXRESULTS (\d+)$/;
const DAYS_30_MS = 30 * 86_400_000;

/** A query lists what exists, customers only while they are active, unless asked for all; CDC tells at most 1,000 changes
 *  of the last 30 days, deletions among them. */
function entity(name: string, field: string): ListApi {
  const shown = ({ n, text, changedMs }: Thing) => ({
    ...{ Id: String(n + 1), SyncToken: '0', domain: 'QBO', sparse: false, [field]: text, Active: n % 2 === 0 },
    MetaData: { LastUpdatedTime: iso(changedMs).replace('.000Z', '+00:00') },
  });
  return {
    perPage: 1_000,
    idOf: ({ n }) => String(n + 1),
    answer: ({ path, query = {} }, { things, nowMs }) => {
      if (path === '/query') {
        const [, from, all, start, count] = QUERY.exec(String(query.query)) ?? [];
        if (from !== name)
          return { status: 400, body: { Fault: { Error: [{ code: '4000' }], type: 'ValidationFault' } } };
        const begin = Number(start) - 1;
        const found = things
          .filter(({ gone, n }) => !gone && (name !== 'Customer' || all !== undefined || n % 2 === 0))
          .slice(begin, begin + Number(count));
        return { body: { QueryResponse: found.length === 0 ? {} : { [name]: found.map(shown) }, time: iso(nowMs) } };
      }
      const since = Date.parse(String(query.changedSince));
      if (nowMs - since > DAYS_30_MS) return { status: 400, body: { Fault: { Error: [{ code: '4001' }] } } };
      const changed = things.filter(({ changedMs }) => changedMs >= since).slice(0, 1_000);
      const objects = changed.map((thing) =>
        thing.gone ? { Id: String(thing.n + 1), status: 'Deleted', MetaData: shown(thing).MetaData } : shown(thing),
      );
      const answer = objects.length === 0 ? {} : { [name]: objects };
      return { body: { CDCResponse: [{ QueryResponse: [answer] }], time: iso(nowMs) } };
    },
  };
}

export const customers = entity('Customer', 'DisplayName');
export const invoices = entity('Invoice', 'DocNumber');
export const payments = entity('Payment', 'PrivateNote');
