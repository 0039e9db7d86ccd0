import type { AuditEntry, Target } from '../core/audit.ts';
import type { AuditLog } from '../core/audit-log.ts';
import { type ConnectionId, connectionRef } from '../core/ids.ts';
import type { Line, Source } from './activity.ts';

interface Paging {
  readonly fromMs: number;
  readonly toMs: number;
  readonly limit: number;
  readonly cursor?: string;
}

/** What a call's attempts came to. */
export interface Sum {
  readonly attempts: number;
  readonly ms: number;
  readonly bytes: number;
}

/** A call, as its list by time has it. */
export interface CallLine {
  readonly id: string;
  readonly connection: ConnectionId;
  readonly endpoint: string;
  readonly status: string;
  readonly error?: { readonly code: string };
  readonly attempts: readonly { readonly status?: number }[];
  readonly requestId?: string;
  readonly createdAtMs: number;
}

/** An event of the inbox, as its list by time has it. */
export interface EventLine {
  readonly id: string;
  readonly provider: string;
  readonly type: string;
  readonly connection?: ConnectionId;
  readonly outcome: string;
  readonly bytes?: number;
  readonly requestId: string;
  readonly receivedAtMs: number;
}

/** Returns the audit log of a tenant as a list of lines. */
export function auditSource(log: AuditLog, tenant: string): Source {
  return async ({ limit, cursor, ...range }) => {
    const entries = await log.list(tenant, { ...range, limit, after: cursor });
    const last = entries.at(-1);
    return { lines: entries.map(auditLine), ...(last && entries.length === limit && { cursor: last.id }) };
  };
}

function auditLine({ id, atMs, action, actor, target, error, reason, requestId }: AuditEntry): Line {
  const { provider, connection, ...rest }: Target = target;
  return {
    ...{ kind: 'audit', id, atMs, cursor: id },
    shown: {
      ...{ action, actor },
      ...placed(provider ?? connection?.split(':')[0], connection),
      ...(Object.keys(rest).length > 0 && { target: rest }),
      status: error === undefined ? 'done' : 'refused',
      ...(error !== undefined && { error }),
      ...(reason !== undefined && { reason }),
      ...(requestId !== undefined && { requestId }),
    },
  };
}

/** Returns the calls of a tenant as a list of lines. */
export function callSource<Call extends CallLine>(
  calls: { list(paging: Paging): Promise<{ readonly calls: readonly Call[]; readonly cursor?: string }> },
  cursorAfter: (call: Call) => string,
  sumOf: (call: Call) => Sum,
): Source {
  return async (paging) => {
    const page = await calls.list(paging);
    return { ...page, lines: page.calls.map((call) => callLine(call, cursorAfter(call), sumOf(call))) };
  };
}

function callLine(call: CallLine, cursor: string, { attempts, ms, bytes }: Sum): Line {
  const { id, connection, endpoint, status, error, requestId, createdAtMs } = call;
  const [method, path] = endpoint.includes(' ') ? endpoint.split(' ') : [undefined, endpoint];
  const httpStatus = call.attempts.at(-1)?.status;
  return {
    ...{ kind: 'call', id, atMs: createdAtMs, cursor },
    shown: {
      action: 'api.request',
      ...placed(connection.provider, connectionRef(connection)),
      endpoint: path,
      ...(method !== undefined && { method }),
      ...{ status, attempts, ms },
      ...(httpStatus !== undefined && { httpStatus }),
      ...(bytes > 0 && { bytes }),
      ...(error && { error: error.code }),
      ...(requestId !== undefined && { requestId }),
    },
  };
}

/** Returns the events of an inbox as a list of lines. */
export function webhookSource<Event extends EventLine>(
  inbox: { lines(paging: Paging): Promise<{ readonly lines: readonly Event[]; readonly cursor?: string }> },
  cursorAfter: (event: Event) => string,
): Source {
  return async (paging) => {
    const page = await inbox.lines(paging);
    return { ...page, lines: page.lines.map((event) => webhookLine(event, cursorAfter(event))) };
  };
}

function webhookLine(event: EventLine, cursor: string): Line {
  const { id, provider, type, connection, outcome: status, bytes, requestId, receivedAtMs: atMs } = event;
  return {
    ...{ kind: 'webhook', id, atMs, cursor },
    shown: {
      ...{ action: 'webhook.received', type },
      ...placed(provider, connection && connectionRef(connection)),
      status,
      ...(bytes !== undefined && { bytes }),
      requestId,
    },
  };
}

function placed(provider: string | undefined, connection: string | undefined) {
  return { ...(provider !== undefined && { provider }), ...(connection !== undefined && { connection }) };
}
