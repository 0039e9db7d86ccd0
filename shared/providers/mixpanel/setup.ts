import type { Setup } from '../setup.ts';

export const mixpanelSetup = {
  steps: [
    'In Mixpanel open "Data Management", then "Integrations", "Custom Webhook", and add a connection with the URL {url}.',
    'Choose basic authentication, with any user name and the secret as the password.',
    'Sync the cohorts to it.',
  ],
  secret: 'chosen',
} as const satisfies Setup;
