import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { close, listen } from './server.ts';
import {
  type AwsAnswer,
  AwsError,
  type AwsRequest,
  type Demand,
  jsonAnswer,
  type Say,
  type Service,
} from './service.ts';

/** One request of a function to AWS, as it came through. */
export interface AwsCall {
  readonly function: string;
  readonly service: string;
  readonly action: string;
  readonly resource: string;
  readonly allowed: boolean;
}

/** Who calls, by the access key: a function of the template with its rights, or somebody from outside. */
export interface Caller {
  readonly label: string;
  check(label: string, demand: Demand): void;
}

const targets: Readonly<Record<string, string>> = {
  DynamoDB_20120810: 'dynamodb',
  AmazonSQS: 'sqs',
  TrentService: 'kms',
  secretsmanager: 'secretsmanager',
  AWSEvents: 'events',
};

/** Returns the one port all AWS services share, bound before the services exist, since addresses in the template
 *  hold its number. Each request is recorded, and refused where the caller's role does not allow it. */
export async function openGateway(callerOf: (accessKey: string) => Caller | undefined, say: Say) {
  const calls: AwsCall[] = [];
  let services: Readonly<Record<string, Service>> = {};

  async function answer(incoming: IncomingMessage): Promise<AwsAnswer> {
    const { authorization = '', 'x-amz-target': target = '' } = incoming.headers;
    const signed = /Credential=([^/,\s]+)\/\d+\/[^/]+\/([^/]+)\/aws4_request/.exec(authorization);
    if (!signed) throw new AwsError('MissingAuthenticationTokenException', 'The request is not signed', 403);
    const [, accessKey = '', scope = ''] = signed;
    const request = await read(incoming);
    const name = targets[String(target).replace(/\..*$/, '')] ?? scope;
    const service = services[name];
    if (!service) throw new AwsError('UnknownOperationException', `There is no service ${name} on this computer`);
    const caller = callerOf(accessKey);
    const label = caller?.label ?? accessKey;
    const demands = service.demands(request);
    for (const demand of demands) {
      try {
        caller?.check(label, demand);
      } catch (error) {
        record(label, name, demand, false);
        if (error instanceof AwsError) say(error.message);
        throw error;
      }
    }
    const [first] = demands;
    if (first) record(label, name, first, true);
    return service.answer(request);
  }

  function record(label: string, service: string, { action, resource }: Demand, allowed: boolean): void {
    calls.push({ function: label, service, action: action.replace(/^.*:/, ''), resource, allowed });
    if (calls.length > 50_000) calls.splice(0, 10_000);
  }

  async function serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const { status, headers, body } = await answer(incoming).catch((error) => refusal(error, incoming, say));
    outgoing.writeHead(status, headers).end(body);
  }

  const server = createServer({ keepAliveTimeout: 60_000 }, (incoming, outgoing) => void serve(incoming, outgoing));
  return {
    url: await listen(server),
    calls: () => [...calls],
    serve(all: Readonly<Record<string, Service>>) {
      services = all;
    },
    stop: () => close(server),
  };
}

function refusal(error: unknown, { headers }: IncomingMessage, say: Say): AwsAnswer {
  const known = error instanceof AwsError;
  if (!known) say(`AWS gateway: ${error instanceof Error ? error.stack : error}`);
  const { code, status, message } = known ? error : new AwsError('InternalFailure', 'The local service failed', 500);
  if (headers['x-amz-target'] || !/\/s3\/aws4_request/.test(headers.authorization ?? '')) {
    const answer = jsonAnswer(status, { __type: code, message }, headers['content-type']);
    return { ...answer, headers: { ...answer.headers, 'x-amzn-errortype': code } };
  }
  const body = `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`;
  const denied = code === 'AccessDeniedException';
  return { status: denied ? 403 : status, headers: { 'content-type': 'application/xml' }, body };
}

async function read(incoming: IncomingMessage): Promise<AwsRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  const given = Object.entries(incoming.headers).map(([name, value = '']) => [name, [value].flat().join()]);
  const headers: Record<string, string> = Object.fromEntries(given);
  const operation = headers['x-amz-target']?.replace(/^.*\./, '') ?? '';
  const input = operation && body.length > 0 ? JSON.parse(body.toString('utf8')) : {};
  return { method: incoming.method ?? 'GET', url: incoming.url ?? '/', headers, body, operation, input };
}
