/** Requests per seconds, of each connection unless it says otherwise: of a provider's actions and syncs (`sync …`) that have
 *  limits of their own, and of all `others`, raw requests too. */
export const limits: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  demo: {
    others: ['600/60s'],
    'contacts.search': ['2/1s', '600/60s'],
  },
  discord: { others: ['50/1s'], 'interactions.reply': [], 'interactions.followUp': [] },
  github: { others: ['5000/3600s'], 'issues.create': ['500/3600s', '5000/3600s', '80/60s'] },
  google: {
    others: ['600/60s'],
    'messages.send': ['60/60s', '600/60s'],
    'values.append': ['300/60s per app', '60/60s', '600/60s'],
  },
  hubspot: {
    others: ['100/10s'],
    ...{ 'contacts.search': ['5/1s'], 'sync contacts': ['5/1s'], 'sync companies': ['5/1s'], 'sync deals': ['5/1s'] },
  },
  microsoft: { others: ['10000/600s'] },
  mixpanel: { others: ['60/3600s'], 'events.import': [], 'events.track': [], 'profiles.set': [] },
  mycarrierpackets: { others: [] },
  notion: { others: ['180/60s'] },
  posthog: { others: ['240/60s'], 'events.batch': [], 'events.capture': [], 'persons.identify': [] },
  quickbooks: { others: ['10/1s', '500/60s'] },
  resend: { others: ['5/1s'] },
  s3: { others: ['3500/1s'] },
  sendgrid: { others: ['600/60s'], 'mail.send': [], 'mail.sendBulk': [] },
  slack: {
    others: [],
    'chat.postMessage': ['1/1s per channel'],
    ...{ 'conversations.history': ['50/60s'], 'sync messages': ['50/60s'] },
    ...{ 'conversations.list': ['20/60s'], 'sync channels': ['20/60s'] },
    ...{ 'users.info': ['100/60s'], 'sync users': ['20/60s'] },
  },
  stripe: { others: ['25/1s'] },
  twilio: { others: [] },
  zapier: { others: ['150/60s per app', '60/60s'], 'hooks.send': ['10000/300s', '30/1s'] },
};
