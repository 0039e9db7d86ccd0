import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { type Moment, realMoment } from '../../shared/core/clock.ts';
import type { FunctionContract, ScheduleEntry } from '../../shared/core/contract.ts';
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
    .handler((_event, context) =>
      handle({
        moment: realMoment,
        requestId: context.awsRequestId,
        remainingMs: () => context.getRemainingTimeInMillis(),
      }),
    );
}
