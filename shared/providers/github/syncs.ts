import * as z from 'zod';
import type { Syncs } from '../syncs.ts';

const PER_PAGE = 100;

const Named = z.object({ login: z.string() });
const Issues = z.array(
  z.object({
    id: z.int(),
    number: z.int(),
    title: z.string(),
    body: z.string().nullish(),
    state: z.string(),
    state_reason: z.string().nullish(),
    html_url: z.string(),
    comments: z.int().optional(),
    created_at: z.string(),
    updated_at: z.string(),
    closed_at: z.string().nullish(),
    user: Named.nullish(),
    assignees: z.array(Named).nullish(),
    labels: z.array(z.union([z.string(), z.object({ name: z.string().nullish() })])).default([]),
    repository: z.object({ full_name: z.string() }).optional(),
    pull_request: z.unknown().optional(),
  }),
);
const Repositories = z.array(
  z.object({
    id: z.int(),
    full_name: z.string(),
    private: z.boolean(),
    archived: z.boolean().default(false),
    html_url: z.string(),
    description: z.string().nullish(),
    default_branch: z.string().nullish(),
    language: z.string().nullish(),
    pushed_at: z.string().nullish(),
    updated_at: z.string(),
    owner: Named,
  }),
);
type Issue = z.infer<typeof Issues>[number];

export const githubSyncs = {
  /** The list moves while it is read: whatever is touched goes to its end, and page numbers slip. So each page begins at
   *  the last time of the page before, and numbers count only within one and the same second. */
  issues: {
    model: 'issues',
    docs: 'https://docs.github.com/en/rest/issues/issues#list-issues-assigned-to-the-authenticated-user',
    scopes: [], // without any it lists what is public
    everyS: 900,
    overlapS: 60,
    request: ({ since, page }) => {
      const { from, number } = readPlace(page) ?? { from: since, number: 1 };
      return {
        method: 'GET',
        path: '/issues',
        query: {
          filter: 'all',
          state: 'all',
          sort: 'updated',
          direction: 'asc',
          per_page: String(PER_PAGE),
          ...(from !== undefined && { since: from }),
          page: String(number),
        },
      };
    },
    page: ({ body, headers, page }) => {
      const issues = Issues.parse(body);
      const last = issues.at(-1)?.updated_at;
      const here = readPlace(page);
      const number = last === here?.from ? (here?.number ?? 1) + 1 : 1;
      return {
        records: issues.filter((issue) => !issue.pull_request).map(recordOf),
        next: last !== undefined && hasNext(headers.link) ? `${number}@${last}` : undefined,
        checkpoint: last,
      };
    },
    deletions: 'none',
    retention: {},
    nudgedBy: ['issues.*', 'issue_comment.*'],
  },
  /** Neither times to ask for nor tombstones: each run reads all of it, and what it does not meet is gone. */
  repositories: {
    model: 'repositories',
    docs: 'https://docs.github.com/en/rest/repos/repos#list-repositories-for-the-authenticated-user',
    scopes: [], // without any it lists what is public
    kinds: ['oauth2'], // an installation is nobody's
    everyS: 3_600,
    request: ({ page = '1' }) => ({
      method: 'GET',
      path: '/user/repos',
      query: { sort: 'created', direction: 'asc', per_page: PER_PAGE, page },
    }),
    page: ({ body, headers, page = '1' }) => ({
      records: Repositories.parse(body).map(({ id, updated_at: updatedAt, ...rest }) => ({
        id: String(id),
        updatedAt,
        data: {
          ...{ id, name: rest.full_name, description: rest.description ?? null, private: rest.private },
          ...{ archived: rest.archived, url: rest.html_url, defaultBranch: rest.default_branch ?? null },
          ...{ language: rest.language ?? null, owner: rest.owner.login, updatedAt, pushedAt: rest.pushed_at ?? null },
        },
      })),
      next: hasNext(headers.link) ? String(Number(page) + 1) : undefined,
    }),
    deletions: 'full-scan',
    retention: {},
    nudgedBy: ['repository.*', 'installation_repositories.*'],
  },
} as const satisfies Syncs;

/** A page's place as the run keeps it: `2@2026-11-20T10:00:00Z`, the second page of what was updated since then. */
function readPlace(page: string | undefined): { from: string; number: number } | undefined {
  const [, number, from] = /^(\d+)@(.+)$/.exec(page ?? '') ?? [];
  return number && from ? { from, number: Number(number) } : undefined;
}

/** RFC 8288. */
function hasNext(link: string | undefined): boolean {
  return /;\s*rel="?next"?/.test(link ?? '');
}

function recordOf(issue: Issue) {
  const { id, number, title, body, state, state_reason, html_url, comments, user, assignees, labels, repository } =
    issue;
  return {
    id: String(id),
    updatedAt: issue.updated_at,
    data: {
      ...{ id, number, title, state, comments },
      body: body ?? null,
      stateReason: state_reason ?? null,
      url: html_url,
      repository: repository?.full_name ?? null,
      author: user?.login ?? null,
      assignees: (assignees ?? []).map(({ login }) => login),
      labels: labels.map((label) => (typeof label === 'string' ? label : (label.name ?? ''))),
      createdAt: issue.created_at,
      updatedAt: issue.updated_at,
      closedAt: issue.closed_at ?? null,
    },
  };
}
