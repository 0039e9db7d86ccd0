import * as z from 'zod';
import { on } from '../handlers.ts';
import { Contact, shown } from './syncs.ts';

export const demoHandlers = [
  on('demo', 'contact.*', {
    name: 'contacts',
    payload: z.object({ type: z.string(), data: Contact }),
    shows: ({ data }) => [{ model: 'contacts', ...shown(data) }],
  }),
] as const;
