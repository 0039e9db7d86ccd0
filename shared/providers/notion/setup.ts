import type { Setup } from '../setup.ts';

export const notionSetup = {
  steps: [
    'At notion.so/profile/integrations open the integration, then "Webhooks", and create a subscription with the URL {url}.',
    'Notion sends a verification token to it at once; the operator finds it at GET /v1/events/unrouted, for a day.',
    'Enter the token at Notion to confirm the subscription, and here as the secret.',
  ],
  secret: 'issued',
} as const satisfies Setup;
