import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { type Authorize, type AuthorizerProperties, openAuthorizer } from './authorizer.ts';
import { readGrants } from './grants.ts';
import { type Functions, within } from './lambda.ts';
import { type Answer, buildEvent, decode, message, type Received, readAnswer, receive } from './payload.ts';
import type { Resource, Template } from './template.ts';

interface Cors {
  readonly AllowOrigins?: readonly string[];
  readonly AllowMethods?: readonly string[];
  readonly AllowHeaders?: readonly string[];
  readonly ExposeHeaders?: readonly string[];
  readonly AllowCredentials?: boolean;
  readonly MaxAge?: number;
}

interface RouteProperties {
  readonly RouteKey: string;
  readonly Target: string;
  readonly AuthorizationType?: string;
  readonly AuthorizerId?: string;
}

interface IntegrationProperties {
  readonly IntegrationType: string;
  readonly IntegrationUri: string;
  /** The role that API Gateway runs the function by. */
  readonly CredentialsArn?: string;
  readonly PayloadFormatVersion?: string;
  readonly TimeoutInMillis?: number;
}

const MOST_BYTES = 10 * 1024 * 1024;
const MOST_HEADER_BYTES = 10_240;

/** Returns the listener of the template's HTTP API: routes, CORS, Lambda authorizer, payload format 2.0. */
export function openHttpApi(template: Template, functions: Functions): RequestListener {
  const [api, ...others] = template.all<{ readonly CorsConfiguration?: Cors }>('AWS::ApiGatewayV2::Api');
  const stage = template.all('AWS::ApiGatewayV2::Stage')[0]?.name;
  if (!api || others.length > 0 || stage !== '$default') {
    throw new Error('Only a template with one HTTP API and its $default stage is known on this computer');
  }
  const routes = readRoutes(template, functions);
  const { ref: apiId, properties } = api;
  const { CorsConfiguration: cors } = properties;

  async function answer(received: Received): Promise<Answer> {
    const { method, path, headers } = received;
    if (cors && method === 'OPTIONS' && headers.origin && headers['access-control-request-method']) {
      return { status: 204, headers: {}, cookies: [], body: Buffer.alloc(0) };
    }
    const found = match(routes, method, path);
    if (!found) return message(404, 'Not Found');
    const { route, pathParameters } = found;
    const event = buildEvent(received, { routeKey: route.key, pathParameters, apiId, stage: '$default' });
    const verdict = await route.authorize?.(event);
    if (verdict && 'status' in verdict) return verdict;
    const requestContext = { ...event.requestContext, ...(verdict && { authorizer: { lambda: verdict.context } }) };
    const outcome = await within(route.timeoutMs, functions.invoke(route.target, { ...event, requestContext }));
    if (!outcome) return message(503, 'Service Unavailable');
    if (outcome.ok) return readAnswer(outcome.payload) ?? message(500, 'Internal Server Error');
    const large = outcome.error.errorType === 'RequestTooLargeException';
    return large ? message(413, 'Request Entity Too Large') : message(500, 'Internal Server Error');
  }

  async function serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const bytes = incoming.rawHeaders.reduce((sum, part) => sum + part.length + 2, incoming.url?.length ?? 0);
    const received = bytes > MOST_HEADER_BYTES ? undefined : await receive(incoming, MOST_BYTES);
    const tooLarge = bytes > MOST_HEADER_BYTES ? message(431, 'Too Large') : message(413, 'Request Entity Too Large');
    const { status, headers, cookies, body } = received ? await answer(received) : tooLarge;
    outgoing.writeHead(status, {
      ...headers,
      ...(cookies.length > 0 && { 'set-cookie': [...cookies] }),
      ...(status !== 204 && status !== 304 && { 'content-length': body.length }),
      ...corsHeaders(cors, incoming),
      ...(!received && { connection: 'close' }), // what the client still sends is of no use to anybody
    });
    outgoing.end(incoming.method === 'HEAD' ? undefined : body);
  }

  return (incoming, outgoing) => {
    serve(incoming, outgoing).catch(() => outgoing.destroy()); // the client hung up
  };
}

function readRoutes(template: Template, functions: Functions) {
  const integrations = template.all<IntegrationProperties>('AWS::ApiGatewayV2::Integration');
  const authorizers = new Map(
    template
      .all<AuthorizerProperties>('AWS::ApiGatewayV2::Authorizer')
      .map((one) => [one.ref, openAuthorizer(one, functions)]),
  );
  const routes = template.all<RouteProperties>('AWS::ApiGatewayV2::Route');
  for (const { id, properties } of integrations) checkRole(template, id, properties);
  return routes.map((route) => readRoute(route, integrations, functions, authorizers)).sort(bySpecificity);
}

