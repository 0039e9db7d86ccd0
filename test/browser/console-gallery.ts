import { callPage } from '../../shared/console/call.ts';
import { connectionPage } from '../../shared/console/connection.ts';
import { eventPage } from '../../shared/console/event.ts';
import { homePage } from '../../shared/console/home.ts';
import { signInPage } from '../../shared/console/sign-in.ts';
import { subscriptionPage } from '../../shared/console/subscription.ts';
import { type Connected, tenantPage } from '../../shared/console/tenant.ts';
import type { CallView, EventView } from '../../shared/console/views.ts';
import type { Page } from '../../shared/core/html.ts';

// The operator's pages on a bad day: long names, long ids, everything broken that can be.

const at = '2026-11-20T10:00:00.000Z';
const before = (minutes: number) => new Date(Date.parse(at) - minutes * 60_000).toISOString();
const ahead = (minutes: number) => before(-minutes);
const desk = { stage: 'prod', csrf: 'token', nowMs: Date.parse(at) };
const long = 'Donaudampfschifffahrtsgesellschaftskapitänswitwenkasse';

const tenant = {
  ...{ id: 'acme-0f2c9c4be41d4e0c8a5b6f7d8e9fa0b1', name: `Acme ${long}`, createdAt: before(90_000), updatedAt: at },
  returnUrls: ['https://app.example.com/connected', 'https://staging.app.example.com/settings/integrations/connected'],
};
const slack: Connected = {
  ...{ provider: 'slack', name: 'sales', mode: 'live', account: { id: 'T0123456789', name: `Acme ${long}` } },
  ...{
    scopes: ['chat:write', 'channels:history', 'users:read.email'],
    status: 'needs_reauth',
    reason: 'grant_revoked',
  },
  ...{ createdAt: before(90_000), updatedAt: before(12), ref: 'slack:sales' },
};
const github: Connected = {
  ...{ provider: 'github', name: 'default', mode: 'live', account: { id: '21031067' }, scopes: ['repo'] },
  ...{ status: 'active', expiresAt: ahead(400), createdAt: before(9_000), updatedAt: before(80), ref: 'github' },
};
const error = {
  ...{ provider: 'slack', status: 503, code: 'service_unavailable', retryable: true, retryAfter: 120 },
  ...{ message: `The service cannot answer: ${'x'.repeat(90)}`, requestId: '0f2c9c4be41d4e0c8a5b6f7d8e9fa0b1' },
  details: { hidden: true },
};
const call: CallView = {
  ...{ id: 'call_01k9w2v3x4y5z6a7b8c9d0e1f2', status: 'outcome_unknown', connection: 'slack:sales', error },
  ...{ action: 'chat.postMessage', createdAt: before(30), expiresAt: ahead(1_400) },
  attempts: [
    { at: before(30), ms: 10_004, status: 503, error },
    { at: before(12), ms: 212, error: { ...error, status: undefined, code: 'timeout' } },
  ],
};
const event: EventView = {
  ...{ id: `Ev${'0123456789'.repeat(9)}`, provider: 'github', type: 'pull_request_review_comment.created', data: null },
  ...{ receivedAt: before(5), occurredAt: before(6), connection: 'github', outcome: 'failed' },
  handlers: [
    { name: 'issues', outcome: 'failed', tries: 3, at: before(1), error: 'ZodError', replay: 'rpl_01k9w2v3x4y5z6a7' },
  ],
};
const sync = {
  ...{ sync: 'issues', model: 'issues', enabled: true, every: 300, adaptive: true, status: 'failing' },
  ...{ lastSuccessAt: before(240), lagS: 14_400, nextRunAt: ahead(20), records: 12_345 },
  error: { code: 'http_502', message: 'Bad gateway', at: before(2) },
};
const subscription = {
  ...{ id: 'sub_01k9w2v3x4y5z6a7b8c9d0e1f2', url: `https://app.example.com/hub-events/${'very-long-'.repeat(12)}` },
  ...{ types: ['connection.*', 'webhook.received'], perSecond: 50, enabled: true, failingSince: before(700) },
  ...{ keys: [], createdAt: before(90_000) },
};

