import * as z from 'zod';
import { type Actions, action, Blank, path } from '../actions.ts';

const docs = (page: string) => `https://learn.microsoft.com/en-us/graph/api/${page}`;
const event = {
  ...{ id: 'AAMkAGI1AAAt9AHjAAA=', subject: 'Kick-off', webLink: 'https://outlook.office365.com/owa/?itemid=made-up' },
  start: { dateTime: '2026-02-01T10:00:00.0000000', timeZone: 'UTC' },
  end: { dateTime: '2026-02-01T11:00:00.0000000', timeZone: 'UTC' },
};

export function microsoftActions(): Actions {
  const Id = z.string().min(1).max(300);
  const Addresses = z.array(z.email()).max(500);
  const recipients = (list: readonly string[] | undefined) => list?.map((address) => ({ emailAddress: { address } }));
  const format = z.enum(['text', 'html']).default('text');
  /** A wall-clock time in a time zone. */
  const When = z.strictObject({
    dateTime: z.iso.datetime({ local: true }),
    timeZone: z.string().min(1).max(60).default('UTC'),
  });
  const Event = z.object({
    ...{ id: z.string(), subject: z.string().nullish(), webLink: z.string().optional() },
    ...{ start: z.looseObject({}), end: z.looseObject({}), onlineMeeting: z.looseObject({}).nullish() },
  });

  return {
    'channelMessages.create': action({
      ...{ title: 'Teams: send a message to a channel', docs: docs('channel-post-messages') },
      ...{ scopes: ['ChannelMessage.Send'], effect: 'write' },
      input: z.strictObject({ team: Id, channel: Id, content: z.string().min(1).max(28_000), format }),
      output: z.object({ id: z.string(), createdDateTime: z.string().optional(), webUrl: z.string().nullish() }),
      request: ({ team, channel, content, format }) => ({
        ...{ method: 'POST', path: path`/teams/${team}/channels/${channel}/messages` },
        json: { body: { contentType: format, content } },
      }),
      example: {
        input: {
          ...{
            team: 'fbe2bf47-16c8-47cf-b4a5-4b9b187c508b',
            channel: '19:4a95f7d8db4c4e7fae857bcebe0623e6@thread.tacv2',
          },
          content: 'Invoice 1042 was paid.',
        },
        output: { id: '1616990032035', createdDateTime: '2026-01-01T00:00:00Z' },
      },
    }),
    'events.create': action({
      ...{ title: 'Calendar: create an event', docs: docs('user-post-events') },
      ...{ scopes: ['Calendars.ReadWrite'], effect: 'write' },
      input: z.strictObject({
        ...{ subject: z.string().max(255), start: When, end: When, content: z.string().max(60_000).optional(), format },
        ...{ attendees: Addresses.optional(), location: z.string().max(255).optional() },
        online: z.boolean().default(false),
      }),
      output: Event,
      request: ({ content, format, attendees, location, online, ...event }) => ({
        ...{ method: 'POST', path: '/me/events' },
        json: {
          ...event,
          body: content === undefined ? undefined : { contentType: format, content },
          attendees: recipients(attendees)?.map((one) => ({ ...one, type: 'required' })),
          location: location === undefined ? undefined : { displayName: location },
          ...(online && { isOnlineMeeting: true, onlineMeetingProvider: 'teamsForBusiness' }),
          transactionId: new Blank('call.uuid'),
        },
        repeatable: true,
      }),
      example: {
        input: {
          ...{
            subject: event.subject,
            start: { dateTime: '2026-02-01T10:00:00' },
            end: { dateTime: '2026-02-01T11:00:00' },
          },
          attendees: ['grace@example.com'],
        },
        output: event,
      },
    }),
    'events.list': action({
      ...{ title: 'Calendar: list the events of a time', docs: docs('user-list-calendarview') },
      ...{ scopes: ['Calendars.Read'], effect: 'read' },
      input: z.strictObject({
        ...{ from: z.iso.datetime({ offset: true }), to: z.iso.datetime({ offset: true }) },
        ...{ limit: z.int().min(1).max(1_000).default(50), skip: z.int().min(0).optional() },
      }),
      output: z.object({ value: z.array(Event), '@odata.nextLink': z.string().optional() }),
      request: ({ from, to, limit, skip }) => ({
        ...{ method: 'GET', path: '/me/calendarView' },
        query: { startDateTime: from, endDateTime: to, $orderby: 'start/dateTime', $top: limit, $skip: skip },
      }),
      example: { input: { from: '2026-02-01T00:00:00Z', to: '2026-02-08T00:00:00Z' }, output: { value: [event] } },
    }),
    'mail.send': action({
      ...{ title: 'Outlook: send a message', docs: docs('user-sendmail'), scopes: ['Mail.Send'], effect: 'write' },
      input: z.strictObject({
        ...{ to: Addresses.min(1), cc: Addresses.optional(), bcc: Addresses.optional(), replyTo: Addresses.optional() },
        ...{ subject: z.string().max(255), content: z.string().max(100_000), format },
        saveToSentItems: z.boolean().default(true),
      }),
      /** Graph names no message. */
      output: z.object({}),
      request: ({ to, cc, bcc, replyTo, subject, content, format, saveToSentItems }) => ({
        ...{ method: 'POST', path: '/me/sendMail' },
        json: {
          message: {
            ...{ subject, body: { contentType: format, content }, toRecipients: recipients(to) },
            ...{ ccRecipients: recipients(cc), bccRecipients: recipients(bcc), replyTo: recipients(replyTo) },
          },
          saveToSentItems,
        },
      }),
      answer: () => ({}),
      example: { input: { to: ['grace@example.com'], subject: 'Hello', content: 'How are you?' }, output: {} },
    }),
    'me.get': action({
      ...{ title: 'Read the connected person', docs: docs('user-get'), scopes: ['User.Read'], effect: 'read' },
      input: z.strictObject({}),
      output: z.object({
        ...{ id: z.string(), displayName: z.string().nullish(), mail: z.string().nullish() },
        userPrincipalName: z.string().nullish(),
      }),
      request: () => ({ method: 'GET', path: '/me' }),
      example: {
        input: {},
        output: {
          ...{ id: '87d349ed-44d7-43e1-9a83-5f2406dee5bd', displayName: 'Ada Lovelace', mail: 'ada@example.com' },
          userPrincipalName: 'ada@example.com',
        },
      },
    }),
  };
}
