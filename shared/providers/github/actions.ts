import * as z from 'zod';
import { type Actions, action, path } from '../actions.ts';

const docs = (page: string) => `https://docs.github.com/en/rest/${page}`;
const issue = {
  ...{ id: 1, number: 1347, title: 'Found a bug', state: 'open' },
  html_url: 'https://github.com/octocat/hello-world/issues/1347',
};
const repo = { owner: 'octocat', repo: 'hello-world' };

export function githubActions(): Actions {
  /** A name in a path: GitHub allows no more than these. */
  const Name = z.string().regex(/^[A-Za-z0-9_.-]{1,100}$/, 'letters, digits and . _ - only');
  const Label = z.string().min(1).max(50);
  const page = { page: z.int().min(1).default(1), perPage: z.int().min(1).max(100).default(30) };
  const Issue = z.object({
    ...{ id: z.number(), number: z.number(), title: z.string(), state: z.string(), html_url: z.string() },
    ...{ body: z.string().nullish(), updated_at: z.string().optional() },
    /** Pull requests are in the list as well: these have it. */
    pull_request: z.looseObject({}).optional(),
  });

  return {
    'issues.create': action({
      ...{ title: 'Create an issue', docs: docs('issues/issues#create-an-issue'), scopes: ['repo'], effect: 'write' },
      input: z.strictObject({
        ...{ owner: Name, repo: Name, title: z.string().min(1).max(256) },
        body: z.string().max(65_536).optional(),
        labels: z.array(Label).max(100).optional(),
      }),
      output: Issue,
      request: ({ owner, repo, ...json }) => ({ method: 'POST', path: path`/repos/${owner}/${repo}/issues`, json }),
      example: { input: { ...repo, title: issue.title, labels: ['bug'] }, output: issue },
    }),
    'issues.list': action({
      title: 'List the issues of a repository',
      ...{ docs: docs('issues/issues#list-repository-issues'), scopes: ['repo'], effect: 'read' },
      input: z.strictObject({
        ...{ owner: Name, repo: Name, ...page },
        state: z.enum(['open', 'closed', 'all']).default('open'),
        labels: z.array(Label).max(20).optional(),
        since: z.iso.datetime().optional(),
      }),
      output: z.array(Issue),
      request: ({ owner, repo, labels, perPage, ...query }) => ({
        method: 'GET',
        path: path`/repos/${owner}/${repo}/issues`,
        query: { ...query, labels: labels?.join(','), per_page: perPage },
      }),
      example: { input: { ...repo, state: 'all' }, output: [issue] },
    }),
    'repos.list': action({
      title: 'List the repositories of the connected user',
      ...{ docs: docs('repos/repos#list-repositories-for-the-authenticated-user'), scopes: ['repo'], effect: 'read' },
      input: z.strictObject({
        ...page,
        visibility: z.enum(['all', 'public', 'private']).optional(),
        sort: z.enum(['created', 'updated', 'pushed', 'full_name']).default('updated'),
      }),
      output: z.array(
        z.object({
          ...{ id: z.number(), name: z.string(), full_name: z.string(), private: z.boolean(), html_url: z.string() },
          ...{ description: z.string().nullish(), default_branch: z.string().optional() },
        }),
      ),
      request: ({ perPage, ...query }) => ({
        method: 'GET',
        path: '/user/repos',
        query: { ...query, per_page: perPage },
      }),
      example: {
        input: {},
        output: [
          {
            ...{ id: 1296269, name: 'hello-world', full_name: 'octocat/hello-world', private: false },
            ...{ html_url: 'https://github.com/octocat/hello-world', description: null, default_branch: 'main' },
          },
        ],
      },
    }),
    'user.get': action({
      title: 'Read the connected user',
      ...{ docs: docs('users/users#get-the-authenticated-user'), scopes: ['read:user'], effect: 'read' },
      input: z.strictObject({}),
      output: z.object({
        ...{ id: z.number(), login: z.string(), html_url: z.string() },
        ...{ name: z.string().nullish(), email: z.string().nullish() },
      }),
      request: () => ({ method: 'GET', path: '/user' }),
      example: {
        input: {},
        output: {
          ...{ id: 1, login: 'octocat', html_url: 'https://github.com/octocat' },
          ...{ name: 'The Octocat', email: 'octocat@example.com' },
        },
      },
    }),
  };
}
