import type { Setup } from '../setup.ts';

export const stripeSetup = {
  steps: [
    'In the Stripe Dashboard open "Workbench", then "Webhooks", and add a destination of the kind "Webhook endpoint".',
    'Choose the events of your account, or of connected accounts, and enter {url} as the endpoint URL.',
    'Copy the signing secret (whsec_…) of the destination.',
  ],
  secret: 'issued',
} as const satisfies Setup;
