import type { Setup } from '../setup.ts';

export const zapierSetup = {
  steps: [
    'In the Zap add the action "Webhooks by Zapier", "POST", with the URL {url} and the payload type json.',
    'Add a header "Authorization" with the value "Bearer " and the secret behind it.',
  ],
  secret: 'chosen',
} as const satisfies Setup;
