import type { Setup } from '../setup.ts';

export const resendSetup = {
  steps: [
    'In the Resend dashboard open "Webhooks" and add one with the endpoint URL {url}.',
    'Choose the events, and copy the signing secret (whsec_…).',
  ],
  secret: 'issued',
} as const satisfies Setup;
