import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { type HubError, outcomes } from '../../shared/core/errors.ts';

/** Returns a refusal as RFC 9457 problem details. */
export function problem(error: HubError, requestId: string): APIGatewayProxyStructuredResultV2 {
  const { status, title } = outcomes[error.code];
  return {
    statusCode: status,
    headers: {
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
      'x-request-id': requestId,
      ...(error.retryAfterMs !== undefined && { 'retry-after': String(Math.ceil(error.retryAfterMs / 1000)) }),
    },
    body: JSON.stringify({
      type: `https://patchbay.dev/problems/${error.code}`,
      title,
      status,
      code: error.code,
      detail: error.message,
      requestId,
    }),
  };
}

/** The answer to a bug: it says nothing of what broke; the log does, under the same request id. */
export function internalProblem(requestId: string): APIGatewayProxyStructuredResultV2 {
  return {
    statusCode: 500,
    headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store', 'x-request-id': requestId },
    body: JSON.stringify({
      type: 'about:blank',
      title: 'Something broke in the hub',
      status: 500,
      code: 'internal',
      detail: 'The request may be tried again. If it fails again, give the operator the request id.',
      requestId,
    }),
  };
}
