import { demoSetup } from './demo/setup.ts';
import { discordSetup } from './discord/setup.ts';
import { githubSetup } from './github/setup.ts';
import { googleSetup } from './google/setup.ts';
import { hubspotSetup } from './hubspot/setup.ts';
import { microsoftSetup } from './microsoft/setup.ts';
import { mixpanelSetup } from './mixpanel/setup.ts';
import { mycarrierpacketsSetup } from './mycarrierpackets/setup.ts';
import { notionSetup } from './notion/setup.ts';
import { posthogSetup } from './posthog/setup.ts';
import { quickbooksSetup } from './quickbooks/setup.ts';
import { resendSetup } from './resend/setup.ts';
import { s3Setup } from './s3/setup.ts';
import type { otherSenders, webhooksOf } from './senders.ts';
import { sendgridSetup } from './sendgrid/setup.ts';
import type { Setup } from './setup.ts';
import { slackSetup } from './slack/setup.ts';
import { stripeSetup } from './stripe/setup.ts';
import { twilioSetup } from './twilio/setup.ts';
import { zapierSetup } from './zapier/setup.ts';

/** How each sender comes to send webhooks; none is left out. */
const setups = {
  demo: demoSetup,
  discord: discordSetup,
  github: githubSetup,
  google: googleSetup,
  hubspot: hubspotSetup,
  microsoft: microsoftSetup,
  mixpanel: mixpanelSetup,
  mycarrierpackets: mycarrierpacketsSetup,
  notion: notionSetup,
  posthog: posthogSetup,
  quickbooks: quickbooksSetup,
  resend: resendSetup,
  s3: s3Setup,
  sendgrid: sendgridSetup,
  slack: slackSetup,
  stripe: stripeSetup,
  twilio: twilioSetup,
  zapier: zapierSetup,
  hmac: {
    steps: [
      'Enter {url} as the address, and the secret, at the sender.',
      'Say in the settings how it signs: {"signature": {"header": "x-signature", "algorithm": "sha256", "encoding": "hex"}}, and where it differs "prefix", "signed" and "timestamp".',
    ],
    secret: 'chosen',
  },
  'standard-webhooks': {
    steps: [
      'Enter {url} at the sender. Then give the hub the signing secret that the sender shows (whsec_…), or give the sender the one made here.',
    ],
    secret: 'chosen',
  },
} as const satisfies Readonly<Record<keyof typeof webhooksOf | keyof typeof otherSenders, Setup>>;

/** Returns how a sender comes to send webhooks; nothing where it sends none. */
export function findSetup(sender: string): Setup | undefined {
  const all: Readonly<Record<string, Setup>> = setups;
  return Object.hasOwn(all, sender) ? all[sender] : undefined;
}
