import * as z from 'zod';
import { type Actions, action, Blank } from '../actions.ts';

const docs = 'https://posthog.com/docs/api/capture';
const ok = { status: 'Ok' };
const at = '2026-01-01T00:00:00.000Z';

/** Events go to the ingestion host, under the project's token, which the connection must have been made with. */
export function posthogActions(): Actions {
  const Person = z
    .string()
    .min(1)
    .max(200)
    .regex(
      /^(?!(?:anonymous|guest|distinctid|distinct_id|id|email|undefined|null|true|false|0|nan|none)$)/i,
      'an id of somebody',
    );
  const Properties = z.record(z.string().min(1).max(200), z.unknown());
  const Time = z.iso.datetime({ offset: true });
  const Event = z.strictObject({
    ...{ event: z.string().min(1).max(200), distinctId: Person, properties: Properties.optional() },
    ...{ timestamp: Time.optional(), uuid: z.uuid().optional() },
  });
  const Taken = z.looseObject({ status: z.union([z.string(), z.number()]) });
  const api_key = new Blank('projectToken');
  const post = { method: 'POST', base: 'ingestion' } as const;
  /** The same id at the same time is one event, however often it comes. */
  const single = ({ timestamp, ...event }: Readonly<Record<string, unknown>>) => ({
    ...post,
    path: '/i/v0/e/',
    json: { uuid: new Blank('call.uuid'), ...event, api_key, timestamp },
    ...(timestamp !== undefined && ({ repeatable: true } as const)),
  });

  return {
    'events.batch': action({
      ...{ title: 'Send many events', docs: `${docs}#batch-events`, effect: 'write' },
      input: z.strictObject({
        events: z.array(Event).min(1).max(1_000),
        /** For events of the past: they do not count as new. */
        historical: z.boolean().default(false),
      }),
      output: Taken,
      request: ({ events, historical }) => ({
        ...{ ...post, path: '/batch/' },
        json: {
          ...{ api_key, historical_migration: historical },
          batch: events.map(({ distinctId, ...event }) => ({ ...event, distinct_id: distinctId })),
        },
        ...(events.every(({ uuid, timestamp }) => uuid && timestamp) && { repeatable: true }),
      }),
      example: {
        input: { events: [{ event: 'order paid', distinctId: 'user-1', properties: { total: 19.99 }, timestamp: at }] },
        output: ok,
      },
    }),
    'events.capture': action({
      ...{ title: 'Send an event', docs: `${docs}#single-event`, effect: 'write' },
      input: Event.omit({ uuid: true }),
      output: Taken,
      request: ({ distinctId, ...event }) => single({ ...event, ...{ distinct_id: distinctId } }),
      example: {
        input: { event: 'order paid', distinctId: 'user-1', properties: { total: 19.99 }, timestamp: at },
        output: ok,
      },
    }),
    'persons.identify': action({
      ...{ title: 'Say who somebody is', docs: `${docs}#identify`, effect: 'write' },
      input: z.strictObject({
        ...{ distinctId: Person, set: Properties.default({}), setOnce: Properties.optional() },
        ...{ anonymousId: z.string().min(1).max(200).optional(), timestamp: Time.optional() },
      }),
      output: Taken,
      request: ({ distinctId, set, setOnce, anonymousId, timestamp }) =>
        single({
          ...{ event: '$identify', distinct_id: distinctId, timestamp },
          properties: { $set: set, $set_once: setOnce, $anon_distinct_id: anonymousId },
        }),
      example: { input: { distinctId: 'user-1', set: { email: 'ada@example.com' }, timestamp: at }, output: ok },
    }),
  };
}
