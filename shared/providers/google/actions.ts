import * as z from 'zod';
import { sha256 } from '../../core/crypto.ts';
import { type Actions, action, path } from '../actions.ts';

const docs = (page: string) => `https://developers.google.com/${page}`;
const scope = (name: string) => [`https://www.googleapis.com/auth/${name}`];
const base64 = (text: string) => Buffer.from(text).toString('base64');

interface Mail {
  readonly to: readonly string[];
  readonly cc?: readonly string[];
  readonly bcc?: readonly string[];
  readonly replyTo?: string;
  readonly subject: string;
  readonly text?: string;
  readonly html?: string;
}

/** Returns a message as Gmail takes it (RFC 5322, RFC 2045); both texts stand side by side (RFC 2046 §5.1.4). */
function written({ to, cc, bcc, replyTo, subject, text, html }: Mail): string {
  const part = (type: string, content: string) =>
    [
      `Content-Type: text/${type}; charset=utf-8`,
      'Content-Transfer-Encoding: base64',
      '',
      base64(content).replace(/.{76}/g, '$&\r\n'),
    ].join('\r\n');
  const parts = [
    ...(text === undefined ? [] : [part('plain', text)]),
    ...(html === undefined ? [] : [part('html', html)]),
  ];
  const boundary = `=_${sha256(parts.join()).slice(0, 24)}`;
  const lists = { To: to, Cc: cc, Bcc: bcc, 'Reply-To': replyTo && [replyTo] };
  const headers = [
    ...Object.entries(lists).flatMap(([name, list]) => (list ? [`${name}: ${list.join(', ')}`] : [])),
    `Subject: ${encodedWords(subject)}`,
    'MIME-Version: 1.0',
  ];
  if (parts.length === 1) return [...headers, ...parts].join('\r\n');
  const body = parts.map((one) => `--${boundary}\r\n${one}\r\n`).join('');
  return [...headers, `Content-Type: multipart/alternative; boundary="${boundary}"`, '', `${body}--${boundary}--`].join(
    '\r\n',
  );
}

/** Beyond ASCII, words of at most 45 bytes, cut between characters (RFC 2047 §2). */
function encodedWords(text: string): string {
  if (/^[\x20-\x7e]*$/.test(text)) return text;
  const words = [''];
  for (const char of text) {
    const longer = `${words.at(-1)}${char}`;
    if (Buffer.byteLength(longer) > 45) words.push(char);
    else words[words.length - 1] = longer;
  }
  return words.map((word) => `=?UTF-8?B?${base64(word)}?=`).join('\r\n ');
}

const event = {
  ...{
    id: 'r2d5v8k1',
    status: 'confirmed',
    summary: 'Kick-off',
    htmlLink: 'https://www.google.com/calendar/event?eid=x',
  },
  ...{ start: { dateTime: '2026-02-01T10:00:00+01:00' }, end: { dateTime: '2026-02-01T11:00:00+01:00' } },
};

