import type { Setup, Subscription } from '../setup.ts';

const DAY_S = 86_400;

/** Mail, events and contacts last 7 days at most, files about 29. */
function changesOf(resource: string, scopes: readonly string[], lastsS: number): Subscription {
  return {
    docs: 'https://learn.microsoft.com/en-us/graph/api/resources/subscription',
    ...{ scopes, kinds: ['oauth2'] },
    options: {
      changeType: {
        default: 'created,updated,deleted',
        pattern: '(created|updated|deleted)(,(created|updated|deleted))*',
      },
      resource: { default: resource, pattern: "[\\w./()'-]{1,300}" },
    },
    lastsS,
    renewBeforeS: DAY_S,
    create: {
      method: 'POST',
      path: '/subscriptions',
      json: {
        changeType: '{changeType}',
        resource: '{resource}',
        notificationUrl: '{url}',
        lifecycleNotificationUrl: '{url}',
        clientState: '{secret}',
        expirationDateTime: '{endsAt}',
      },
      answer: { id: 'id', endsAt: 'expirationDateTime' },
    },
    renew: {
      method: 'PATCH',
      path: '/subscriptions/{id}',
      json: { expirationDateTime: '{endsAt}' },
      answer: { endsAt: 'expirationDateTime' },
    },
    remove: { method: 'DELETE', path: '/subscriptions/{id}' },
  };
}

const OUTLOOK_S = 10_080 * 60;

export const microsoftSetup = {
  steps: [
    'Nothing at Microsoft: the hub subscribes to what the secret of the provider asks for, such as {"subscriptions": {"messages": {}, "events": {}}}.',
    'A subscription of your own names {url} as its notificationUrl, and the secret as its clientState.',
  ],
  secret: 'chosen',
  subscriptions: {
    messages: changesOf('me/messages', ['Mail.Read', 'Mail.ReadWrite'], OUTLOOK_S),
    events: changesOf('me/events', ['Calendars.Read', 'Calendars.ReadWrite'], OUTLOOK_S),
    contacts: changesOf('me/contacts', ['Contacts.Read', 'Contacts.ReadWrite'], OUTLOOK_S),
    drive: {
      ...changesOf('me/drive/root', ['Files.Read.All', 'Files.ReadWrite', 'Files.ReadWrite.All'], 42_300 * 60),
      options: {
        changeType: { default: 'updated', pattern: 'updated' }, // the only change that files tell of
        resource: { default: 'me/drive/root', pattern: "[\\w./()'-]{1,300}" },
      },
    },
  },
} as const satisfies Setup;
