import { by, iso, type ListApi, pageAfter } from './list-api.ts';

const contacts: ListApi = {
  perPage: 3,
  idOf: ({ n }) => `c${n}`,
  answer: ({ query = {} }, { things }) => {
    const since = query.updated_since === undefined ? 0 : Date.parse(String(query.updated_since));
    const changed = things.filter(({ changedMs }) => changedMs >= since).sort(by(({ changedMs }) => changedMs));
    const { page, next } = pageAfter(changed, query.cursor, 3);
    const items = page.map(({ n, text, changedMs, gone }) => ({
      ...{ id: `c${n}`, name: text, email: `${n}@example.com`, updatedAt: iso(changedMs), deleted: gone },
    }));
    return { body: { items, next: next ?? null } };
  },
};

/** Nothing happens while somebody listens. */
const live: ListApi = {
  ...contacts,
  settings: { windowS: 20 },
  quietRequests: 2,
  answer: (request, upstream) =>
    request.listen
      ? { body: { results: [], ended: 'window', acknowledged: true } }
      : contacts.answer(request, upstream),
};

export { contacts, live as 'live-contacts' };
