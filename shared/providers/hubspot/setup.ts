import type { Setup } from '../setup.ts';

export const hubspotSetup = {
  steps: [
    'In the HubSpot developer account open the app, then "Webhooks".',
    'Enter {url} as the target URL and create the subscriptions.',
    'Copy the client secret from "Auth": the webhooks are signed with it.',
  ],
  secret: 'issued',
} as const satisfies Setup;
