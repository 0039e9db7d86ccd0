import { demoActions } from './demo/actions.ts';
import { demo } from './demo/index.ts';
import { demoSyncs } from './demo/syncs.ts';
import { discord } from './discord/index.ts';
import { githubActions } from './github/actions.ts';
import { github } from './github/index.ts';
import { githubSyncs } from './github/syncs.ts';
import { google } from './google/index.ts';
import { hubspot } from './hubspot/index.ts';
import { microsoft } from './microsoft/index.ts';
import { mixpanel } from './mixpanel/index.ts';
import { mycarrierpackets } from './mycarrierpackets/index.ts';
import { notion } from './notion/index.ts';
import { posthog } from './posthog/index.ts';
import type { ProviderEntry } from './provider.ts';
import { quickbooks } from './quickbooks/index.ts';
import { resend } from './resend/index.ts';
import { s3 } from './s3/index.ts';
import { webhooksOf } from './senders.ts';
import { sendgrid } from './sendgrid/index.ts';
import { slackActions } from './slack/actions.ts';
import { slack } from './slack/index.ts';
import { slackSyncs } from './slack/syncs.ts';
import { stripe } from './stripe/index.ts';
import { twilio } from './twilio/index.ts';
import { zapier } from './zapier/index.ts';

/** Connected, and called by raw requests alone. */
const raw = { actions: {}, syncs: {} } as const;

/** The index of all providers: a new one is a folder and a line here. */
export const catalogue: Readonly<Record<string, ProviderEntry>> = {
  demo: { provider: demo, actions: demoActions, syncs: demoSyncs },
  discord: { provider: discord, ...raw },
  github: { provider: github, webhooks: webhooksOf.github, actions: githubActions, syncs: githubSyncs },
  google: { provider: google, ...raw },
  hubspot: { provider: hubspot, ...raw },
  microsoft: { provider: microsoft, ...raw },
  mixpanel: { provider: mixpanel, ...raw },
  mycarrierpackets: { provider: mycarrierpackets, ...raw },
  notion: { provider: notion, ...raw },
  posthog: { provider: posthog, ...raw },
  quickbooks: { provider: quickbooks, ...raw },
  resend: { provider: resend, ...raw },
  s3: { provider: s3, ...raw },
  sendgrid: { provider: sendgrid, ...raw },
  slack: { provider: slack, webhooks: webhooksOf.slack, actions: slackActions, syncs: slackSyncs },
  stripe: { provider: stripe, ...raw },
  twilio: { provider: twilio, ...raw },
  zapier: { provider: zapier, ...raw },
};

/** Returns the provider as this stage offers it, or nothing. */
export function findProvider(id: string, stage: string): ProviderEntry | undefined {
  const entry = Object.hasOwn(catalogue, id) ? catalogue[id] : undefined;
  return entry && offered(entry, stage) ? entry : undefined;
}

/** Returns every provider that this stage offers. */
export function offeredProviders(stage: string): ProviderEntry[] {
  return Object.values(catalogue).filter((entry) => offered(entry, stage));
}

function offered({ provider }: ProviderEntry, stage: string): boolean {
  return provider.stages === undefined || provider.stages.includes(stage);
}
