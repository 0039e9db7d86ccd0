import { demo } from './demo/index.ts';
import { discord } from './discord/index.ts';
import { github } from './github/index.ts';
import { google } from './google/index.ts';
import { hubspot } from './hubspot/index.ts';
import { microsoft } from './microsoft/index.ts';
import { mixpanel } from './mixpanel/index.ts';
import { mycarrierpackets } from './mycarrierpackets/index.ts';
import { notion } from './notion/index.ts';
import { posthog } from './posthog/index.ts';
import type { Provider, ProviderEntry } from './provider.ts';
import { quickbooks } from './quickbooks/index.ts';
import { resend } from './resend/index.ts';
import { s3 } from './s3/index.ts';
import { sendgrid } from './sendgrid/index.ts';
import { slack } from './slack/index.ts';
import { stripe } from './stripe/index.ts';
import { twilio } from './twilio/index.ts';
import { zapier } from './zapier/index.ts';

/** Who there is. What each can do stands in `callees.ts`, `polled.ts` and `senders.ts`: a bundle loads what it uses. */
export const definitions: Readonly<Record<string, Provider>> = {
  demo,
  discord,
  github,
  google,
  hubspot,
  microsoft,
  mixpanel,
  mycarrierpackets,
  notion,
  posthog,
  quickbooks,
  resend,
  s3,
  sendgrid,
  slack,
  stripe,
  twilio,
  zapier,
};

/** Returns the provider as this stage offers it, or nothing. */
export function findProvider(id: string, stage: string): ProviderEntry | undefined {
  const provider = Object.hasOwn(definitions, id) ? definitions[id] : undefined;
  return provider && isOffered(provider, stage) ? { provider } : undefined;
}

/** Returns every provider that this stage offers. */
export function offeredProviders(stage: string): ProviderEntry[] {
  return Object.values(definitions)
    .filter((provider) => isOffered(provider, stage))
    .map((provider) => ({ provider }));
}

function isOffered({ stages }: Provider, stage: string): boolean {
  return stages === undefined || stages.includes(stage);
}
