import type { IncomingMessage, ServerResponse } from 'node:http';
import { Webhook } from 'standardwebhooks';
import { bodyOf, type Served, serve } from './server.ts';

// A sample: how the app of a company that runs a hub takes the hub's events. Verify first, over the exact bytes; act once
// for each `webhook-id`, because a delivery may come twice; answer at once, and do long work later.

export interface HubEvent {
  readonly id: string;
  readonly type: string;
  readonly tenant: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface EventInbox extends Served {
  /** To be subscribed: `POST /v1/subscriptions {"url": "…", "types": ["*"]}`. */
  readonly endpoint: string;
  /** Events so far, each once. */
  readonly events: readonly HubEvent[];
  /** From here on what is signed with this secret, and nothing else, is taken. */
  trust(secret: string): void;
  /** Wants nothing for now: 410. */
  close(): void;
  open(): void;
}

/** Returns the sample receiver, listening. */
export async function startEventInbox({ port = 0 }: { readonly port?: number } = {}): Promise<EventInbox> {
  const events = new Map<string, HubEvent>();
  let webhook: Webhook | undefined;
  let closed = false;

  async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bodyOf(request);
    if (closed) return void response.writeHead(410).end();
    try {
      const event = webhook?.verify(body, request.headers as Record<string, string>) as HubEvent | undefined;
      if (event) events.set(event.id, event);
      response.writeHead(event ? 204 : 401).end();
    } catch {
      response.writeHead(401).end(); // not from the hub, or not as it was sent
    }
  }

  const server = await serve(port, () => take);
  return {
    ...server,
    endpoint: `${server.url}/hub-events`,
    get events() {
      return [...events.values()];
    },
    trust(secret) {
      webhook = new Webhook(secret);
    },
    close() {
      closed = true;
    },
    open() {
      closed = false;
    },
  };
}
