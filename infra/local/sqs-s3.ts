import { openFauxqs } from './fauxqs.ts';
import { account, arn, region } from './resources.ts';
import { AwsError, type AwsRequest, type Demand, type Input, type Service, signed, text } from './service.ts';
import type { Resource, Template } from './template.ts';

interface QueueProperties extends Readonly<Record<string, unknown>> {
  readonly RedrivePolicy?: { readonly deadLetterTargetArn: string; readonly maxReceiveCount: number };
  readonly VisibilityTimeout?: number;
}

export interface Message {
  readonly MessageId: string;
  readonly ReceiptHandle: string;
  readonly Body: string;
  readonly MD5OfBody: string;
  readonly Attributes?: Readonly<Record<string, string>>;
  readonly MessageAttributes?: Readonly<Record<string, MessageAttribute>>;
}

export interface MessageAttribute {
  readonly DataType: string;
  readonly StringValue?: string;
  readonly BinaryValue?: string;
}

export type Sqs = Awaited<ReturnType<typeof openSqsAndS3>>['queues'];

/** `sqs:SendMessage` is the right for the batch as well; so with the other two. */
const batched = /^(SendMessage|DeleteMessage|ChangeMessageVisibility)Batch$/;
const passedOn = ['VisibilityTimeout', 'DelaySeconds', 'MessageRetentionPeriod', 'ReceiveMessageWaitTimeSeconds'];
/** fauxqs has one account of its own, which only its redrive policies ever see. */
const foreignAccount = '000000000000';
const s3Rights: Readonly<Record<string, string>> = {
  GET: 's3:GetObject',
  HEAD: 's3:GetObject',
  PUT: 's3:PutObject',
  POST: 's3:PutObject',
  DELETE: 's3:DeleteObject',
};

/** Returns SQS and S3 with the template's queues and buckets, without a port of their own. `folder`: where messages and
 *  objects are kept; default: in memory. `longestVisibilityS` shortens visibility timeouts, so that a test need not wait
 *  minutes for a redelivery. */
