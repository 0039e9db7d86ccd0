import * as z from 'zod';
import { path } from '../actions.ts';
import { streamOf } from '../streams.ts';
import type { SyncPlace, Syncs } from '../syncs.ts';

const PER_PAGE = 100;
const Settings = z.strictObject({
  channels: z
    .array(z.string().regex(/^\d{5,25}$/, 'the id of a channel'))
    .min(1)
    .max(50),
});
const Messages = z.array(
  z.looseObject({
    ...{ id: z.string().regex(/^\d+$/), channel_id: z.string() },
    ...{ timestamp: z.string(), edited_timestamp: z.string().nullish() },
  }),
);

const streamAt = (place: SyncPlace) => streamOf(Settings.parse(place.settings).channels, place);

export const discordSyncs = {
  /** Ids grow with time. No change of a message and no deletion is listed. */
  messages: {
    model: 'messages',
    docs: 'https://discord.com/developers/docs/resources/message#get-channel-messages',
    kinds: ['api_key'], // a bot's
    everyS: 900,
    settings: Settings,
    checkpoints: 'token',
    request: (place) => {
      const { id, cursor, since = '0' } = streamAt(place);
      return {
        method: 'GET',
        path: path`/channels/${id}/messages`,
        query: { after: cursor ?? since, limit: PER_PAGE },
      };
    },
    page: ({ body, ...place }) => {
      const messages = Messages.parse(body);
      const { reached, after } = streamAt(place);
      const newest = messages.reduce((last, { id }) => (BigInt(id) > BigInt(last) ? id : last), reached ?? '0');
      return {
        records: messages.map((data) => ({
          id: data.id,
          updatedAt: data.edited_timestamp ?? data.timestamp,
          data,
        })),
        ...after(newest, messages.length < PER_PAGE ? undefined : newest),
      };
    },
    deletions: 'none',
    retention: { defaultS: 90 * 86_400 },
  },
} as const satisfies Syncs;
