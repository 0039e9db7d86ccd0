import middy from '@middy/core';
import type { Context, EventBridgeEvent } from 'aws-lambda';
import type * as z from 'zod';
import { type Moment, realMoment } from '../../shared/core/clock.ts';
import type { EventEntry, FunctionContract } from '../../shared/core/contract.ts';
import { HubEventMessage } from '../../shared/core/event.ts';
import { underRequest } from '../../shared/core/log.ts';
import { observe } from './observe.ts';
import { traced } from './traced.ts';

export interface EventInput {
  readonly event: z.output<typeof HubEventMessage>;
  readonly moment: Moment;
  readonly requestId: string;
  readonly remainingMs: () => number;
}

/** The stack of the hub's own events: what throws is tried again by Lambda, then lands in the rule's DLQ. */
export function event(
  _contract: FunctionContract & { readonly entry: EventEntry },
  handle: (input: EventInput) => Promise<void>,
) {
  return middy<EventBridgeEvent<string, unknown>, void, Error, Context>()
    .use(observe())
    .handler((message, context) => {
      const remainingMs = () => context.getRemainingTimeInMillis();
      const happened = HubEventMessage.parse(message.detail);
      const ids = traced(happened.requestId, context);
      return underRequest(ids, () => handle({ event: happened, moment: realMoment, ...ids, remainingMs }));
    });
}
