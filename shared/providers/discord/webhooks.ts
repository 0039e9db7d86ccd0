import type { Webhooks } from '../webhooks.ts';

const interaction = (equals: string) => ({ body: 'type', equals }) as const;
const say = (answer: unknown) => ({ type: 'application/json', body: JSON.stringify(answer) }) as const;

/** Interactions (commands, buttons, forms) and webhook events, both signed with the app's key: the secret is its public key.
 *  An interaction is answered by "later": who handles it goes on with its token, which lives for 15 minutes. */
export const discordWebhooks = {
  docs: 'https://discord.com/developers/docs/interactions/overview',
  signatures: [
    {
      kind: 'ed25519',
      header: 'x-signature-ed25519',
      encoding: 'hex',
      signed: ['timestamp', 'body'],
      timestamp: { header: 'x-signature-timestamp', toleranceS: 300 },
    },
  ],
  eventId: [{ body: 'id' }],
  eventType: [
    { body: 'event.type' },
    { ...interaction('2'), as: 'application_command' },
    { ...interaction('3'), as: 'message_component' },
    { ...interaction('4'), as: 'application_command_autocomplete' },
    { ...interaction('5'), as: 'modal_submit' },
  ],
  occurredAt: [{ at: 'event.timestamp', unit: 'iso' }],
  accounts: [
    ['authorizing_integration_owners.1', 'authorizing_integration_owners.0', 'guild_id'],
    ['event.data.user.id', 'event.data.guild.id'],
  ],
  replies: [
    { when: { body: 'event' }, status: 204 },
    { when: interaction('0'), handshake: 'verified', status: 204 },
    { when: interaction('1'), handshake: 'verified', ...say({ type: 1 }) },
    { when: interaction('2'), ...say({ type: 5 }) },
    { when: interaction('3'), ...say({ type: 6 }) },
    { when: interaction('4'), ...say({ type: 8, data: { choices: [] } }) },
    { when: interaction('5'), ...say({ type: 5 }) },
  ],
  answerWithinMs: 3_000,
  lifecycle: { APPLICATION_DEAUTHORIZED: { reason: 'tokens_revoked' } },
} as const satisfies Webhooks;
