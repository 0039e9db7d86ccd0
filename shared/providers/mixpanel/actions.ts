import * as z from 'zod';
import { type Actions, action, Blank } from '../actions.ts';

const docs = (page: string) => `https://developer.mixpanel.com/reference/${page}`;
const verbose = { verbose: 1, ip: 0 }; // else the answer is 1 or 0, and places are those of the hub

/** Tracking and profiles go under the project's token, which the connection must have been made with; an import goes
 *  under the service account. The same event, time, person and `$insert_id` are one event. */
export function mixpanelActions(): Actions {
  const Person = z
    .string()
    .max(255)
    .regex(
      /^(?!(?:anonymous|anon|nil|none|null|n\/a|na|undefined|unknown|true|false|0|-1|lmy47d)$).+/i,
      'an id of somebody',
    );
  const Properties = z.record(z.string().min(1).max(255), z.unknown());
  const event = {
    ...{ event: z.string().min(1).max(255), distinctId: Person },
    /** Seconds since 1970. */
    time: z.int().positive(),
    properties: Properties.default({}),
  };
  const Taken = z.object({ status: z.literal(1), error: z.string().nullish() });
  const token = new Blank('projectToken');

  return {
    'events.import': action({
      ...{ title: 'Import events of any age', docs: docs('import-events'), effect: 'write' },
      input: z.strictObject({
        events: z
          .array(
            z.strictObject({ ...event, insertId: z.string().regex(/^[A-Za-z0-9-]{1,36}$/, 'letters, digits and -') }),
          )
          .min(1)
          .max(2_000),
      }),
      output: z.object({ code: z.number(), num_records_imported: z.number(), status: z.string() }),
      request: ({ events }) => ({
        ...{ method: 'POST', base: 'imports', path: '/import', query: { strict: 1 }, repeatable: true },
        json: events.map(({ event, distinctId, time, insertId, properties }) => ({
          ...{ event, properties: { ...properties, time, distinct_id: distinctId, $insert_id: insertId } },
        })),
      }),
      example: {
        input: { events: [{ event: 'Order paid', distinctId: 'user-1', time: 1_718_716_477, insertId: 'order-1042' }] },
        output: { code: 200, num_records_imported: 1, status: 'OK' },
      },
    }),
    'events.track': action({
      ...{ title: 'Send an event of the last five days', docs: docs('track-event'), effect: 'write' },
      input: z.strictObject(event),
      output: Taken,
      request: ({ event, distinctId, time, properties }) => ({
        ...{ method: 'POST', base: 'ingestion', path: '/track', query: verbose, repeatable: true },
        json: [
          {
            event,
            properties: { ...properties, token, time, distinct_id: distinctId, $insert_id: new Blank('call.uuid') },
          },
        ],
      }),
      example: {
        input: { event: 'Order paid', distinctId: 'user-1', time: 1_718_716_477, properties: { total: 19.99 } },
        output: { status: 1, error: null },
      },
    }),
    'profiles.set': action({
      ...{ title: 'Set properties of people', docs: docs('profile-set'), effect: 'write' },
      input: z.strictObject({
        profiles: z
          .array(z.strictObject({ distinctId: Person, set: Properties }))
          .min(1)
          .max(2_000),
      }),
      output: Taken,
      request: ({ profiles }) => ({
        ...{ method: 'POST', base: 'ingestion', path: '/engage', query: verbose, repeatable: true },
        json: profiles.map(({ distinctId, set }) => ({ $token: token, $distinct_id: distinctId, $ip: '0', $set: set })),
      }),
      example: {
        input: { profiles: [{ distinctId: 'user-1', set: { $email: 'ada@example.com' } }] },
        output: { status: 1, error: null },
      },
    }),
  };
}
