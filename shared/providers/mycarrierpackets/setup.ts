import type { Setup } from '../setup.ts';

export const mycarrierpacketsSetup = {
  steps: [
    'At mycarrierpackets.com/Webhooks add a webhook with the URL {url} and choose its events.',
    'Copy its secret.',
  ],
  secret: 'issued',
} as const satisfies Setup;
