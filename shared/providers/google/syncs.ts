import * as z from 'zod';
import { path } from '../actions.ts';
import type { Syncs } from '../syncs.ts';

// Each product has change tokens of its own kind. Calendar hands one out at the end of a list; Gmail and Drive know the
// moment that is now, so a first run asks for it before it reads the list: what changes meanwhile is told once more.

const AUTH = 'https://www.googleapis.com/auth';
const text = z.string().min(1);

const Events = z.object({
  items: z
    .array(z.looseObject({ id: text, status: z.string().optional(), updated: z.string().optional() }))
    .default([]),
  nextPageToken: z.string().optional(),
  nextSyncToken: z.string().optional(),
});

const Message = z.object({ id: text, threadId: text });
const Mail = z.object({ messages: z.array(Message).default([]), nextPageToken: z.string().optional() });
const Profile = z.object({ historyId: text });
const changed = z.array(z.object({ message: Message })).default([]);
const History = z.object({
  history: z.array(z.object({ messagesAdded: changed, messagesDeleted: changed })).default([]),
  nextPageToken: z.string().optional(),
  historyId: text,
});

const File = z.looseObject({ id: text, trashed: z.boolean().default(false) });
const fields = 'id,name,mimeType,modifiedTime,createdTime,trashed,parents,size,webViewLink,owners(emailAddress)';
const Files = z.object({ files: z.array(File), nextPageToken: z.string().optional() });
const Start = z.object({ startPageToken: text });
const Changes = z.object({
  changes: z.array(z.object({ fileId: text.optional(), removed: z.boolean().default(false), file: File.optional() })),
  nextPageToken: z.string().optional(),
  newStartPageToken: z.string().optional(),
});

/** A run's place: the moment it began at, and the list's own page. */
const Place = z.object({ from: text, page: text.optional() });
const readPlace = (page: string) => Place.parse(JSON.parse(page));
const after = (from: string, page: string | undefined) =>
  page === undefined ? { checkpoint: from } : { next: JSON.stringify({ from, page }) };

export const googleSyncs = {
  events: {
    model: 'events',
    docs: 'https://developers.google.com/workspace/calendar/api/guides/sync',
    scopes: [`${AUTH}/calendar.readonly`, `${AUTH}/calendar.events`, `${AUTH}/calendar`],
    everyS: 900,
    settings: z.strictObject({ calendar: z.string().min(1).max(300).default('primary') }),
    checkpoints: 'token',
    expired: [{ status: 410 }],
    request: ({ since, page, settings: { calendar } }) => ({
      method: 'GET',
      path: path`/calendar/v3/calendars/${String(calendar)}/events`,
      query: { maxResults: 250, syncToken: since, pageToken: page },
    }),
    page: ({ body }) => {
      const { items, nextPageToken, nextSyncToken } = Events.parse(body);
      return {
        records: items.map((data) => ({
          id: data.id,
          ...(data.updated && { updatedAt: data.updated }),
          ...{ deleted: data.status === 'cancelled', data },
        })),
        ...{ next: nextPageToken, checkpoint: nextSyncToken },
      };
    },
    deletions: 'tombstones',
    nudgedBy: ['exists', 'not_exists'],
  },
  /** Which messages there are; their content is for an action to read. */
  mail: {
    model: 'mail',
    docs: 'https://developers.google.com/workspace/gmail/api/guides/sync',
    scopes: [`${AUTH}/gmail.readonly`, `${AUTH}/gmail.modify`],
    everyS: 900,
    checkpoints: 'token',
    expired: [{ status: 404 }],
    request: ({ since, page }) => {
      if (since !== undefined) {
        const query = { startHistoryId: since, maxResults: 500, pageToken: page && readPlace(page).page };
        return { method: 'GET', base: 'gmail', path: '/users/me/history', query };
      }
      if (page === undefined) return { method: 'GET', base: 'gmail', path: '/users/me/profile' };
      const query = { maxResults: 500, pageToken: readPlace(page).page };
      return { method: 'GET', base: 'gmail', path: '/users/me/messages', query };
    },
    page: ({ body, since, page }) => {
      if (since !== undefined) {
        const { history, nextPageToken, historyId } = History.parse(body);
        const records = history.flatMap(({ messagesAdded, messagesDeleted }) => [
          ...messagesAdded.map(({ message }) => ({ id: message.id, data: message })),
          ...messagesDeleted.map(({ message }) => ({ id: message.id, deleted: true, data: message })),
        ]);
        const from = page === undefined ? historyId : readPlace(page).from; // of what comes meanwhile the next run hears
        return { records, ...after(from, nextPageToken) };
      }
      if (page === undefined) return { records: [], next: JSON.stringify({ from: Profile.parse(body).historyId }) };
      const { messages, nextPageToken } = Mail.parse(body);
      const records = messages.map((data) => ({ id: data.id, data }));
      return { records, ...after(readPlace(page).from, nextPageToken) };
    },
    deletions: 'tombstones',
    nudgedBy: ['gmail.history'],
  },
  /** A file's time is its writer's to set, backwards too: the feed's order alone counts. */
  files: {
    model: 'files',
    docs: 'https://developers.google.com/workspace/drive/api/guides/manage-changes',
    scopes: [`${AUTH}/drive.readonly`, `${AUTH}/drive.file`, `${AUTH}/drive`],
    everyS: 900,
    checkpoints: 'token',
    expired: [{ status: 404 }, { status: 410 }],
    request: ({ since, page }) => {
      const all = { supportsAllDrives: true, includeItemsFromAllDrives: true };
      if (since !== undefined) {
        const query = { ...all, pageToken: page ?? since, pageSize: 500 };
        const wanted = `nextPageToken,newStartPageToken,changes(fileId,removed,file(${fields}))`;
        return { method: 'GET', path: '/drive/v3/changes', query: { ...query, fields: wanted } };
      }
      if (page === undefined) {
        return { method: 'GET', path: '/drive/v3/changes/startPageToken', query: { supportsAllDrives: true } };
      }
      const query = { ...all, q: 'trashed = false', pageSize: 500, pageToken: readPlace(page).page };
      return { method: 'GET', path: '/drive/v3/files', query: { ...query, fields: `nextPageToken,files(${fields})` } };
    },
    page: ({ body, since, page }) => {
      if (since !== undefined) {
        const { changes, nextPageToken, newStartPageToken } = Changes.parse(body);
        const records = changes.flatMap(({ fileId, removed, file }) =>
          fileId === undefined ? [] : [{ id: fileId, deleted: removed || file?.trashed === true, data: kept(file) }],
        );
        return { records, next: nextPageToken, checkpoint: newStartPageToken };
      }
      if (page === undefined) return { records: [], next: JSON.stringify({ from: Start.parse(body).startPageToken }) };
      const { files, nextPageToken } = Files.parse(body);
      return {
        records: files.map((file) => ({ id: file.id, data: kept(file) })),
        ...after(readPlace(page).from, nextPageToken),
      };
    },
    deletions: 'tombstones',
    nudgedBy: ['change', 'update', 'add', 'remove', 'trash', 'untrash'],
  },
} as const satisfies Syncs;

function kept(file: z.output<typeof File> | undefined) {
  const { trashed: _trashed, ...data } = file ?? { trashed: true };
  return data;
}
