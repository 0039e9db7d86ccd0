import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import type * as z from 'zod';
import { type Moment, realMoment } from '../../shared/core/clock.ts';
import type { DirectEntry, FunctionContract } from '../../shared/core/contract.ts';
import { type HubError, refuse } from '../../shared/core/errors.ts';
import { underRequest } from '../../shared/core/log.ts';
import type { Result } from '../../shared/core/result.ts';
import { openAudit } from './audit.ts';
import { observe } from './observe.ts';

export interface DirectInput<Entry extends DirectEntry> {
  readonly input: z.output<Entry['input']>;
  readonly moment: Moment;
  readonly requestId: string;
  readonly remainingMs: () => number;
}

/** What the invoking service gets back: the value, or the refusal as `{error: {code, message}}`. */
export type DirectAnswer = { readonly value: unknown } | { readonly error: Pick<HubError, 'code' | 'message'> };

/** The stack of functions that other AWS services invoke with IAM. */
export function direct<Entry extends DirectEntry>(
  contract: FunctionContract & { readonly entry: Entry },
  handle: (input: DirectInput<Entry>) => Promise<Result<unknown>>,
) {
  const audit = openAudit(contract.entry.audit);

  function run(input: z.output<Entry['input']>, context: Context): Promise<Result<unknown>> {
    const requestId = context.awsRequestId;
    const { tenant } = input as { readonly tenant?: string };
    return audit.around({ actor: { kind: 'iam' }, requestId, tenant, given: input }, () =>
      underRequest({ requestId }, () =>
        handle({ input, moment: realMoment, requestId, remainingMs: () => context.getRemainingTimeInMillis() }),
      ),
    );
  }

  return middy<unknown, DirectAnswer, Error, Context>()
    .use(observe())
    .handler(async (payload, context) => {
      const parsed = contract.entry.input.safeParse(payload);
      const result = parsed.success
        ? await run(parsed.data as z.output<Entry['input']>, context)
        : refuse(
            'invalid_request',
            parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '),
          );
      if (result.ok) return { value: result.value };
      return { error: { code: result.error.code, message: result.error.message } };
    });
}
