import middy from '@middy/core';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import type * as z from 'zod';
import { type Moment, realMoment } from '../../shared/core/clock.ts';
import type { FunctionContract, HttpEntry } from '../../shared/core/contract.ts';
import { refuse } from '../../shared/core/errors.ts';
import { TenantId } from '../../shared/core/ids.ts';
import { parseJson } from '../../shared/core/json.ts';
import { log, underRequest } from '../../shared/core/log.ts';
import { measure } from '../../shared/core/metrics.ts';
import { ok, type Result } from '../../shared/core/result.ts';
import { openAudit } from './audit.ts';
import { observe } from './observe.ts';
import { actorOf, Principal } from './principal.ts';
import { internalProblem, problem } from './refusal.ts';

type Parsed<Schema> = Schema extends z.ZodType ? z.output<Schema> : undefined;

/** What a handler is given: judged input or nothing. */
export interface HttpInput<Entry extends HttpEntry> {
  readonly path: Parsed<Entry['path']>;
  readonly query: Parsed<Entry['query']>;
  readonly body: Parsed<Entry['body']>;
  readonly header: (name: string) => string | undefined;
  readonly principal: Principal;
  readonly moment: Moment;
  readonly requestId: string;
  /** Milliseconds until the function is ended. */
  readonly remainingMs: () => number;
}

/** An answer with a status or headers of its own; a bare value answers with the contract's status. */
export class Reply {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;
  constructor(status: number, body?: unknown, headers: Readonly<Record<string, string>> = {}) {
    this.status = status;
    this.body = body;
    this.headers = headers;
  }
}

const MAX_BODY_BYTES = 1024 * 1024;

/** The stack of every JSON route: who calls, parse, handle, answer; refusals become problem details. */
export function http<Entry extends HttpEntry>(
  contract: FunctionContract & { readonly entry: Entry },
  handle: (input: HttpInput<Entry>) => Promise<Result<unknown>>,
) {
  const { entry } = contract;
  const audit = openAudit(entry.audit);
  return middy<APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Error, Context>()
    .use(observe())
    .onError((request) => {
      request.response = internalProblem(request.context.awsRequestId);
    })
    .handler(async (event, context) => {
      const requestId = context.awsRequestId;
      const principal = readPrincipal(event);
      const who = { actor: actorOf(principal), requestId };
      const access = admit(entry, principal, event.pathParameters?.tenant);
      if (!access.ok) {
        if (principal.kind === 'tenant') {
          const { tenantId: tenant, keyId: key } = principal;
          const { code } = access.error;
          if (code === 'not_found') {
            log.warn('a key asked for another tenant', { tenant, key, route: event.routeKey, requestId });
            measure('ForeignTenant', {});
          }
          await audit.note({ ...who, tenant, error: code }); // whose key it is shall know that it was tried
        }
        return problem(access.error, requestId);
      }
      const input = judge(entry, event);
      if (!input.ok) return problem(input.error, requestId);
      const work = () =>
        underRequest({ requestId }, () =>
          handle({
            ...input.value,
            principal,
            header: (name) => event.headers[name.toLowerCase()],
            moment: realMoment,
            requestId,
            remainingMs: () => context.getRemainingTimeInMillis(),
          }),
        );
      const { path: given, body } = input.value;
      const about = { ...who, tenant: event.pathParameters?.tenant, given, body };
      const result = await (isRehearsal(body) ? work() : audit.around(about, work));
      return result.ok ? answer(result.value, entry.status ?? 200, requestId) : problem(result.error, requestId);
    });
}

/** A dry run does nothing. */
function isRehearsal(body: unknown): boolean {
  return (body as { readonly dryRun?: unknown } | undefined)?.dryRun === true;
}

function judge<Entry extends HttpEntry>(entry: Entry, event: APIGatewayProxyEventV2) {
  const path = check(entry.path, event.pathParameters ?? {}, 'path');
  // An id that no such thing could have answers like one that does not exist.
  if (!path.ok) return refuse('not_found', 'There is nothing at this address.');
  const query = check(entry.query, readQuery(event.rawQueryString), 'query');
  if (!query.ok) return query;
  const body = entry.body ? readBody(entry.body, event) : ok(undefined);
  if (!body.ok) return body;
  return ok({
    path: path.value as Parsed<Entry['path']>,
    query: query.value as Parsed<Entry['query']>,
    body: body.value as Parsed<Entry['body']>,
  });
}

/** The tenant comes from the key and the path together; another tenant's path looks like a missing one. */
function admit(entry: HttpEntry, principal: Principal, tenant: string | undefined): Result<true> {
  if (entry.access === 'public') return ok(true);
  if (principal.kind === 'unknown') {
    return refuse(
      'unauthenticated',
      'Send "Authorization: Bearer <API key>" with a key of this hub that is not revoked.',
    );
  }
  if (principal.kind === 'operator' || entry.access === 'key') return ok(true);
  if (entry.access === 'operator') return refuse('forbidden', 'Only the operator key may do this.');
  if (TenantId.safeParse(tenant).success && tenant === principal.tenantId) return ok(true);
  return refuse('not_found', 'There is nothing at this address.');
}

function readPrincipal(event: APIGatewayProxyEventV2): Principal {
  const context = event.requestContext as { authorizer?: { lambda?: unknown } };
  const principal = Principal.safeParse(context.authorizer?.lambda);
  return principal.success ? principal.data : { kind: 'unknown' };
}

function readQuery(raw: string): Record<string, string | string[]> {
  const query: Record<string, string | string[]> = {};
  for (const [name, value] of new URLSearchParams(raw)) {
    const before = Object.hasOwn(query, name) ? query[name] : undefined;
    query[name] = before === undefined ? value : [before, value].flat(); // a repeated one fails its schema
  }
  return query;
}

function readBody(schema: z.ZodType, event: APIGatewayProxyEventV2): Result<unknown> {
  const bytes = Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8');
  if (bytes.length > MAX_BODY_BYTES)
    return refuse('payload_too_large', `The body may have at most ${MAX_BODY_BYTES} bytes.`);
  if (bytes.length > 0 && !/^application\/([a-z.+-]+\+)?json\s*(;|$)/i.test(event.headers['content-type'] ?? '')) {
    return refuse('unsupported_media_type', 'Send the body as JSON, with "content-type: application/json".');
  }
  const value = bytes.length === 0 ? {} : parseJson(bytes.toString('utf8'));
  if (value === undefined) return refuse('invalid_request', 'The body is not valid JSON.');
  return check(schema, value, 'body');
}

function check(schema: z.ZodType | undefined, value: unknown, part: string): Result<unknown> {
  if (!schema) return ok(undefined);
  const parsed = schema.safeParse(value);
  if (parsed.success) return ok(parsed.data);
  const faults = parsed.error.issues.slice(0, 5).map((issue) => `${[part, ...issue.path].join('.')}: ${issue.message}`);
  return refuse('invalid_request', faults.join('; '));
}

function answer(value: unknown, status: number, requestId: string): APIGatewayProxyStructuredResultV2 {
  const reply = value instanceof Reply ? value : new Reply(status, value);
  const headers = { 'cache-control': 'no-store', 'x-request-id': requestId, ...reply.headers };
  if (reply.body === undefined) return { statusCode: reply.status === 200 ? 204 : reply.status, headers };
  return {
    statusCode: reply.status,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(reply.body),
  };
}
