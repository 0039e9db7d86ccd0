import { log } from '../core/log.ts';
import { conflicting, type InboxEvent } from './event.ts';
import type { InboxStore } from './store.ts';

/** Returns the event as it is kept now, and whether the bus may not know it yet. */
export async function keep(event: InboxEvent, inbox: InboxStore): Promise<{ event: InboxEvent; announced: boolean }> {
  const store = inbox.forTenant(event.tenantId);
  const kept = await store.keepOnce(event);
  if (kept !== 'conflicting') return { event, announced: kept !== 'duplicate' };
  const other = conflicting(event);
  log.warn('another body under a known event id', { provider: event.provider, event: event.id });
  return { event: other, announced: (await store.keepOnce(other)) !== 'duplicate' };
}
