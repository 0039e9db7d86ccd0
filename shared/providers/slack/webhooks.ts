import type { Webhooks } from '../webhooks.ts';

/** Events, slash commands and interactivity come to one URL. In a channel shared between workspaces only the
 *  authorization tells whose installation the event was sent to. */
export const slackWebhooks = {
  docs: 'https://docs.slack.dev/authentication/verifying-requests-from-slack',
  signatures: [
    {
      kind: 'hmac',
      hash: 'sha256',
      header: 'x-slack-signature',
      prefix: 'v0=',
      encoding: 'hex',
      signed: [{ text: 'v0:' }, 'timestamp', { text: ':' }, 'body'],
      timestamp: { header: 'x-slack-request-timestamp', toleranceS: 300 },
    },
  ],
  eventId: [{ body: 'event_id' }, { body: 'trigger_id' }],
  eventType: [{ body: 'event.type' }, { body: 'command', as: 'slash_command' }, { body: 'type' }],
  retries: { header: 'x-slack-retry-num' },
  occurredAt: [{ at: 'event_time', unit: 's' }],
  accounts: [
    ['authorizations.0.team_id', 'authorizations.0.enterprise_id'],
    ['context_team_id', 'context_enterprise_id'],
    ['team_id', 'team.id', 'enterprise_id', 'enterprise.id'],
  ],
  replies: [
    { when: { body: 'type', equals: 'url_verification' }, handshake: 'verified', echo: { body: 'challenge' } },
    { when: { body: 'ssl_check', equals: '1' }, handshake: 'unsigned' },
  ],
  jsonInForm: 'payload',
  withheld: ['token'],
  answerWithinMs: 3_000,
  lifecycle: {
    app_uninstalled: { reason: 'uninstalled' },
    tokens_revoked: { reason: 'tokens_revoked', when: 'event.tokens.bot.0' },
  },
} as const satisfies Webhooks;
