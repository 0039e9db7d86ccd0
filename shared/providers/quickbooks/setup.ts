import type { Setup } from '../setup.ts';

export const quickbooksSetup = {
  steps: [
    'At developer.intuit.com open the app, then "Webhooks" of the environment in use.',
    'Enter {url} as the endpoint URL, choose the entities, and save.',
    'Copy the verifier token: it is the secret.',
  ],
  secret: 'issued',
} as const satisfies Setup;
