import type { Setup } from '../setup.ts';

const DAY_S = 86_400;

/** The hub names the channel, and Google the resource that it watches; both are wanted to stop it. */
const channel = { id: '{unique}', type: 'web_hook', address: '{url}', token: '{secret}', expiration: '{endsAtMs}' };
const kept = { id: 'id', resource: 'resourceId', endsAt: 'expiration' };
const watch = {
  method: 'POST',
  base: 'gmail',
  path: '/users/me/watch',
  json: { topicName: '{topicName}' },
  answer: { endsAt: 'expiration' },
} as const;
const stop = { id: '{id}', resourceId: '{resource}' };

export const googleSetup = {
  steps: [
    'For Calendar and Drive nothing: the hub makes channels where the secret of the provider asks for them, {"subscriptions": {"calendar": {}, "drive": {}}}.',
    'For Gmail make a Pub/Sub topic on which gmail-api-push@system.gserviceaccount.com may publish, and ask for {"subscriptions": {"gmail": {"topicName": "projects/…/topics/…"}}}.',
    'Make a push subscription of the topic to {url}, with authentication by a service account and no other audience; name the account in the settings: {"senders": ["…@….iam.gserviceaccount.com"]}.',
  ],
  secret: 'none',
  subscriptions: {
    calendar: {
      docs: 'https://developers.google.com/workspace/calendar/api/v3/reference/events/watch',
      scopes: [
        'https://www.googleapis.com/auth/calendar',
        'https://www.googleapis.com/auth/calendar.readonly',
        'https://www.googleapis.com/auth/calendar.events',
      ],
      options: { calendarId: { default: 'primary', pattern: '[^/]{1,200}' } },
      lastsS: 7 * DAY_S,
      renewBeforeS: DAY_S,
      create: {
        method: 'POST',
        path: '/calendar/v3/calendars/{calendarId}/events/watch',
        json: channel,
        answer: kept,
      },
      remove: { method: 'POST', path: '/calendar/v3/channels/stop', json: stop },
    },
    drive: {
      docs: 'https://developers.google.com/workspace/drive/api/reference/rest/v3/changes/watch',
      scopes: [
        'https://www.googleapis.com/auth/drive',
        'https://www.googleapis.com/auth/drive.readonly',
        'https://www.googleapis.com/auth/drive.file',
      ],
      lastsS: 7 * DAY_S,
      renewBeforeS: DAY_S,
      prepare: {
        method: 'GET',
        path: '/drive/v3/changes/startPageToken',
        answer: { pageToken: 'startPageToken' },
      },
      create: {
        method: 'POST',
        path: '/drive/v3/changes/watch',
        query: { pageToken: '{pageToken}' },
        json: channel,
        answer: kept,
      },
      remove: { method: 'POST', path: '/drive/v3/channels/stop', json: stop },
    },
    // Google recommends to repeat it daily.
    gmail: {
      docs: 'https://developers.google.com/workspace/gmail/api/reference/rest/v1/users/watch',
      scopes: ['https://www.googleapis.com/auth/gmail.readonly', 'https://www.googleapis.com/auth/gmail.modify'],
      kinds: ['oauth2'], // a service account bears another address than the mailbox
      to: 'app',
      options: { topicName: { pattern: 'projects/[^/]{1,100}/topics/[^/]{1,255}' } },
      lastsS: 7 * DAY_S,
      renewBeforeS: 6 * DAY_S,
      create: watch,
      renew: watch,
      remove: { method: 'POST', base: 'gmail', path: '/users/me/stop' },
    },
  },
} as const satisfies Setup;
