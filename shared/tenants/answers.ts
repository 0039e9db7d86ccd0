import * as z from 'zod';
import type { Answers } from '../core/answers.ts';
import type { tenantsContract } from './contract.ts';

const Tenant = z.object({
  id: z.string(),
  name: z.string(),
  returnUrls: z.array(z.string()),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
});
const Key = z.object({
  id: z.string(),
  name: z.string().optional(),
  service: z.string().optional().describe('which of your services holds it'),
  createdAt: z.iso.datetime(),
  lastUsedAt: z.iso.datetime().optional().describe('to the hour'),
});

const acme = {
  id: 'acme',
  name: 'Acme',
  returnUrls: ['https://app.example.com/connected'],
  createdAt: '2026-11-20T10:00:00.000Z',
  updatedAt: '2026-11-20T10:00:00.000Z',
};
const key = { id: 'k_01', name: 'backend', service: 'billing', createdAt: '2026-11-20T10:00:00.000Z' };

export const tenantsAnswers = {
  create: {
    answer: Tenant,
    example: acme,
    body: { id: 'acme', name: 'Acme', returnUrls: ['https://app.example.com/connected'] },
    refusals: ['conflict'],
  },
  get: { answer: Tenant, example: acme },
  update: { answer: Tenant, example: { ...acme, name: 'Acme Corp' }, body: { name: 'Acme Corp' } },
  remove: { refusals: ['conflict'] },
  'create-key': {
    answer: Key.extend({ key: z.string() }),
    example: { ...key, key: 'pb_prod_k01_made-up' },
    body: { name: 'backend', service: 'billing' },
  },
  'list-keys': {
    answer: z.object({ items: z.array(Key), cursor: z.string().optional() }),
    example: { items: [{ ...key, lastUsedAt: '2026-11-21T09:00:00.000Z' }] },
  },
  'revoke-key': {},
} as const satisfies Answers<typeof tenantsContract>;
