import type { Actions } from './actions.ts';
import { demoActions } from './demo/actions.ts';
import { discordActions } from './discord/actions.ts';
import { githubActions } from './github/actions.ts';
import { googleActions } from './google/actions.ts';
import { hubspotActions } from './hubspot/actions.ts';
import { microsoftActions } from './microsoft/actions.ts';
import { mixpanelActions } from './mixpanel/actions.ts';
import { mycarrierpacketsActions } from './mycarrierpackets/actions.ts';
import { notionActions } from './notion/actions.ts';
import { posthogActions } from './posthog/actions.ts';
import { quickbooksActions } from './quickbooks/actions.ts';
import { resendActions } from './resend/actions.ts';
import { s3Actions } from './s3/actions.ts';
import { sendgridActions } from './sendgrid/actions.ts';
import { slackActions } from './slack/actions.ts';
import { stripeActions } from './stripe/actions.ts';
import { twilioActions } from './twilio/actions.ts';
import { zapierActions } from './zapier/actions.ts';

/** Who can be called by actions. They are made when they are first asked for: all these schemas are a slow start. */
const actionsOf: Readonly<Record<string, () => Actions>> = {
  demo: demoActions,
  discord: discordActions,
  github: githubActions,
  google: googleActions,
  hubspot: hubspotActions,
  microsoft: microsoftActions,
  mixpanel: mixpanelActions,
  mycarrierpackets: mycarrierpacketsActions,
  notion: notionActions,
  posthog: posthogActions,
  quickbooks: quickbooksActions,
  resend: resendActions,
  s3: s3Actions,
  sendgrid: sendgridActions,
  slack: slackActions,
  stripe: stripeActions,
  twilio: twilioActions,
  zapier: zapierActions,
};
const made = new Map<string, Actions>();

/** Returns a provider's actions by name; none where it has none. */
export function findActions(provider: string): Actions {
  const known = made.get(provider);
  if (known) return known;
  const actions = Object.hasOwn(actionsOf, provider) ? (actionsOf[provider]?.() ?? {}) : {};
  made.set(provider, actions);
  return actions;
}
