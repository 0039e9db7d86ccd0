import { by, iso, type ListApi, living, type Thing } from './list-api.ts';

const time = (ms: number) => iso(ms).replace(/\.\d+Z$/, 'Z');
const byNumber = (all: readonly Thing[], page: number) => ({
  page: all.slice((page - 1) * 3, page * 3),
  ...(all.length > page * 3 && { headers: { link: `<https://api.github.com/x?page=${page + 1}>; rel="next"` } }),
});

/** Pages have numbers, and the list moves while it is read. */
export const issues: ListApi = {
  perPage: 3,
  unlisted: ['deletions'],
  idOf: ({ n }) => String(n + 1),
  answer: ({ query = {} }, upstream) => {
    const since = query.since === undefined ? 0 : Date.parse(String(query.since));
    const sorted = living(upstream)
      .filter(({ changedMs }) => changedMs >= since)
      .sort(by(({ changedMs }) => changedMs));
    const { page, ...rest } = byNumber(sorted, Number(query.page));
    const body = page.map(({ n, text, madeMs, changedMs }) => ({
      ...{ id: n + 1, number: n + 1, title: text, state: 'open', html_url: `https://github.com/o/r/issues/${n}` },
      ...{ created_at: time(madeMs), updated_at: time(changedMs), user: { login: 'ada' }, labels: [], assignees: [] },
    }));
    return { ...rest, body };
  },
};

export const repositories: ListApi = {
  perPage: 3,
  idOf: ({ n }) => String(n + 1),
  answer: ({ query = {} }, upstream) => {
    const { page, ...rest } = byNumber(living(upstream).sort(by(({ madeMs }) => madeMs)), Number(query.page));
    const body = page.map(({ n, text, changedMs }) => ({
      ...{ id: n + 1, full_name: `o/r${n}`, description: text, private: true, archived: false, language: null },
      ...{ html_url: `https://github.com/o/r${n}`, default_branch: 'main', updated_at: time(changedMs) },
      ...{ pushed_at: time(changedMs), owner: { login: 'o' } },
    }));
    return { ...rest, body };
  },
};
