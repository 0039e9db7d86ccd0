import type { Setup } from '../setup.ts';

export const githubSetup = {
  steps: [
    'Open "Settings", then "Webhooks" of the repository or organization, or "Webhook" of the GitHub App.',
    'Enter {url} as the payload URL, application/json as the content type, and the secret.',
    'Choose the events.',
  ],
  secret: 'chosen',
} as const satisfies Setup;