export const consoleGallery: Readonly<Record<string, Page>> = {
  'console sign-in': signInPage('prod', {
    ...{ csrf: 'token', to: '/console/tenants/acme', problem: 'That is not the operator key of this stage.' },
  }),
  'console home': homePage(desk, {
    lists: {
      tenants: {
        items: [
          { ...tenant, status: 'active' },
          { ...tenant, name: 'شركة النقل', status: 'removing' },
        ],
        cursor: 'x',
      },
      subscriptions: { items: [subscription, { ...subscription, enabled: false, reason: 'gone' }] },
      unrouted: [{ ...event, outcome: 'unrouted', connection: undefined }],
    },
    health: {
      status: 'degraded',
      stage: 'prod',
      version: '0.1.0',
      checks: { database: 'unreachable', deadLetters: 'some' },
    },
    missed: 'Calls and events are kept by tenant: say whose it is.',
  }),
  'console tenant': tenantPage(desk, {
    tenant: { ...tenant, status: 'removing' },
    connections: { items: [slack, github] },
    endpoints: {
      items: [
        {
          ...{ id: 'mPpvU3zYVRTbT0FqBq8kGUpDn1lFhBEqkbo2dNuc7hI', provider: 'google', connection: 'google', url: 'x' },
          subscription: {
            ...{ kind: 'calendar', status: 'failing', endsAt: ahead(90) },
            error: { code: 'forbidden', message: 'Not allowed', at },
          },
          ...{ secrets: [], createdAt: before(800), updatedAt: at },
        },
      ],
    },
    failedCalls: [call],
    failedEvents: [event],
    failingSyncs: [{ ...sync, connection: 'github' }],
    calls: [call, { ...call, status: 'succeeded', error: undefined }],
    events: [event],
    activity: [
      {
        ...{ id: 'aud_1', tenant: tenant.id, atMs: desk.nowMs - 9_000, action: 'call.retried' },
        ...{ actor: { kind: 'key', id: `${tenant.id}.0123456789ab` }, target: { call: call.id }, error: 'not_found' },
      },
    ],
  }),
  'console connection': connectionPage(desk, {
    ...{ tenant: tenant.id, ref: slack.ref, connection: slack, confirming: true, calls: [call], subscriptions: [] },
    refresh: {
      ...{ way: 'oauth2', settings: { subdomain: 'acme' }, authorizedAt: before(9_000), underWay: true },
      failed: { attempts: 4, notBefore: ahead(8), ambiguous: true },
    },
    circuits: { connection: { state: 'closed' }, provider: { state: 'open', since: before(9), nextTryAt: ahead(1) } },
    syncs: [sync, { ...sync, sync: 'pulls', enabled: false, error: undefined, lagS: undefined, status: 'idle' }],
  }),
  'console call': callPage(desk, {
    tenant: tenant.id,
    call,
    payload: { value: { details: { reason: '<b>down</b>', token: 'made-up', text: 'long '.repeat(60) } } },
  }),
  'console event': eventPage(desk, { tenant: tenant.id, event, begun: 'rpl_01k9w2v3x4y5z6a7b8c9d0e1f2' }),
  'console subscription': subscriptionPage(desk, {
    ...{ subscription, answers: true, done: 'A test event is on its way.' },
    deliveries: {
      items: [
        {
          ...{ event: 'evt_01k9w2v3x4y5z6a7b8c9d0e1f2', type: 'connection.needs_reauth', tenant: tenant.id },
          ...{ status: 'pending', createdAt: before(40), nextAttemptAt: ahead(20) },
          attempts: [{ at: before(39), ms: 120, status: 503, error: 'http_503', answer: 'Back soon' }],
        },
        {
          ...{ event: `evt_${'0f2c'.repeat(8)}`, type: 'webhook.received', tenant: 'globex', status: 'exhausted' },
          ...{ createdAt: before(9_000), attempts: [] },
        },
      ],
    },
  }),
};
