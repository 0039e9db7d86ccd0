import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';

/** Returns an HTTP API event (payload 2.0) as API Gateway makes it of such a request. */
export function httpEvent(
  method: string,
  route: string,
  options: {
    readonly path?: Record<string, string>;
    readonly query?: string;
    readonly headers?: Record<string, string>;
    readonly body?: string | Buffer;
    readonly principal?: Record<string, string>;
  } = {},
): APIGatewayProxyEventV2 {
  const { path, query = '', headers = {}, body, principal } = options;
  const rawPath = route.replace(/\{(\w+)\}/g, (_all, name) => path?.[name] ?? '');
  const requestContext = {
    accountId: '111111111111',
    apiId: 'example',
    domainName: 'hub.example.com',
    domainPrefix: 'hub',
    http: { method, path: rawPath, protocol: 'HTTP/1.1', sourceIp: '192.0.2.1', userAgent: 'test' },
    requestId: 'example',
    routeKey: `${method} ${route}`,
    stage: '$default',
    time: '',
    timeEpoch: 0,
    ...(principal && { authorizer: { lambda: principal } }),
  };
  return {
    version: '2.0',
    routeKey: `${method} ${route}`,
    rawPath,
    rawQueryString: query,
    headers,
    pathParameters: path,
    requestContext,
    ...(body !== undefined && { body: typeof body === 'string' ? body : body.toString('base64') }),
    isBase64Encoded: Buffer.isBuffer(body),
  };
}

/** Returns what Lambda hands a function beside its event. */
export function lambdaContext(awsRequestId = 'req-1', remainingMs = 30_000): Context {
  return {
    awsRequestId,
    getRemainingTimeInMillis: () => remainingMs,
    callbackWaitsForEmptyEventLoop: false,
    functionName: 'test',
    functionVersion: '1',
    invokedFunctionArn: 'arn:aws:lambda:us-east-1:111111111111:function:test',
    memoryLimitInMB: '512',
    logGroupName: 'test',
    logStreamName: 'test',
    done: () => undefined,
    fail: () => undefined,
    succeed: () => undefined,
  };
}
