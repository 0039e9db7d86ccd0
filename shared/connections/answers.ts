import * as z from 'zod';
import type { Answers } from '../core/answers.ts';
import type { connectionsContract } from './contract.ts';

const Connection = z.object({
  provider: z.string(),
  name: z.string(),
  status: z.enum(['active', 'needs_reauth', 'revocation_pending', 'revoked']),
  account: z.object({ id: z.string(), name: z.string().optional() }),
  scopes: z.array(z.string()),
  mode: z.enum(['live', 'mock', 'hybrid']),
  expiresAt: z.iso.datetime().optional(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
  reason: z.string().optional(),
});
const Provider = z.object({
  id: z.string(),
  name: z.string(),
  docs: z.string(),
  auth: z.array(z.string()),
  actions: z.array(z.string()),
  syncs: z.array(z.string()),
  webhooks: z.boolean(),
});

const github = {
  provider: 'github',
  name: 'default',
  status: 'active',
  account: { id: '21031067', name: 'octocat' },
  scopes: ['repo'],
  mode: 'live',
  createdAt: '2026-11-20T10:00:00.000Z',
  updatedAt: '2026-11-20T10:00:00.000Z',
};

export const connectionsAnswers = {
  catalogue: {
    answer: z.object({ items: z.array(Provider) }),
    example: {
      items: [
        {
          ...{ id: 'github', name: 'GitHub', docs: 'https://docs.github.com/en/apps', auth: ['oauth2'] },
          ...{ actions: ['issues.create'], syncs: ['issues'], webhooks: true },
        },
      ],
    },
  },
  describe: {
    answer: z.looseObject({
      id: z.string(),
      name: z.string(),
      docs: z.string(),
      auth: z.array(z.looseObject({ kind: z.string(), revocable: z.boolean() })),
      actions: z.array(z.looseObject({ id: z.string(), title: z.string(), effect: z.enum(['read', 'write']) })),
      syncs: z.array(z.looseObject({ id: z.string(), model: z.string(), everyS: z.number() })),
    }),
  },
  'create-session': {
    answer: z.object({ id: z.string(), url: z.string(), expiresAt: z.iso.datetime() }),
    body: { provider: 'github', endUser: 'ada@acme.example', returnUrl: 'https://app.example.com/connected' },
    example: {
      id: 'cs_01kad6r3n8',
      url: 'https://hub.example.com/connect/cs_01kad6r3n8.made-up',
      expiresAt: '2026-11-20T10:15:00.000Z',
    },
    refusals: ['not_configured', 'conflict'],
  },
  open: { answer: 'page', refusals: ['link_invalid', 'link_expired', 'link_used', 'wrong_browser', 'not_configured'] },
  start: {
    answer: 'page',
    also: { 303: 'To the provider, or back to the app' },
    refusals: [
      ...(['invalid_request', 'payload_too_large', 'unsupported_media_type', 'link_invalid', 'link_expired'] as const),
      ...(['link_used', 'wrong_browser', 'not_configured', 'conflict', 'provider_error'] as const),
      ...(['provider_unavailable', 'forbidden'] as const),
    ],
  },
  callback: {
    answer: 'page',
    also: { 303: 'Back to the app' },
    refusals: ['invalid_state', 'wrong_browser', 'link_expired', 'link_used', 'exchange_failed', 'not_configured'],
  },
  confirm: {
    answer: Connection,
    example: github,
    body: { ticket: 'made-up-ticket', endUser: 'ada@acme.example' },
    refusals: ['conflict', 'account_mismatch', 'forbidden'],
  },
  create: {
    answer: Connection,
    example: { ...github, provider: 'sendgrid', account: { id: 'sendgrid' }, scopes: [] },
    body: { provider: 'sendgrid', credential: { kind: 'api_key', apiKey: 'SG.made-up' } },
    refusals: ['conflict', 'account_mismatch', 'not_configured', 'provider_error', 'provider_unavailable'],
  },
  list: {
    answer: z.object({ items: z.array(Connection), cursor: z.string().optional() }),
    example: { items: [github] },
  },
  get: { answer: Connection, example: github },
  remove: {
    answer: Connection,
    example: { ...github, status: 'revoked' },
    refusals: ['conflict', 'provider_error', 'provider_unavailable'],
  },
} as const satisfies Answers<typeof connectionsContract>;
