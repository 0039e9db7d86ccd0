import type { Setup } from '../setup.ts';

export const discordSetup = {
  steps: [
    'At discord.com/developers/applications open the app and copy its public key from "General Information": it is the secret to enter here, before the next step.',
    'Enter {url} as the interactions endpoint URL; Discord asks for an answer at once.',
    'Enter {url} under "Webhooks" too, and choose the events.',
  ],
  secret: 'issued',
} as const satisfies Setup;
