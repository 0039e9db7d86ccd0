import type * as z from 'zod';
import type { AuditedAct } from './audit.ts';

/** What the edge and the cloud both read of one function: `infra` builds it, the function parses with it. */
export interface FunctionContract {
  /** The environment, parsed at cold start; infra cannot forget one: it does not compile. */
  readonly env: z.ZodObject;
  readonly timeoutS: number;
  readonly entry: Entry;
}

export type Entry = HttpEntry | QueueEntry | ScheduleEntry | EventEntry | DirectEntry | AuthorizerEntry;

/** Who may call a route: the operator alone, the operator or the tenant of the path, any known key, or anybody. `session`: a
 *  browser that the operator signed in with, which the page itself looks for; such a route is no part of the API. */
export type Access = 'operator' | 'tenant' | 'key' | 'public' | 'session';

export interface HttpEntry {
  readonly kind: 'http';
  /** `POST /v1/tenants`; several where one function serves several (a handshake's GET). `$default`: what has no other. */
  readonly routes: readonly (`${'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'} /${string}` | '$default')[];
  readonly access: Access;
  readonly path?: z.ZodType;
  readonly query?: z.ZodType;
  readonly body?: z.ZodType;
  /** Status of the good answer. Default 200. */
  readonly status?: number;
  /** One line for the API description. */
  readonly summary: string;
  /** What is entered in the audit log; of a page with several buttons all that they do. */
  readonly audit?: AuditedAct | readonly AuditedAct[];
}

export interface QueueEntry {
  readonly kind: 'queue';
  readonly message: z.ZodType;
  readonly batchSize: number;
}

export interface ScheduleEntry {
  readonly kind: 'schedule';
  readonly everyMinutes: number;
}

/** Runs on the hub's own events, by their type, from the bus. */
export interface EventEntry {
  readonly kind: 'event';
  readonly types: readonly string[];
}

/** Invoked by other AWS services with IAM. */
export interface DirectEntry {
  readonly kind: 'direct';
  readonly input: z.ZodType;
  readonly audit?: AuditedAct;
}

export interface AuthorizerEntry {
  readonly kind: 'authorizer';
}

export type FeatureContract = Readonly<Record<string, FunctionContract>>;
