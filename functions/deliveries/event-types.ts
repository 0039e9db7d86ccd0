import * as z from 'zod';
import { readEnv } from '../../shared/core/env.ts';
import { EVENT_VERSION, hubEvents } from '../../shared/core/event.ts';
import { ok } from '../../shared/core/result.ts';
import { deliveriesContract } from '../../shared/deliveries/contract.ts';
import { http } from '../middleware/http.ts';

const contract = deliveriesContract['event-types'];
readEnv(contract.env);

const items = Object.entries(hubEvents).map(([type, { says, data, example }]) => {
  const { $schema: _, ...schema } = z.toJSONSchema(data);
  return { type, says, schema, example };
});

export const handler = http(contract, async () => ok({ version: EVENT_VERSION, items }));
