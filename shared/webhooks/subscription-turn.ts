import type { AttemptOutcome, Attempts } from '../calls/attempt.ts';
import { fill, fillUrl, type Values } from '../connections/template.ts';
import { iso, type Moment } from '../core/clock.ts';
import type { HubErrorCode } from '../core/errors.ts';
import { WrongSecret } from '../providers/app.ts';
import type { Subscription, SubscriptionRequest } from '../providers/setup.ts';
import { addressOf, type SubscribedRow } from './endpoint.ts';
import type { EndpointVault } from './endpoint-vault.ts';
import { type Fault, kept, optionsOf } from './subscription.ts';

export interface TurnPorts {
  readonly attempts: Attempts;
  readonly vault: EndpointVault;
  readonly publicUrl: string;
}

/** What one turn at the provider came to. */
export type Turn =
  | { readonly kind: 'alive'; readonly values: Readonly<Record<string, string>> }
  | { readonly kind: 'failed'; readonly fault: Fault; readonly waitMs: number }
  | { readonly kind: 'waits'; readonly waitMs: number }
  /** The provider does not know it (any more). */
  | { readonly kind: 'unknown'; readonly fault: Fault }
  /** Only a new authorization helps. */
  | { readonly kind: 'unauthorized'; readonly fault: Fault }
  /** There is no such connection. */
  | { readonly kind: 'disconnected' };

const TIMEOUT_MS = 10_000;

/** Prolongs a subscription at the provider, or makes it, where there is none (any more) or that is the only way. */
export async function turnOf(
  ports: TurnPorts,
  row: SubscribedRow,
  data: Subscription,
  chosen: Readonly<Record<string, string>>,
  moment: Moment,
): Promise<Turn> {
  const { values: old } = row.subscription;
  try {
    const options = optionsOf(row.subscription.kind, data, chosen);
    const endsAtMs = moment.nowMs + data.lastsS * 1000;
    const known = {
      ...options,
      ...{ url: addressOf(row, ports.publicUrl), unique: moment.token(24) },
      ...{ endsAt: iso(endsAtMs), endsAtMs: String(endsAtMs) },
    };
    if (old && data.renew) {
      const renewed = await perform(ports, row, data.renew, { ...known, ...old }, moment);
      if (renewed.kind !== 'unknown')
        return renewed.kind === 'alive' ? { ...renewed, values: { ...old, ...renewed.values } } : renewed;
    }
    const [secret] = row.sealed ? await ports.vault.open(row, row.sealed) : [];
    const about = { ...known, ...(secret !== undefined && { secret }) };
    const prepared = data.prepare ? await perform(ports, row, data.prepare, about, moment) : undefined;
    if (prepared && prepared.kind !== 'alive') return prepared;
    const made = await perform(ports, row, data.create, { ...about, ...prepared?.values }, moment);
    // The one before goes only once another is there: nothing is missed between them.
    if (made.kind === 'alive' && old && !data.renew) await perform(ports, row, data.remove, old, moment);
    return made;
  } catch (error) {
    if (!(error instanceof WrongSecret)) throw error;
    return { kind: 'failed', fault: { code: 'not_configured', message: error.message }, waitMs: 0 };
  }
}

/** Sends one request of a subscription. */
export async function perform(
  { attempts }: Pick<TurnPorts, 'attempts'>,
  { tenantId, provider, name = '', subscription }: SubscribedRow,
  request: SubscriptionRequest,
  values: Values,
  moment: Moment,
): Promise<Turn> {
  const outcome = await attempts.attempt(
    {
      tenantId,
      id: { provider, name },
      request: requestOf(request, values),
      effect: request.method === 'GET' ? 'read' : 'write',
      timeoutMs: TIMEOUT_MS,
      lane: 'bulk',
      attempt: subscription.failures + 1,
    },
    moment,
  );
  return judge(outcome, request);
}

/** Returns the request with its texts filled in. */
export function requestOf<Method extends SubscriptionRequest['method']>(
  { method, base, path, query, json }: SubscriptionRequest & { readonly method: Method },
  values: Values,
) {
  const filled = (fields: Readonly<Record<string, string>>): Record<string, string> =>
    Object.fromEntries(Object.entries(fields).map(([name, text]) => [name, fill(text, values)]));
  return {
    ...{ method, path: fillUrl(path, values) },
    ...(base !== undefined && { base }),
    ...(query && { query: filled(query) }),
    ...(json && { json: filled(json) }),
  };
}

/** The hub's own codes, which an error bears that no answer of the provider came with. */
const own = { gone: 'not_found', lost: 'needs_reauth' } as const satisfies Record<string, HubErrorCode>;

function judge(outcome: AttemptOutcome, { answer }: SubscriptionRequest): Turn {
  if (outcome.kind === 'deferred') return { kind: 'waits', waitMs: outcome.waitMs };
  if (outcome.kind === 'succeeded') {
    const values = kept(answer, outcome.body);
    if (values) return { kind: 'alive', values };
    return {
      kind: 'failed',
      fault: { code: 'provider_error', message: 'The answer lacks what is documented.' },
      waitMs: 0,
    };
  }
  const { code, message, status } = outcome.error;
  const fault = { code, message };
  if (status === undefined && code === own.gone) return { kind: 'disconnected' };
  if (status === undefined && code === own.lost) return { kind: 'unauthorized', fault };
  if (status === 404 || status === 410) return { kind: 'unknown', fault };
  return { kind: 'failed', fault, waitMs: outcome.kind === 'retry' ? outcome.waitMs : 0 };
}
