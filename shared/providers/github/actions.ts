import * as z from 'zod';
import { type Actions, action } from '../actions.ts';

/** A name in a path: GitHub allows no more than these. */
const Name = z.string().regex(/^[A-Za-z0-9_.-]{1,100}$/, 'letters, digits and . _ - only');

export const githubActions = {
  'issues.create': action({
    title: 'Create an issue',
    docs: 'https://docs.github.com/en/rest/issues/issues#create-an-issue',
    scopes: ['repo'],
    effect: 'write',
    input: z.strictObject({
      owner: Name,
      repo: Name,
      title: z.string().min(1).max(256),
      body: z.string().max(65_536).optional(),
      labels: z.array(z.string().min(1).max(50)).max(100).optional(),
    }),
    output: z.object({
      id: z.number(),
      number: z.number(),
      title: z.string(),
      state: z.string(),
      html_url: z.string(),
    }),
    request: ({ owner, repo, ...json }) => ({ method: 'POST', path: `/repos/${owner}/${repo}/issues`, json }),
    example: {
      input: { owner: 'octocat', repo: 'hello-world', title: 'Found a bug', labels: ['bug'] },
      output: {
        id: 1,
        number: 1347,
        title: 'Found a bug',
        state: 'open',
        html_url: 'https://github.com/octocat/hello-world/issues/1347',
      },
    },
  }),
  'user.get': action({
    title: 'Read the connected user',
    docs: 'https://docs.github.com/en/rest/users/users#get-the-authenticated-user',
    scopes: ['read:user'],
    effect: 'read',
    input: z.strictObject({}),
    output: z.object({
      id: z.number(),
      login: z.string(),
      name: z.string().nullish(),
      email: z.string().nullish(),
      html_url: z.string(),
    }),
    request: () => ({ method: 'GET', path: '/user' }),
    example: {
      input: {},
      output: {
        id: 1,
        login: 'octocat',
        name: 'The Octocat',
        email: 'octocat@example.com',
        html_url: 'https://github.com/octocat',
      },
    },
  }),
} as const satisfies Actions;
