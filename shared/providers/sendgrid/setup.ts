import type { Setup } from '../setup.ts';

export const sendgridSetup = {
  steps: [
    'In SendGrid open "Settings", then "Mail Settings", "Event Webhooks", and create one with the post URL {url}.',
    'Under "Security features" enable the signed event webhook, and save.',
    'Copy the verification key: it is the public key to enter here as the secret.',
  ],
  secret: 'issued',
} as const satisfies Setup;
