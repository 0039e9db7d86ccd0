import { hmacWebhooks, standardWebhooks } from './any-sender.ts';
import { demoWebhooks } from './demo/webhooks.ts';
import { discordWebhooks } from './discord/webhooks.ts';
import { githubWebhooks } from './github/webhooks.ts';
import { googleWebhooks } from './google/webhooks.ts';
import { hubspotWebhooks } from './hubspot/webhooks.ts';
import { microsoftWebhooks } from './microsoft/webhooks.ts';
import { mixpanelWebhooks } from './mixpanel/webhooks.ts';
import { mycarrierpacketsWebhooks } from './mycarrierpackets/webhooks.ts';
import { notionWebhooks } from './notion/webhooks.ts';
import { posthogWebhooks } from './posthog/webhooks.ts';
import { quickbooksWebhooks } from './quickbooks/webhooks.ts';
import { resendWebhooks } from './resend/webhooks.ts';
import { s3Webhooks } from './s3/webhooks.ts';
import { sendgridWebhooks } from './sendgrid/webhooks.ts';
import { slackWebhooks } from './slack/webhooks.ts';
import { stripeWebhooks } from './stripe/webhooks.ts';
import { twilioWebhooks } from './twilio/webhooks.ts';
import type { Webhooks } from './webhooks.ts';
import { zapierWebhooks } from './zapier/webhooks.ts';

/** Who sends webhooks. Apart from the catalogue, which takes them from here, so that the intake loads nothing else. */
export const webhooksOf = {
  demo: demoWebhooks,
  discord: discordWebhooks,
  github: githubWebhooks,
  google: googleWebhooks,
  hubspot: hubspotWebhooks,
  microsoft: microsoftWebhooks,
  mixpanel: mixpanelWebhooks,
  mycarrierpackets: mycarrierpacketsWebhooks,
  notion: notionWebhooks,
  posthog: posthogWebhooks,
  quickbooks: quickbooksWebhooks,
  resend: resendWebhooks,
  s3: s3Webhooks,
  sendgrid: sendgridWebhooks,
  slack: slackWebhooks,
  stripe: stripeWebhooks,
  twilio: twilioWebhooks,
  zapier: zapierWebhooks,
} as const satisfies Readonly<Record<string, Webhooks>>;

/** Those that are no providers. */
export const otherSenders = {
  hmac: hmacWebhooks,
  'standard-webhooks': standardWebhooks,
} as const satisfies Readonly<Record<string, Webhooks>>;

/** Returns how to read a sender's webhooks, or nothing where it sends none. */
export function findWebhooks(sender: string): Webhooks | undefined {
  const all: Readonly<Record<string, Webhooks>> = { ...webhooksOf, ...otherSenders };
  return Object.hasOwn(all, sender) ? all[sender] : undefined;
}
