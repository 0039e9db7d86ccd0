import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import { httpEvent, lambdaContext } from '../../support/http-event.ts';

export type Handler = (event: APIGatewayProxyEventV2, context: Context) => Promise<APIGatewayProxyStructuredResultV2>;

export interface Seen {
  readonly status: number;
  readonly body: string;
  readonly goTo?: string;
  readonly headers: Readonly<Record<string, unknown>>;
  /** As they were set. */
  readonly cookies: readonly string[];
}

/** A form of another page, or of another site, than the one it says. */
export interface Forged {
  readonly csrf?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
  readonly cookies?: readonly string[];
}

export const OPERATOR_KEY = `pb_local_operator_${'5'.repeat(32)}`;

const routes: readonly (readonly [RegExp, string])[] = [
  [/^\/console$/, '/console'],
  [/^\/console\/tenants\/(?<tenant>[^/]+)$/, '/console/tenants/{tenant}'],
  [
    /^\/console\/tenants\/(?<tenant>[^/]+)\/connections\/(?<connection>[^/]+)$/,
    '/console/tenants/{tenant}/connections/{connection}',
  ],
  [/^\/console\/tenants\/(?<tenant>[^/]+)\/calls$/, '/console/tenants/{tenant}/calls'],
  [/^\/console\/tenants\/(?<tenant>[^/]+)\/events$/, '/console/tenants/{tenant}/events'],
  [/^\/console\/subscriptions\/(?<subscription>[^/]+)$/, '/console/subscriptions/{subscription}'],
];

/** Returns a browser that keeps cookies, and sends the forms of its pages as they are. `handlerOf`: who serves a route. */
export function openBrowser(handlerOf: (route: string) => Handler | undefined) {
  const jar = new Map<string, string>();

  async function ask(
    method: 'GET' | 'POST',
    target: string,
    { body, headers = {}, cookies }: { body?: string } & Pick<Forged, 'headers' | 'cookies'> = {},
  ): Promise<Seen> {
    const [path = '', query = ''] = target.split('?');
    const [pattern, route = ''] = routes.find(([one]) => one.test(path)) ?? [];
    const parameters = pattern?.exec(path)?.groups ?? {};
    const bound = Object.fromEntries(
      Object.entries(parameters).map(([name, value]) => [name, decodeURIComponent(value)]),
    );
    const handler = handlerOf(route);
    if (!handler) throw new Error(`nobody serves ${target}`);
    const event = {
      ...httpEvent(method, route, { path: bound, query, body, headers: { ...headers } }),
      ...{ rawPath: path, pathParameters: bound },
      cookies: [...(cookies ?? [...jar].map(([name, value]) => `${name}=${value}`))],
    };
    const answer = await handler(event, lambdaContext());
    for (const line of answer.cookies ?? []) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === '') jar.delete(name);
      else jar.set(name, value);
    }
    const { statusCode = 0, body: text = '', headers: sent = {} } = answer;
    const goTo = sent.location === undefined ? {} : { goTo: String(sent.location) };
    return { status: statusCode, body: text, headers: sent, cookies: answer.cookies ?? [], ...goTo };
  }

  const visit = (target: string, more: Pick<Forged, 'headers' | 'cookies'> = {}) => ask('GET', target, more);

  /** Sends the form that the page has, filled in. */
  async function press(
    target: string,
    fields: Readonly<Record<string, string>>,
    { csrf, headers, cookies }: Forged = {},
  ): Promise<Seen> {
    const token = csrf === undefined ? csrfOf((await visit(target)).body) : csrf;
    const form = new URLSearchParams({ ...(token !== null && { csrf: token }), ...fields });
    const type = {
      'content-type': 'application/x-www-form-urlencoded',
      origin: 'null',
      'sec-fetch-site': 'same-origin',
    };
    return ask('POST', target, { body: form.toString(), headers: { ...type, ...headers }, cookies });
  }

  return {
    jar,
    visit,
    press,
    signIn: (key = OPERATOR_KEY, more: Readonly<Record<string, string>> = {}, forged: Forged = {}) =>
      press('/console', { action: 'sign-in', key, ...more }, forged),
  };
}

export type Browser = ReturnType<typeof openBrowser>;

export function csrfOf(body: string): string {
  return /name="csrf" value="([^"]+)"/.exec(body)?.[1] ?? '';
}
