import { refuse } from '../core/errors.ts';
import { at } from '../core/json.ts';
import { ok, type Result } from '../core/result.ts';
import type { Action, ApiRequest, Versioned } from '../providers/actions.ts';
import { findActions } from '../providers/callees.ts';
import { findProvider } from '../providers/definitions.ts';
import type { Pagination, ProviderEntry } from '../providers/provider.ts';
import type { AttemptOutcome } from './attempt.ts';
import { type Asked, MAX_RESULT_BYTES } from './call.ts';
import type { CallBody, Wanted } from './contract.ts';
import { fromGraphql } from './graphql.ts';
import { buildRequest } from './request.ts';

/** A request larger than this would not leave room for its result in one row. */
const MAX_REQUEST_BYTES = 120_000;

/** What is about to be sent, and whether it changes anything there. */
export interface Prepared {
  readonly request: ApiRequest;
  readonly effect: 'read' | 'write';
  /** `graphql` for whatever goes there: limits may be declared for it as for an action. */
  readonly action?: string;
  readonly input?: unknown;
  /** Where it changes what has versions. */
  readonly version?: Versioned;
  /** Where the pages that follow are asked for too: how. */
  readonly pagination?: Pagination;
}

/** Returns what the body asks for, once it is known that it can be sent.
 *  Errors: `invalid_request`, `payload_too_large`. */
export function readAsked(body: Wanted, provider: string, stage: string): Result<Asked> {
  if (body.input !== undefined && body.action === undefined) {
    return refuse('invalid_request', 'body.input: only an action has an input');
  }
  const asked = toAsked(body);
  const prepared = prepare(asked, provider, stage);
  if (!prepared.ok) return prepared;
  if (Buffer.byteLength(JSON.stringify(asked)) > MAX_REQUEST_BYTES) {
    return refuse('payload_too_large', `A call may ask with at most ${MAX_REQUEST_BYTES} bytes.`);
  }
  return ok(asked);
}

/** Returns the request of an action for its checked input, or the raw one; of several operations that of one `turn`, or,
 *  where none is named, the first, with the effect of them all. Errors: `not_found` (the provider), `invalid_request`. */
export function prepare(asked: Asked, provider: string, stage: string, turn?: number): Result<Prepared> {
  const entry = findProvider(provider, stage);
  if (!entry) return refuse('not_found', 'The hub does not have this provider.');
  const prepared = wanted(entry, asked, turn);
  if (!prepared.ok) return prepared;
  const { pagination } = entry.provider.api;
  if (asked.paginate && (!pagination || asked.graphql || prepared.value.effect === 'write')) {
    return refuse('invalid_request', 'body.paginate: for reads alone, of a provider whose pages are known');
  }
  const conditions = Object.keys(prepared.value.request.headers ?? {}).some((name) => /^if-/i.test(name));
  const several = asked.graphql && 'length' in asked.graphql;
  if (asked.cache && (prepared.value.effect === 'write' || asked.paginate || conditions || several)) {
    return refuse(
      'invalid_request',
      'body.cache: for single reads alone, of one page, that bring no conditions of their own',
    );
  }
  const built = buildRequest(entry.provider.api, {}, prepared.value.request);
  return built.ok ? ok({ ...prepared.value, ...(asked.paginate && { pagination }) }) : built;
}

/** Returns the request that reads the version of what an action is to change. Errors: as `prepare`. */
export function prepareRead(
  { read, with: fields }: Versioned,
  input: unknown,
  provider: string,
  stage: string,
): Result<Prepared> {
  const own = Object.fromEntries(fields.map((name) => [name, at(input, name)]));
  return prepare({ action: read, input: own }, provider, stage);
}

/** Returns the outcome as the action's schema and the row's size allow it. What was read and does not fit has failed;
 *  of what was written and does not fit, no more is known than that. */
export function accept(outcome: AttemptOutcome, asked: Asked, provider: string, stage: string): AttemptOutcome {
  if (outcome.kind !== 'succeeded') return outcome;
  const action = asked.action === undefined ? undefined : findAction(findProvider(provider, stage), asked.action);
  const said = action?.answer && !outcome.mocked ? action.answer(outcome) : outcome.body;
  const output = action?.output.safeParse(said) ?? { success: true, data: said };
  const body = output.success ? output.data : undefined;
  const fits = output.success && Buffer.byteLength(JSON.stringify(body) ?? '') <= MAX_RESULT_BYTES;
  if (fits) return { ...outcome, body };
  const prepared = prepare(asked, provider, stage);
  return {
    kind: prepared.ok && prepared.value.effect === 'read' ? 'failed' : 'unknown',
    error: {
      provider,
      status: outcome.status,
      ...(output.success
        ? { code: 'result_too_large', message: `The provider's answer is over ${MAX_RESULT_BYTES} bytes.` }
        : { code: 'unexpected_answer', message: "The provider's answer does not have the shape that it documents." }),
      retryable: false,
    },
  };
}

function wanted(entry: ProviderEntry, asked: Asked, turn: number | undefined): Result<Prepared> {
  if (asked.action !== undefined) return fromAction(entry, asked.action, asked.input);
  if (!asked.graphql) return fromRequest(asked.request);
  const { graphql } = entry.provider.api;
  if (graphql) return fromGraphql(graphql, asked.graphql, turn);
  return refuse('invalid_request', `The provider ${entry.provider.id} is not offered with GraphQL.`);
}

function fromRequest(request: ApiRequest): Result<Prepared> {
  return ok({ request, effect: request.method === 'GET' ? 'read' : 'write' });
}

function fromAction(entry: ProviderEntry, name: string, given: unknown): Result<Prepared> {
  const action = findAction(entry, name);
  if (!action) {
    const names = Object.keys(findActions(entry.provider.id)).join(', ');
    return refuse('invalid_request', `body.action: ${entry.provider.id} has these actions: ${names}`);
  }
  const input = action.input.safeParse(given ?? {});
  if (!input.success) {
    const faults = input.error.issues
      .slice(0, 5)
      .map((issue) => `${['input', ...issue.path].join('.')}: ${issue.message}`);
    return refuse('invalid_request', faults.join('; '));
  }
  const request = action.request as (input: unknown) => ApiRequest;
  const { effect, version } = action;
  return ok({ request: request(input.data), effect, action: name, input: input.data, ...(version && { version }) });
}

function findAction(entry: ProviderEntry | undefined, name: string): Action | undefined {
  const actions = findActions(entry?.provider.id ?? '');
  return Object.hasOwn(actions, name) ? actions[name] : undefined;
}

function toAsked({ action = '', input, request, graphql, paginate, cache }: Wanted): Asked {
  const how = { ...(paginate && { paginate }), ...(cache && { cache }) };
  if (graphql) return { graphql, ...how };
  return { ...(request ? { request: toApiRequest(request) } : { action, input }), ...how };
}

function toApiRequest({ body, ...request }: NonNullable<CallBody['request']>): ApiRequest {
  return { ...request, ...(body !== undefined && { json: body }) };
}
