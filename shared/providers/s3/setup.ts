import type { Setup } from '../setup.ts';

export const s3Setup = {
  steps: [
    'Have the bucket notify an SNS topic; name the ARN of the topic in the settings here: {"senders": ["arn:aws:sns:…"]}.',
    'Subscribe {url} to the topic with the protocol HTTPS, without raw message delivery. The hub confirms by itself.',
  ],
  secret: 'none',
} as const satisfies Setup;
