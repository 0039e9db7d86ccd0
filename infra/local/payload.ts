import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { account } from './resources.ts';

/** A request as it came over the wire, its body read whole. */
export interface Received {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
  readonly sourceIp: string;
  readonly body: Buffer;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly cookies: readonly string[];
  readonly body: Buffer;
}

export type HttpEvent = ReturnType<typeof buildEvent>;
type Strings = Readonly<Record<string, string>>;

/** Only these reach a function as text, as measured on AWS (ministackorg/ministack pull request 766); every other
 *  body, a form's too and one without a content type, is base64. */
const textual = /^(text\/.*|application\/(json|xml|javascript))$/;

/** Returns the request, or nothing where its body is over `mostBytes`. */
export async function receive(incoming: IncomingMessage, mostBytes: number): Promise<Received | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming) {
    bytes += chunk.length;
    if (bytes > mostBytes) return undefined;
    chunks.push(chunk);
  }
  const { method = 'GET', url = '/', headers, rawHeaders, socket } = incoming;
  const [path = '/', ...query] = url.split('?');
  const sourceIp = socket.remoteAddress ?? '127.0.0.1';
  return { method, path, query: query.join('?'), headers, rawHeaders, sourceIp, body: Buffer.concat(chunks) };
}

interface Place {
  readonly routeKey: string;
  readonly pathParameters: Strings;
  readonly apiId: string;
  readonly stage: string;
}

/** Returns the event of payload format 2.0.
 *  https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html */
export function buildEvent(received: Received, { routeKey, pathParameters, apiId, stage }: Place) {
  const { method, query, body, sourceIp, headers: parsed } = received;
  const { headers, cookies } = lowerHeaders(received);
  const path = decode(received.path);
  const now = new Date();
  const isText = textual.test((headers['content-type'] ?? '').replace(/;.*$/, '').trim().toLowerCase());
  const queryStringParameters = joinQuery(query);
  const domainName = parsed.host ?? '';
  const http = { method, path, protocol: 'HTTP/1.1', sourceIp, userAgent: headers['user-agent'] ?? '' };
  return {
    ...{ version: '2.0', routeKey, rawPath: path, rawQueryString: query, headers },
    ...(cookies.length > 0 && { cookies }),
    ...(query && { queryStringParameters }),
    ...(Object.keys(pathParameters).length > 0 && { pathParameters }),
    requestContext: {
      ...{
        accountId: account,
        apiId,
        domainName,
        domainPrefix: domainName.replace(/\..*$/, ''),
        http,
        routeKey,
        stage,
      },
      ...{ requestId: randomUUID(), time: logTime(now), timeEpoch: now.getTime() },
    },
    ...(body.length > 0 && { body: body.toString(isText ? 'utf8' : 'base64') }),
    isBase64Encoded: body.length > 0 && !isText,
  };
}

/** Returns what the browser gets for a function's answer; one without `statusCode` is itself the JSON body.
 *  Nothing where API Gateway would not accept it. */
export function readAnswer(payload: string): Answer | undefined {
  const given = JSON.parse(payload);
  if (given?.statusCode === undefined) {
    const body = Buffer.from(typeof given === 'string' ? given : payload);
    return { status: 200, headers: { 'content-type': 'application/json' }, cookies: [], body };
  }
  const { statusCode, headers = {}, cookies = [], body = '', isBase64Encoded } = given;
  const status = Number(statusCode);
  if (!Number.isInteger(status) || status < 100 || status > 599 || !Array.isArray(cookies)) return undefined;
  const lower = Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), String(value)]);
  return {
    status,
    headers: { ...(body && { 'content-type': 'text/plain; charset=utf-8' }), ...Object.fromEntries(lower) },
    cookies: cookies.map(String),
    body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body), isBase64Encoded ? 'base64' : 'utf8'),
  };
}

/** Returns API Gateway's own answer. */
export function message(status: number, text: string): Answer {
  const body = Buffer.from(JSON.stringify({ message: text }));
  return { status, headers: { 'content-type': 'application/json' }, cookies: [], body };
}

function lowerHeaders({ rawHeaders, sourceIp, headers: { host } }: Received) {
  const headers: Record<string, string> = {};
  const cookies: string[] = [];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]?.toLowerCase() ?? '';
    const value = rawHeaders[at + 1] ?? '';
    if (name === 'cookie') cookies.push(...value.split(/;\s*/).filter(Boolean));
    else if (name !== 'connection') headers[name] = name in headers ? `${headers[name]},${value}` : value;
  }
  const forwarded = headers['x-forwarded-for'];
  headers['x-forwarded-for'] = forwarded ? `${forwarded}, ${sourceIp}` : sourceIp;
  headers['x-forwarded-proto'] = 'http';
  headers['x-forwarded-port'] = host?.split(':')[1] ?? '80';
  headers['x-amzn-trace-id'] ??= `Root=1-${randomUUID()}`;
  return { headers, cookies };
}

function joinQuery(query: string): Strings {
  const joined = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(query)) {
    joined.set(name, joined.has(name) ? `${joined.get(name)},${value}` : value);
  }
  return Object.fromEntries(joined);
}

/** Returns the path or segment decoded; one that is not well-formed stays as it came. */
export function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** `20/Nov/2026:10:29:00 +0000` */
function logTime(at: Date): string {
  const [, day, month, year, time] = at.toUTCString().split(' ');
  return `${day}/${month}/${year}:${time} +0000`;
}
