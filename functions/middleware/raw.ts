import middy from '@middy/core';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import type * as z from 'zod';
import { type Moment, realMoment } from '../../shared/core/clock.ts';
import type { FunctionContract, HttpEntry } from '../../shared/core/contract.ts';
import { refuse } from '../../shared/core/errors.ts';
import { underRequest } from '../../shared/core/log.ts';
import type { Result } from '../../shared/core/result.ts';
import { observe } from './observe.ts';
import { internalProblem, problem } from './refusal.ts';

export interface RawInput<Path> {
  readonly path: Path;
  /** Lower-case names; a repeated header is joined by commas. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** The body as it was sent: signatures are over these, so nothing may read it before. */
  readonly bytes: Buffer;
  readonly method: string;
  /** The path with its query, as they were sent. */
  readonly target: string;
  readonly moment: Moment;
  readonly requestId: string;
}

/** What the caller is told, in its own form. */
export interface RawAnswer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/** The stack of a public route whose body must stay as it came: no schema; the answer is a text of any type. */
export function raw<Path extends z.ZodType>(
  contract: FunctionContract & { readonly entry: HttpEntry & { readonly path: Path } },
  handle: (input: RawInput<z.output<Path>>) => Promise<Result<RawAnswer>>,
) {
  return middy<APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Error, Context>()
    .use(observe())
    .onError((request) => {
      request.response = internalProblem(request.context.awsRequestId);
    })
    .handler(async (event, { awsRequestId: requestId }) => {
      const path = contract.entry.path.safeParse(event.pathParameters ?? {});
      const result = path.success
        ? await underRequest({ requestId }, () =>
            handle({
              path: path.data,
              headers: lowerCase(event.headers),
              method: event.requestContext.http.method,
              target: event.rawQueryString ? `${event.rawPath}?${event.rawQueryString}` : event.rawPath,
              bytes: Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8'),
              moment: realMoment,
              requestId,
            }),
          )
        : refuse('not_found', 'There is nothing at this address.');
      if (!result.ok) return problem(result.error, requestId);
      const { status, type, body } = result.value;
      return {
        statusCode: status,
        headers: {
          'content-type': type === 'application/json' ? type : `${type}; charset=utf-8`,
          'cache-control': 'no-store',
          'x-content-type-options': 'nosniff',
        },
        body,
      };
    });
}

function lowerCase(headers: APIGatewayProxyEventV2['headers']): Record<string, string> {
  const lower = new Map<string, string>();
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined) continue;
    const before = lower.get(name.toLowerCase());
    lower.set(name.toLowerCase(), before === undefined ? value : `${before},${value}`);
  }
  return Object.fromEntries(lower);
}