/** Throws where API Gateway runs the function by a role that may not. */
function checkRole(template: Template, id: string, { CredentialsArn: Role, IntegrationUri }: IntegrationProperties) {
  if (Role === undefined) return;
  const check = readGrants(template, { id, properties: { Role } });
  check(`Integration ${id}`, { action: 'lambda:InvokeFunction', resource: IntegrationUri });
}

function readRoute(
  { properties }: Resource<RouteProperties>,
  integrations: readonly Resource<IntegrationProperties>[],
  functions: Functions,
  authorizers: ReadonlyMap<string, Authorize>,
) {
  const { RouteKey: key, Target, AuthorizationType = 'NONE', AuthorizerId = '' } = properties;
  const integration = integrations.find(({ ref }) => Target === `integrations/${ref}`)?.properties;
  const authorize = AuthorizationType === 'CUSTOM' ? authorizers.get(AuthorizerId) : undefined;
  const proxied = integration?.IntegrationType === 'AWS_PROXY' && integration.PayloadFormatVersion === '2.0';
  if (!proxied || (AuthorizationType !== 'NONE' && !authorize)) {
    throw new Error(`Route ${key}: its integration or authorization is not known on this computer`);
  }
  const [method = '', path = ''] = key === '$default' ? ['ANY'] : key.split(' ');
  const segments = path.split('/').slice(1);
  // Exact before {parameter} before {greedy+} before $default, segment by segment; a method before ANY.
  const kinds = segments.map((segment) => (segment.endsWith('+}') ? '2' : segment.startsWith('{') ? '1' : '0'));
  const rank = `${path ? kinds.join('') : '9'} ${method === 'ANY' ? '1' : '0'}`;
  const { id: target } = functions.find(integration.IntegrationUri);
  return { key, method, path, segments, rank, target, authorize, timeoutMs: integration.TimeoutInMillis ?? 30_000 };
}

type Route = ReturnType<typeof readRoute>;

const bySpecificity = (a: Route, b: Route) => (a.rank < b.rank ? -1 : 1);

function match(routes: readonly Route[], method: string, path: string) {
  const given = path.split('/').slice(1);
  for (const route of routes) {
    if (route.method !== 'ANY' && route.method !== method) continue;
    const pathParameters = route.path ? bind(route.segments, given) : {};
    if (pathParameters) return { route, pathParameters };
  }
  return undefined;
}

function bind(segments: readonly string[], given: readonly string[]): Record<string, string> | undefined {
  const bound: Record<string, string> = {};
  for (const [at, segment] of segments.entries()) {
    const value = given[at];
    const [, name, greedy] = /^\{(.+?)(\+?)\}$/.exec(segment) ?? [];
    if (value === undefined || (name && value === '')) return undefined;
    if (name && greedy) return { ...bound, [name]: decode(given.slice(at).join('/')) };
    if (name) bound[name] = decode(value);
    else if (segment !== decode(value)) return undefined;
  }
  return segments.length === given.length ? bound : undefined;
}

function corsHeaders(cors: Cors | undefined, { headers, method }: IncomingMessage): Record<string, string> {
  const { origin = '' } = headers;
  const origins = cors?.AllowOrigins ?? [];
  const allowed = origin && (origins.includes(origin) ? origin : origins.includes('*') ? '*' : '');
  if (!cors || !allowed) return {};
  const preflight = method === 'OPTIONS' && headers['access-control-request-method'] !== undefined;
  const always = { origin: allowed, credentials: cors.AllowCredentials || undefined };
  const sent = preflight
    ? { ...always, methods: cors.AllowMethods?.join(), headers: cors.AllowHeaders?.join() }
    : always;
  const named = Object.entries(sent).filter(([, value]) => value !== undefined);
  return {
    ...Object.fromEntries(named.map(([name, value]) => [`access-control-allow-${name}`, String(value)])),
    ...(allowed !== '*' && { vary: 'origin' }),
    ...(preflight && cors.MaxAge !== undefined && { 'access-control-max-age': String(cors.MaxAge) }),
    ...(!preflight && cors.ExposeHeaders && { 'access-control-expose-headers': cors.ExposeHeaders.join() }),
  };
}
