import type { Outgoing } from '../core/bus.ts';
import type { Moment } from '../core/clock.ts';
import type { ConnectionId, TenantId } from '../core/ids.ts';
import { currentRequest, log } from '../core/log.ts';
import { measure } from '../core/metrics.ts';
import type { Objects } from '../core/objects.ts';
import type { HandledEvent, Handler, Shown } from '../providers/handlers.ts';
import { readData } from './content.ts';
import type { HandlerMessage } from './contract.ts';
import type { InboxEvent } from './event.ts';
import { isOver, pauseMs, type Try, tried } from './handling.ts';
import type { InboxStore } from './store.ts';

export interface HandlePorts {
  readonly inbox: InboxStore;
  readonly objects: Pick<Objects, 'get'>;
  readonly findHandler: (provider: string, name: string) => Handler | undefined;
  /** Keeps what was shown of one model, as a poll would; false where there is no such connection any more. */
  readonly absorb: (seen: readonly Shown[], about: Home & { model: string }) => Promise<boolean>;
}

interface Home {
  readonly tenantId: TenantId;
  readonly connection: ConnectionId;
}

/** A handler that is unknown here may be new: while a release is under way, whoever hands over may be ahead. */
const RELEASE_MS = 60_000;

/** What to do with the message: it is done with, or comes again after so many ms. */
export type Fate = 'settle' | { readonly waitMs: number };

/** Returns the messages that hand an event to these handlers, one for each: a handler that fails holds up no other. */
export function messagesOf(
  { tenantId, provider, id }: InboxEvent,
  handlers: readonly string[],
  replay?: string,
): Outgoing[] {
  return handlers.map((handler) => {
    const requestId = currentRequest();
    const message = { tenant: tenantId, provider, event: id, handler, replay, requestId };
    return { body: JSON.stringify(message), group: tenantId };
  });
}

/** Has one handler try an event, and writes down what came of it; a message that comes twice does nothing twice. After the
 *  third try it has failed: the event says so, and a replay tries again. */
export async function handle(message: HandlerMessage, ports: HandlePorts, moment: Moment): Promise<Fate> {
  const { tenant: tenantId, provider, handler: name, replay } = message;
  const inbox = ports.inbox.forTenant(tenantId);
  const event = await inbox.get(provider, message.event);
  if (!event?.connection || isOver(event, name, replay)) return 'settle';
  const handler = ports.findHandler(provider, name);
  if (!handler) return { waitMs: RELEASE_MS };

  const home = { tenantId, connection: event.connection };
  const last = { ...(await attempt(handler, event, home, replay, ports)), replay, nowMs: moment.nowMs };
  for (let current: InboxEvent | undefined = event; current && !isOver(current, name, replay); ) {
    const next = tried(current, name, last);
    const saved = await inbox.saveHandling(next);
    current = saved.event; // another of its handlers was faster
    if (!saved.done) continue;
    const waitMs = pauseMs(next, name);
    measure('WebhookHandled', { provider, outcome: waitMs === undefined ? last.outcome : 'retried' });
    return waitMs === undefined ? 'settle' : { waitMs };
  }
  return 'settle';
}

async function attempt(
  handler: Handler,
  event: InboxEvent,
  home: Home,
  replay: string | undefined,
  ports: HandlePorts,
): Promise<Try> {
  const payload = handler.payload.safeParse(await readData(event, ports.objects));
  if (!payload.success) return { outcome: 'failed', error: 'the payload has another shape', final: true };
  try {
    const { id, type, receivedAtMs, occurredAtMs } = event;
    const known: HandledEvent = { id, type, receivedAtMs, occurredAtMs, replayed: replay !== undefined };
    const shown = handler.shows(payload.data as never, known);
    let kept = false;
    for (const [model, seen] of Map.groupBy(shown, (one) => one.model)) {
      if (await ports.absorb(seen, { ...home, model })) kept = true;
    }
    return { outcome: kept ? 'handled' : 'ignored' };
  } catch (error) {
    const { tenantId: tenant } = home;
    log.bug('a handler failed', error, { tenant, provider: event.provider, event: event.id, outcome: handler.name });
    return { outcome: 'failed', error: error instanceof Error ? error.name : 'unknown', final: false };
  }
}
