import type { Setup } from '../setup.ts';

export const posthogSetup = {
  steps: [
    'In PostHog open "Data pipelines", then "Destinations", and create an "HTTP Webhook" with the URL {url}.',
    'Add a header "Authorization" with the value "Bearer " and the secret behind it.',
    'Choose the events, and leave the body as it is.',
  ],
  secret: 'chosen',
} as const satisfies Setup;
