import { setTimeout as wait } from 'node:timers/promises';
import type { Fn, Functions, Outcome } from './lambda.ts';
import { AwsError, type AwsRequest, jsonAnswer, type Say, type Service } from './service.ts';
import type { Sqs } from './sqs-s3.ts';
import type { Resource, Template } from './template.ts';

interface InvokeConfig {
  readonly FunctionName: string;
  readonly MaximumRetryAttempts?: number;
  readonly DestinationConfig?: { readonly OnFailure?: { readonly Destination: string } };
}

export type AsyncInvoke = ReturnType<typeof openAsyncInvoke>;

/** Returns the asynchronous way into a function: two retries (waiting `retryMs` each; AWS takes minutes), then the
 *  event goes to the on-failure destination or the dead-letter queue. */
export function openAsyncInvoke(template: Template, functions: Functions, sqs: Sqs, say: Say, retryMs: number) {
  const configs = template.all<InvokeConfig>('AWS::Lambda::EventInvokeConfig');
  const running = new Set<Promise<unknown>>();
  const stopping = new AbortController();

  async function deliver(fn: Fn, event: unknown): Promise<Outcome> {
    const config = configs.find(({ properties }) => [fn.name, fn.arn].includes(properties.FunctionName))?.properties;
    const retries = config?.MaximumRetryAttempts ?? 2;
    let outcome = await functions.invoke(fn.id, event);
    let attempts = 1;
    for (; !outcome.ok && attempts <= retries && !stopping.signal.aborted; attempts++) {
      await pause(retryMs, stopping.signal);
      outcome = await functions.invoke(fn.id, event);
    }
    if (outcome.ok || stopping.signal.aborted) return outcome;
    const destination = config?.DestinationConfig?.OnFailure?.Destination;
    const deadLetters = fn.properties.DeadLetterConfig?.TargetArn;
    if (destination) await sqs.send(destination, JSON.stringify(failureRecord(fn, event, outcome, attempts)));
    if (deadLetters) await sqs.send(deadLetters, JSON.stringify(event));
    if (!destination && !deadLetters) say(`${fn.id}: an event was dropped after ${attempts} attempts`);
    return outcome;
  }

  return {
    /** Returns the outcome of the last attempt, once there is one. */
    invoke(wanted: string, event: unknown): Promise<Outcome> {
      const delivery = deliver(functions.find(wanted), event).finally(() => running.delete(delivery));
      running.add(delivery);
      return delivery;
    },
    async stop(): Promise<void> {
      stopping.abort();
      await Promise.allSettled(running);
    },
  };
}

/** Returns Lambda's own API, of which only `Invoke` exists here. */
export function lambdaApi(functions: Functions, invoker: AsyncInvoke, say: Say): Service {
  function target({ method, url }: AwsRequest): Fn {
    const [, name] = /^\/2015-03-31\/functions\/([^/?]+)\/invocations/.exec(url) ?? [];
    if (method !== 'POST' || !name) throw new AwsError('UnknownOperationException', `${method} ${url}: not known here`);
    const wanted = decodeURIComponent(name);
    const found = functions.all.find((fn) => fn.name === wanted || fn.arn === wanted);
    if (!found) throw new AwsError('ResourceNotFoundException', `Function not found: ${wanted}`, 404);
    return found;
  }
  return {
    demands: (request) => [{ action: 'lambda:InvokeFunction', resource: target(request).arn }],
    async answer(request) {
      const event: unknown = request.body.length > 0 ? JSON.parse(request.body.toString('utf8')) : {};
      if (request.headers['x-amz-invocation-type'] === 'Event') {
        invoker.invoke(target(request).id, event).catch((error) => say(error.message));
        return { status: 202, headers: {}, body: '' };
      }
      const outcome = await functions.invoke(target(request).id, event);
      if (outcome.ok) return { ...jsonAnswer(200, null, 'application/json'), body: outcome.payload };
      const answer = jsonAnswer(200, outcome.error, 'application/json');
      return { ...answer, headers: { ...answer.headers, 'x-amz-function-error': 'Unhandled' } };
    },
  };
}

/** https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html */
function failureRecord({ arn }: Resource<unknown>, event: unknown, outcome: Outcome, attempts: number) {
  const about = { requestId: outcome.requestId, approximateInvokeCount: attempts };
  return {
    ...{ version: '1.0', timestamp: new Date().toISOString(), requestPayload: event },
    requestContext: { ...about, functionArn: `${arn}:$LATEST`, condition: 'RetriesExhausted' },
    responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
    responsePayload: outcome.ok ? null : outcome.error,
  };
}

/** Resolves after `ms`, or at once when the hub stops. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await wait(ms, undefined, { signal }).catch(() => {});
}
