import { type Functions, within } from './lambda.ts';
import { type Answer, type HttpEvent, message } from './payload.ts';
import type { Resource } from './template.ts';

export interface AuthorizerProperties {
  readonly AuthorizerType?: string;
  readonly AuthorizerUri?: string;
  readonly AuthorizerPayloadFormatVersion?: string;
  readonly EnableSimpleResponses?: boolean;
  readonly IdentitySource?: readonly string[];
  readonly AuthorizerResultTtlInSeconds?: number;
}

/** The context for the function, or the refusal the caller gets. */
type Verdict = { readonly context: object } | Answer;
export type Authorize = (event: HttpEvent) => Promise<Verdict>;

/** Returns the check by a Lambda authorizer with simple answers; what it said stays in force for its TTL.
 *  https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html */
export function openAuthorizer({ id, properties }: Resource<AuthorizerProperties>, functions: Functions): Authorize {
  const { AuthorizerType, AuthorizerPayloadFormatVersion, EnableSimpleResponses, IdentitySource = [] } = properties;
  const identify = IdentitySource.map((source) => readSource(source, id));
  if (AuthorizerType !== 'REQUEST' || AuthorizerPayloadFormatVersion !== '2.0' || !EnableSimpleResponses) {
    throw new Error(`Authorizer ${id}: only REQUEST authorizers with simple answers are known on this computer`);
  }
  const target = functions.find(properties.AuthorizerUri ?? '').id;
  const ttlMs = (properties.AuthorizerResultTtlInSeconds ?? 0) * 1000;
  const remembered = new Map<string, { readonly verdict: Verdict; readonly untilMs: number }>();

  async function ask({ body: _, isBase64Encoded: __, ...event }: HttpEvent, identitySource: readonly string[]) {
    const outcome = await within(10_000, functions.invoke(target, { ...event, type: 'REQUEST', identitySource }));
    if (outcome && !outcome.ok && outcome.error.errorMessage === 'Unauthorized') return message(401, 'Unauthorized');
    const { isAuthorized, context = {} } = (outcome?.ok && JSON.parse(outcome.payload)) || {};
    if (typeof isAuthorized !== 'boolean') return message(500, 'Internal Server Error');
    return isAuthorized ? { context } : message(403, 'Forbidden');
  }

  return async (event) => {
    const identity = identify.map((read) => read(event) ?? '');
    if (identity.includes('')) return message(401, 'Unauthorized');
    const key = JSON.stringify(identity);
    const known = remembered.get(key);
    if (known && known.untilMs > Date.now()) return known.verdict;
    const verdict = await ask(event, identity);
    remembered.set(key, { verdict, untilMs: Date.now() + ttlMs });
    return verdict;
  };
}

function readSource(source: string, authorizer: string): (event: HttpEvent) => string | undefined {
  const [, place, name = ''] = /^\$request\.(header|querystring)\.(.+)$/.exec(source) ?? [];
  if (source === '$context.routeKey') return ({ routeKey }) => routeKey;
  if (place === 'header') return ({ headers }) => headers[name.toLowerCase()];
  if (place === 'querystring') return ({ queryStringParameters }) => queryStringParameters?.[name];
  throw new Error(`Authorizer ${authorizer}: the identity source ${source} is not known on this computer`);
}