export async function openSqsAndS3(
  template: Template,
  {
    folder,
    longestVisibilityS = Number.POSITIVE_INFINITY,
  }: { readonly folder?: string; readonly longestVisibilityS?: number } = {},
) {
  const { app, stop } = await openFauxqs(region, folder);
  const queues = template.all<QueueProperties>('AWS::SQS::Queue');

  async function call(operation: string, input: Input): Promise<Input> {
    const headers = signed('sqs', `AmazonSQS.${operation}`);
    const answer = await app.inject({ method: 'POST', url: '/', headers, payload: JSON.stringify(input) });
    const body = JSON.parse(answer.payload);
    if (answer.statusCode !== 200) throw new AwsError(String(body.__type), `${operation}: ${body.message}`);
    return body;
  }

  for (const { name, properties } of queues) {
    const { RedrivePolicy, VisibilityTimeout = 30, ...others } = properties;
    const settings = Object.entries({ ...others, VisibilityTimeout: Math.min(longestVisibilityS, VisibilityTimeout) });
    const attributes = Object.fromEntries(
      settings.filter(([key]) => passedOn.includes(key)).map(([key, value]) => [key, String(value)]),
    );
    if (properties.FifoQueue) attributes.FifoQueue = 'true';
    if (RedrivePolicy) attributes.RedrivePolicy = JSON.stringify(RedrivePolicy).replace(account, foreignAccount);
    const { QueueUrls = [] } = await call('ListQueues', { QueueNamePrefix: name });
    const known = (QueueUrls as string[]).find((url) => url.endsWith(`/${name}`));
    if (known === undefined) await call('CreateQueue', { QueueName: name, Attributes: attributes });
    else await call('SetQueueAttributes', { QueueUrl: known, Attributes: attributes }); // as the template has it by now
  }
  for (const { name } of template.all('AWS::S3::Bucket')) {
    const answer = await app.inject({ method: 'PUT', url: `/${name}` });
    if (answer.statusCode !== 200) throw new Error(`The bucket ${name} could not be made: ${answer.payload}`);
  }

  function queueOf(url: string): Resource {
    const found = queues.find(({ ref }) => ref === url);
    if (!found) throw new AwsError('QueueDoesNotExist', `The queue ${url} does not exist`);
    return found;
  }

  async function pass({ method, url, headers, body }: AwsRequest) {
    // light-my-request sets these itself, and fauxqs would read the SDK's chunked framing through `content-length`.
    const { 'transfer-encoding': _, connection: __, ...others } = headers;
    const known = method === 'GET' || method === 'PUT' || method === 'POST' || method === 'DELETE' || method === 'HEAD';
    if (!known) throw new AwsError('MethodNotAllowed', `${method} is not known here`, 405);
    const answer = await app.inject({ method, url, headers: others, payload: body });
    const kept = Object.entries(answer.headers).filter(([name]) => !/^(connection|transfer-encoding)$/.test(name));
    const answered = Object.fromEntries(kept.map(([name, value]) => [name, String(value)]));
    return { status: answer.statusCode, headers: answered, body: answer.rawPayload };
  }

  const sqs: Service = {
    demands({ operation, input }) {
      const action = `sqs:${operation.replace(batched, '$1')}`;
      if (operation === 'GetQueueUrl') return [{ action, resource: arn('sqs', text(input, 'QueueName')) }];
      return [{ action, resource: queueOf(text(input, 'QueueUrl')).arn }];
    },
    async answer(request) {
      if (request.operation !== 'GetQueueUrl') return pass(request);
      const QueueUrl = queues.find(({ name }) => name === request.input.QueueName)?.ref;
      if (!QueueUrl) throw new AwsError('QueueDoesNotExist', `The queue ${request.input.QueueName} does not exist`);
      return {
        status: 200,
        headers: { 'content-type': 'application/x-amz-json-1.0' },
        body: JSON.stringify({ QueueUrl }),
      };
    },
  };

  const s3: Service = {
    demands: ({ method, url }) => [s3Demand(method, url)],
    answer: pass,
  };

  return {
    sqs,
    s3,
    queues: {
      async send(queueArn: string, body: string, group?: string): Promise<void> {
        const found = queues.find(({ arn }) => arn === queueArn);
        if (!found) throw new AwsError('QueueDoesNotExist', `There is no queue ${queueArn}`);
        await call('SendMessage', { QueueUrl: found.ref, MessageBody: body, MessageGroupId: group });
      },
      async receive(queueUrl: string, most: number, waitS: number): Promise<readonly Message[]> {
        const answer = await call('ReceiveMessage', {
          QueueUrl: queueUrl,
          MaxNumberOfMessages: most,
          WaitTimeSeconds: waitS,
          MessageSystemAttributeNames: ['All'],
          MessageAttributeNames: ['All'],
        });
        return (answer.Messages ?? []) as Message[];
      },
      async remove(queueUrl: string, receiptHandle: string): Promise<void> {
        await call('DeleteMessage', { QueueUrl: queueUrl, ReceiptHandle: receiptHandle });
      },
      /** How many messages the queue holds, hidden and delayed ones included; named by the start of its logical id. */
      async depth(wanted: string): Promise<number> {
        const found = queues.find(({ name, id }) => name === wanted || id.startsWith(wanted));
        if (!found)
          throw new Error(`There is no queue ${wanted}; there are ${queues.map(({ name }) => name).join(', ')}`);
        const { Attributes = {} } = await call('GetQueueAttributes', { QueueUrl: found.ref, AttributeNames: ['All'] });
        const counts = Object.entries(Attributes as Record<string, string>);
        return counts.reduce((sum, [key, value]) => sum + (/^ApproximateNumber/.test(key) ? Number(value) : 0), 0);
      },
    },
    stop,
  };
}

function s3Demand(method: string, url: string): Demand {
  const { pathname } = new URL(url, 'http://127.0.0.1');
  const [, bucket = '', key = ''] = /^\/([^/]*)\/?(.*)$/.exec(decodeURIComponent(pathname)) ?? [];
  if (!key)
    return { action: method === 'GET' ? 's3:ListBucket' : `s3:${method}Bucket`, resource: `arn:aws:s3:::${bucket}` };
  return { action: s3Rights[method] ?? `s3:${method}`, resource: `arn:aws:s3:::${bucket}/${key}` };
}
