import middy from '@middy/core';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import type * as z from 'zod';
import { type Moment, realMoment } from '../../shared/core/clock.ts';
import type { FunctionContract, HttpEntry } from '../../shared/core/contract.ts';
import { type HubError, outcomes, refuse } from '../../shared/core/errors.ts';
import { contentPolicy, type Page, renderPage } from '../../shared/core/html.ts';
import { underRequest } from '../../shared/core/log.ts';
import { ok, type Result } from '../../shared/core/result.ts';
import { type Done, openAudit } from './audit.ts';
import { observe } from './observe.ts';

type Parsed<Schema> = Schema extends z.ZodType ? z.output<Schema> : undefined;

/** What a handler of a browser's request is given. */
export interface PageInput<Entry extends HttpEntry> {
  /** Which of the routes, where a function serves several. */
  readonly route: Entry['routes'][number];
  /** The path with its query, as they were sent. */
  readonly target: string;
  readonly path: Parsed<Entry['path']>;
  /** From the raw query: the gateway joins repeated parameters by comma, which would hide them. */
  readonly query: URLSearchParams;
  /** Empty unless the request is a POST of a form. */
  readonly form: URLSearchParams;
  readonly header: (name: string) => string | undefined;
  /** The cookie's value; nothing where there is none, or more than one of that name. */
  readonly cookie: (name: string) => string | undefined;
  readonly moment: Moment;
  readonly requestId: string;
  /** Milliseconds until the function is ended. */
  readonly remainingMs: () => number;
}

/** What the browser gets: a page, with status 200 unless another is given, or another place to go to. `done`: what is to be
 *  entered in the audit log. */
export type Shown = { readonly cookies?: readonly string[]; readonly done?: Omit<Done, 'requestId'> } & (
  | { readonly page: Page; readonly status?: number }
  | { readonly goTo: string }
);

export interface PageOptions {
  /** Whether the hub is reached by https, which browsers shall then remember. */
  readonly secure: boolean;
  /** Returns the page for a refusal; for a bug when there is none. */
  readonly failure: (error: HubError | undefined, requestId: string) => Page;
}

const MAX_FORM_BYTES = 16 * 1024;

/** The stack of every hosted page: parse, handle, answer; refusals and bugs become pages that say what to do next. */
export function page<Entry extends HttpEntry>(
  contract: FunctionContract & { readonly entry: Entry },
  { secure, failure }: PageOptions,
  handle: (input: PageInput<Entry>) => Promise<Result<Shown>>,
) {
  const audit = openAudit(contract.entry.audit);
  return middy<APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Error, Context>()
    .onError((request) => {
      request.response = document(500, failure(undefined, request.context.awsRequestId), secure);
    })
    .use(observe()) // last, so that it is first to hear of what broke, whatever becomes of the page
    .handler(async (event, context) => {
      const requestId = context.awsRequestId;
      const input = judge(contract.entry, event);
      const remainingMs = () => context.getRemainingTimeInMillis();
      const shown = input.ok
        ? await underRequest({ requestId }, () =>
            handle({ ...input.value, moment: realMoment, requestId, remainingMs }),
          )
        : input;
      if (!shown.ok) {
        return document(outcomes[shown.error.code].status, failure(shown.error, requestId), secure, shown.error);
      }
      const { value } = shown;
      if (value.done) await audit.note({ ...value.done, requestId });
      const answer = 'goTo' in value ? redirect(value.goTo, secure) : document(value.status ?? 200, value.page, secure);
      return { ...answer, cookies: [...(value.cookies ?? [])] };
    });
}

function judge<Entry extends HttpEntry>(entry: Entry, event: APIGatewayProxyEventV2) {
  const path = entry.path?.safeParse(event.pathParameters ?? {});
  if (path && !path.success) return refuse('not_found', 'There is nothing at this address.');
  const form = readForm(event);
  if (!form.ok) return form;
  return ok({
    route: event.routeKey as Entry['routes'][number],
    target: event.rawQueryString ? `${event.rawPath}?${event.rawQueryString}` : event.rawPath,
    path: path?.data as Parsed<Entry['path']>,
    query: new URLSearchParams(event.rawQueryString),
    form: form.value,
    header: (name: string) => event.headers[name.toLowerCase()],
    cookie: (name: string) => cookieOf(event, name),
  });
}

function readForm(event: APIGatewayProxyEventV2): Result<URLSearchParams> {
  if (event.requestContext.http.method !== 'POST') return ok(new URLSearchParams());
  const bytes = Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8');
  if (bytes.length > MAX_FORM_BYTES) return refuse('payload_too_large', 'The form is too large.');
  if (!/^application\/x-www-form-urlencoded\s*(;|$)/i.test(event.headers['content-type'] ?? '')) {
    return refuse('unsupported_media_type', 'This address takes the form of its own page alone.');
  }
  return ok(new URLSearchParams(bytes.toString('utf8')));
}

function cookieOf({ cookies = [] }: APIGatewayProxyEventV2, name: string): string | undefined {
  const values = cookies
    .flatMap((line) => line.split(';'))
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`));
  return values.length === 1 ? values[0]?.slice(name.length + 1) : undefined;
}

function document(status: number, shown: Page, secure: boolean, error?: HubError): APIGatewayProxyStructuredResultV2 {
  return {
    statusCode: status,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': contentPolicy(shown),
      ...(error?.retryAfterMs !== undefined && { 'retry-after': String(Math.ceil(error.retryAfterMs / 1000)) }),
      ...common(secure),
    },
    body: renderPage(shown),
  };
}

/** 303 alone: a 307 would send the form's fields on. */
function redirect(location: string, secure: boolean): APIGatewayProxyStructuredResultV2 {
  return { statusCode: 303, headers: { location, 'content-security-policy': contentPolicy(), ...common(secure) } };
}

function common(secure: boolean): Record<string, string> {
  return {
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'x-robots-tag': 'noindex',
    ...(secure && { 'strict-transport-security': 'max-age=31536000' }),
  };
}
