import * as z from 'zod';
import { type Actions, action } from '../actions.ts';

/** For connections made with the address of a catch hook. Its answer says that the data came, not that a Zap is on. */
export function zapierActions(): Actions {
  const Data = z.record(z.string(), z.unknown());
  return {
    'hooks.send': action({
      title: 'Start a Zap by its catch hook',
      ...{ docs: 'https://help.zapier.com/hc/en-us/articles/8496288690317', effect: 'write' },
      /** A list starts the Zap once for each of its items. */
      input: z.strictObject({ data: z.union([Data, z.array(Data).min(1).max(100)]) }),
      output: z.object({
        ...{ status: z.string(), id: z.string().optional() },
        ...{ request_id: z.string().optional(), attempt: z.string().optional() },
      }),
      request: ({ data }) => ({ method: 'POST', base: 'hooks', path: '/', json: data }),
      example: {
        input: { data: { invoice: 1042, paid: true } },
        output: {
          status: 'success',
          id: '018c2f0a-made-up',
          request_id: '018c2f0a-made-up',
          attempt: '018c2f0a-made-up',
        },
      },
    }),
  };
}
