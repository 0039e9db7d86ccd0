import type { Moment } from '../core/clock.ts';
import type { HubErrorCode } from '../core/errors.ts';
import type { ConnectionId, TenantId } from '../core/ids.ts';
import { log } from '../core/log.ts';
import { inParallel } from '../core/parallel.ts';
import { ok, type Result } from '../core/result.ts';
import type { Call } from './call.ts';
import type { BatchItem } from './contract.ts';
import { draft, same } from './draft.ts';
import { messageOf } from './run.ts';
import { checkUsable, type SubmitPorts } from './submit.ts';

const WIDTH = 20;

/** What became of one of the calls: kept, or refused; the others do not mind. */
export type BatchAnswer =
  | Pick<Call, 'id' | 'status'>
  | { readonly error: { readonly code: HubErrorCode; readonly detail: string } };

/** Returns what became of each, in their order; what is kept is queued. Errors: `rate_limited` (the owner's quota: none is
 *  kept), `needs_reauth`, `not_found`. */
export async function submitBatch(
  {
    tenantId,
    connection,
    requestId,
    items,
  }: { tenantId: TenantId; connection: ConnectionId; requestId?: string; items: readonly BatchItem[] },
  ports: SubmitPorts,
  moment: Moment,
): Promise<Result<readonly BatchAnswer[]>> {
  const usable = await checkUsable(tenantId, connection, ports.connections);
  if (!usable.ok) return usable;
  const drafts = items.map(({ idempotencyKey, ...body }) =>
    draft({ tenantId, connection, body, idempotencyKey, requestId }, ports.stage, moment),
  );
  const counted = await ports.quota.take(tenantId, drafts.filter((one) => one.ok).length, moment);
  if (!counted.ok) return counted;

  const calls = ports.calls.forTenant(tenantId);
  const kept = await inParallel(drafts, WIDTH, async (drafted) => {
    if (!drafted.ok) return { result: drafted, first: false };
    const sealed = await ports.contents.seal(drafted.value);
    if (!sealed.ok) return { result: sealed, first: false };
    const { call, first } = await calls.putOnce(sealed.value);
    return { result: first ? ok(drafted.value) : await same(call, drafted.value, ports.contents), first };
  });
  const messages = kept.flatMap(({ result, first }) => (first && result.ok ? [messageOf(result.value)] : []));
  try {
    await ports.queue.sendAll(messages);
  } catch (error) {
    log.bug('calls were not queued', error, { provider: connection.provider, count: messages.length }); // the tick does it
  }
  return ok(
    kept.map(({ result }) =>
      result.ok
        ? { id: result.value.id, status: result.value.status }
        : { error: { code: result.error.code, detail: result.error.message } },
    ),
  );
}
