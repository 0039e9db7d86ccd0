import type { Webhooks } from '../webhooks.ts';

/** No time is signed: the delivery id alone defends against replay. Accounts are users and organizations, as
 *  `/user` numbers them; an installation's id is numbered apart and would meet a stranger's. */
export const githubWebhooks = {
  docs: 'https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries',
  signatures: [
    {
      kind: 'hmac',
      hash: 'sha256',
      header: 'x-hub-signature-256',
      prefix: 'sha256=',
      encoding: 'hex',
      signed: ['body'],
      requires: ['x-github-event', 'x-github-delivery'],
    },
  ],
  eventId: [{ header: 'x-github-delivery' }],
  eventType: [{ header: 'x-github-event' }],
  eventAction: { body: 'action' },
  accounts: [['repository.owner.id'], ['organization.id'], ['installation.account.id']],
  ways: ['oauth2', 'app_jwt'],
  accountsOf: { 'github_app_authorization.revoked': [['sender.id']] },
  jsonInForm: 'payload',
  answerWithinMs: 10_000,
  lifecycle: {
    'installation.deleted': { reason: 'uninstalled', ways: ['app_jwt'] },
    'github_app_authorization.revoked': { reason: 'tokens_revoked' },
  },
} as const satisfies Webhooks;
