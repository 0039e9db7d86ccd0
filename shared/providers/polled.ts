import { demoSyncs } from './demo/syncs.ts';
import { discordSyncs } from './discord/syncs.ts';
import { githubSyncs } from './github/syncs.ts';
import { googleSyncs } from './google/syncs.ts';
import { hubspotSyncs } from './hubspot/syncs.ts';
import { microsoftSyncs } from './microsoft/syncs.ts';
import { mycarrierpacketsSyncs } from './mycarrierpackets/syncs.ts';
import { notionSyncs } from './notion/syncs.ts';
import { quickbooksSyncs } from './quickbooks/syncs.ts';
import { sendgridSyncs } from './sendgrid/syncs.ts';
import { slackSyncs } from './slack/syncs.ts';
import { stripeSyncs } from './stripe/syncs.ts';
import type { Syncs } from './syncs.ts';
import { twilioSyncs } from './twilio/syncs.ts';

/** Who is polled. */
const syncsOf: Readonly<Record<string, Syncs>> = {
  demo: demoSyncs,
  discord: discordSyncs,
  github: githubSyncs,
  google: googleSyncs,
  hubspot: hubspotSyncs,
  microsoft: microsoftSyncs,
  mycarrierpackets: mycarrierpacketsSyncs,
  notion: notionSyncs,
  quickbooks: quickbooksSyncs,
  sendgrid: sendgridSyncs,
  slack: slackSyncs,
  stripe: stripeSyncs,
  twilio: twilioSyncs,
};

/** Returns a provider's syncs by name; none where it is not polled. */
export function findSyncs(provider: string): Syncs {
  return (Object.hasOwn(syncsOf, provider) ? syncsOf[provider] : undefined) ?? {};
}
