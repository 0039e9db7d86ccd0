import type { Setup } from '../setup.ts';

export const slackSetup = {
  steps: [
    'At api.slack.com/apps choose the app, and copy its signing secret from "Basic Information".',
    'Under "Event Subscriptions" switch events on and enter {url} as the request URL; subscribe to app_uninstalled and tokens_revoked besides what you need.',
    'Enter {url} under "Interactivity & Shortcuts" and for each slash command, where the app has them.',
  ],
  secret: 'issued',
} as const satisfies Setup;
