import type { Webhooks } from '../webhooks.ts';

const done = (action: string) =>
  ({
    when: { body: 'action', equals: action },
    type: 'application/json',
    body: JSON.stringify({ action, status: 'success' }),
  }) as const;

/** Cohorts, a page of members at a time; the secret is the password of Basic, under any name. Whoever has it could name any
 *  project: an event belongs to the endpoint that it was sent to. */
export const mixpanelWebhooks = {
  docs: 'https://docs.mixpanel.com/docs/cohort-sync/webhooks',
  signatures: [{ kind: 'token', at: { header: 'authorization' }, prefix: 'Basic ', form: 'basic' }],
  eventId: [
    [{ body: 'parameters.mixpanel_session_id' }, { body: 'parameters.page_info.page_count' }, { body: 'action' }],
  ],
  eventType: [{ body: 'action' }],
  accounts: [],
  replies: [done('members'), done('add_members'), done('remove_members')],
  answerWithinMs: 10_000,
  unconfirmed: ['how long it waits for an answer'],
} as const satisfies Webhooks;