export function googleActions(): Actions {
  const Id = z.string().min(1).max(300);
  const text = z.string().max(8_192).optional();
  const page = (most: number) => ({
    limit: z.int().min(1).max(most).default(50),
    pageToken: z.string().max(2_000).optional(),
  });
  const next = { nextPageToken: z.string().optional() };
  const Addresses = z.array(z.email()).min(1).max(100);
  const When = z.strictObject({
    ...{ dateTime: z.iso.datetime({ offset: true }).optional(), date: z.iso.date().optional() },
    timeZone: z.string().max(60).optional(),
  });
  const Event = z.object({
    ...{
      id: z.string(),
      status: z.string().optional(),
      summary: z.string().optional(),
      htmlLink: z.string().optional(),
    },
    ...{ start: z.looseObject({}).optional(), end: z.looseObject({}).optional() },
    attendees: z.array(z.looseObject({})).optional(),
  });

  return {
    'calendars.list': action({
      title: 'Calendar: list the calendars',
      docs: docs('workspace/calendar/api/v3/reference/calendarList/list'),
      ...{ scopes: scope('calendar.calendarlist.readonly'), effect: 'read' },
      input: z.strictObject(page(250)),
      output: z.object({
        items: z.array(
          z.object({
            ...{ id: z.string(), summary: z.string(), primary: z.boolean().optional() },
            ...{ accessRole: z.string().optional(), timeZone: z.string().optional() },
          }),
        ),
        ...next,
      }),
      request: ({ limit, pageToken }) => ({
        ...{ method: 'GET', path: '/calendar/v3/users/me/calendarList', query: { maxResults: limit, pageToken } },
      }),
      example: {
        input: {},
        output: { items: [{ id: 'ada@example.com', summary: 'Ada', primary: true, timeZone: 'Europe/Berlin' }] },
      },
    }),
    'events.insert': action({
      title: 'Calendar: create an event',
      docs: docs('workspace/calendar/api/v3/reference/events/insert'),
      ...{ scopes: scope('calendar.events'), effect: 'write' },
      input: z.strictObject({
        ...{ calendar: Id.default('primary'), summary: text, description: text, location: text },
        ...{ start: When, end: When, attendees: Addresses.optional() },
        sendUpdates: z.enum(['all', 'externalOnly', 'none']).default('none'),
      }),
      output: Event,
      request: ({ calendar, attendees, sendUpdates, ...event }) => ({
        ...{ method: 'POST', path: path`/calendar/v3/calendars/${calendar}/events`, query: { sendUpdates } },
        json: { ...event, attendees: attendees?.map((email) => ({ email })) },
      }),
      example: {
        input: { summary: event.summary, start: event.start, end: event.end, attendees: ['grace@example.com'] },
        output: event,
      },
    }),
    'events.list': action({
      title: 'Calendar: list the events of a calendar',
      docs: docs('workspace/calendar/api/v3/reference/events/list'),
      ...{ scopes: scope('calendar.readonly'), effect: 'read' },
      input: z.strictObject({
        ...{ calendar: Id.default('primary'), query: text, ...page(2_500) },
        ...{ from: z.iso.datetime({ offset: true }).optional(), to: z.iso.datetime({ offset: true }).optional() },
      }),
      output: z.object({ items: z.array(Event), ...next }),
      request: ({ calendar, query, from, to, limit, pageToken }) => ({
        ...{ method: 'GET', path: path`/calendar/v3/calendars/${calendar}/events` },
        query: { q: query, timeMin: from, timeMax: to, singleEvents: true, maxResults: limit, pageToken },
      }),
      example: { input: { from: '2026-02-01T00:00:00Z' }, output: { items: [event] } },
    }),
    'files.list': action({
      title: 'Drive: list files',
      ...{
        docs: docs('workspace/drive/api/reference/rest/v3/files/list'),
        scopes: scope('drive.readonly'),
        effect: 'read',
      },
      input: z.strictObject({ query: text, orderBy: z.string().max(200).optional(), ...page(1_000) }),
      output: z.object({
        files: z.array(
          z.object({
            ...{ id: z.string(), name: z.string(), mimeType: z.string() },
            ...{ modifiedTime: z.string().optional(), size: z.string().optional(), webViewLink: z.string().optional() },
          }),
        ),
        ...next,
      }),
      request: ({ query, orderBy, limit, pageToken }) => ({
        ...{ method: 'GET', path: '/drive/v3/files' },
        query: {
          ...{ q: query, orderBy, pageSize: limit, pageToken },
          fields: 'nextPageToken,files(id,name,mimeType,modifiedTime,size,webViewLink)',
        },
      }),
      example: {
        input: { query: "mimeType = 'application/pdf'" },
        output: { files: [{ id: '1AbC', name: 'Offer.pdf', mimeType: 'application/pdf', size: '48211' }] },
      },
    }),
    'messages.send': action({
      title: 'Gmail: send a message',
      ...{ docs: docs('workspace/gmail/api/reference/rest/v1/users.messages/send'), scopes: scope('gmail.send') },
      effect: 'write',
      input: z
        .strictObject({
          ...{ to: Addresses, cc: Addresses.optional(), bcc: Addresses.optional(), replyTo: z.email().optional() },
          subject: z
            .string()
            .max(500)
            .regex(/^[^\p{Cc}]*$/u, 'one line'),
          ...{ text: z.string().max(60_000).optional(), html: z.string().max(60_000).optional() },
          threadId: Id.optional(),
        })
        .refine(({ text, html }) => text !== undefined || html !== undefined, 'text or html'),
      output: z.object({ id: z.string(), threadId: z.string(), labelIds: z.array(z.string()).optional() }),
      request: ({ threadId, ...mail }) => ({
        ...{ method: 'POST', base: 'gmail', path: '/users/me/messages/send' },
        json: { raw: Buffer.from(written(mail)).toString('base64url'), threadId },
      }),
      example: {
        input: { to: ['grace@example.com'], subject: 'Grüße', text: 'Hello' },
        output: { id: '18c2f0a1b2c3d4e5', threadId: '18c2f0a1b2c3d4e5', labelIds: ['SENT'] },
      },
    }),
    'userinfo.get': action({
      title: 'Read the connected person',
      ...{ docs: docs('identity/openid-connect/openid-connect'), scopes: ['openid', 'email'], effect: 'read' },
      input: z.strictObject({}),
      output: z.object({
        ...{ sub: z.string(), email: z.string().optional(), email_verified: z.boolean().optional() },
        ...{ name: z.string().optional(), picture: z.string().optional(), hd: z.string().optional() },
      }),
      request: () => ({ method: 'GET', base: 'openid', path: '/userinfo' }),
      example: {
        input: {},
        output: { sub: '110169484474386276334', email: 'ada@example.com', email_verified: true, name: 'Ada Lovelace' },
      },
    }),
    'values.append': action({
      title: 'Sheets: append rows',
      docs: docs('workspace/sheets/api/reference/rest/v4/spreadsheets.values/append'),
      ...{ scopes: scope('spreadsheets'), effect: 'write' },
      input: z.strictObject({
        ...{ spreadsheet: Id, range: Id },
        values: z
          .array(z.array(z.union([z.string().max(50_000), z.number(), z.boolean(), z.null()])).max(1_000))
          .min(1)
          .max(5_000),
        /** `RAW` keeps a text that looks like a formula a text. */
        parse: z.enum(['RAW', 'USER_ENTERED']).default('RAW'),
      }),
      output: z.object({
        spreadsheetId: z.string(),
        updates: z.object({ updatedRange: z.string(), updatedRows: z.number(), updatedCells: z.number().optional() }),
      }),
      request: ({ spreadsheet, range, values, parse }) => ({
        ...{ method: 'POST', base: 'sheets', path: path`/spreadsheets/${spreadsheet}/values/${range}:append` },
        ...{ query: { valueInputOption: parse, insertDataOption: 'INSERT_ROWS' }, json: { values } },
      }),
      example: {
        input: {
          spreadsheet: '1BxiMVs0XRA5nFMdKvBdBZjgmUUqptlbs74OgvE2upms',
          range: 'Orders!A1',
          values: [['1042', 19.99]],
        },
        output: {
          spreadsheetId: '1BxiMVs0XRA5nFMdKvBdBZjgmUUqptlbs74OgvE2upms',
          updates: { updatedRange: 'Orders!A7:B7', updatedRows: 1, updatedCells: 2 },
        },
      },
    }),
  };
}
