import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { type Moment, realMoment } from '../../shared/core/clock.ts';
import type { FunctionContract, ScheduleEntry } from '../../shared/core/contract.ts';
import { underRequest } from '../../shared/core/log.ts';
import { observe } from './observe.ts';

export interface ScheduleInput {
  readonly moment: Moment;
  readonly requestId: string;
  readonly remainingMs: () => number;
}

/** The stack of every tick: what throws is tried again by the scheduler, then lands in its DLQ. */
export function schedule(
  _contract: FunctionContract & { readonly entry: ScheduleEntry },
  handle: (input: ScheduleInput) => Promise<void>,
) {
  return middy<unknown, void, Error, Context>()
    .use(observe())
    .handler((_event, context) => {
      const requestId = context.awsRequestId;
      const remainingMs = () => context.getRemainingTimeInMillis();
      return underRequest({ requestId }, () => handle({ moment: realMoment, requestId, remainingMs }));
    });
}
