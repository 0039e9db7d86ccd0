import type { Webhooks } from '../webhooks.ts';

/** No time is signed and deliveries have no id: the body's hash is the id. Customers are numbered, connections are known by
 *  user names: an event belongs to the endpoint that it was sent to. */
export const mycarrierpacketsWebhooks = {
  docs: 'https://mycarrierpackets.com/Webhooks/Documentation/',
  signatures: [{ kind: 'hmac', hash: 'sha256', header: 'mcp-signature', encoding: 'hex', signed: ['body'] }],
  eventId: [],
  eventType: [{ body: 'eventType' }, { header: 'mcp-event' }],
  occurredAt: [{ at: 'eventDateTime', unit: 'iso' }],
  accounts: [],
  answerWithinMs: 10_000,
  unconfirmed: ['hex: another version of the page says base64', 'how long it waits for an answer'],
} as const satisfies Webhooks;
