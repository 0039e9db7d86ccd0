import type { MiddlewareObj } from '@middy/core';
import type { Context } from 'aws-lambda';
import { log } from '../../shared/core/log.ts';

/** Logs what threw, under the request id; what was refused is an answer, not a fault, and is not logged as one. */
export function observe(): MiddlewareObj<unknown, unknown, Error, Context> {
  return {
    onError: ({ error, context }) => {
      log.bug('unexpected error', error, { requestId: context.awsRequestId });
    },
  };
}
