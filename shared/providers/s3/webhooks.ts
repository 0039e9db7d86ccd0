import type { Webhooks } from '../webhooks.ts';

const amazon = 'sns\\.[a-z0-9-]{3,40}\\.amazonaws\\.com(\\.cn)?';

/** A bucket's events through an SNS topic, which the settings name. Whoever may publish there could name any bucket: an event
 *  belongs to the endpoint that it was sent to. */
export const s3Webhooks = {
  docs: 'https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html',
  signatures: [{ kind: 'sns', hosts: amazon }],
  settings: 'senders',
  embedded: [{ at: 'Message', encoding: 'json' }],
  events: [{ at: 'Message.Records.*' }],
  eventId: [
    [{ body: 's3.bucket.name' }, { body: 's3.object.key' }, { body: 's3.object.sequencer' }, { body: 'eventName' }],
    { body: 'MessageId' },
  ],
  eventType: [{ body: 'eventName' }, { body: 'Message.Event' }, { body: 'Type' }],
  occurredAt: [
    { at: 'eventTime', unit: 'iso' },
    { at: 'Timestamp', unit: 'iso' },
  ],
  accounts: [],
  replies: [
    {
      when: { body: 'Type', equals: 'SubscriptionConfirmation' },
      handshake: 'verified',
      visit: { at: 'SubscribeURL', hosts: amazon },
    },
  ],
  answerWithinMs: 15_000,
} as const satisfies Webhooks;
