import type { Setup } from '../setup.ts';

export const twilioSetup = {
  steps: [
    'In the Twilio Console copy the auth token of the account: it is the secret, also where API keys are used for calls.',
    'Enter {url} as the webhook of the phone number or the messaging service, with POST, and as the status callback.',
  ],
  secret: 'issued',
} as const satisfies Setup;
