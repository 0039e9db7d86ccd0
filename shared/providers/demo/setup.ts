import type { Setup } from '../setup.ts';

export const demoSetup = {
  steps: ['Post {"url": "{url}"} to /_webhooks of the demo provider: it tells of its contacts from then on.'],
  secret: 'issued',
} as const satisfies Setup;
