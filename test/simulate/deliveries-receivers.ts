import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { parentPort } from 'node:worker_threads';
import { Webhook } from 'standardwebhooks';

// Receivers of every temper, on a thread of their own: /<temper>/<number>. Each checks what comes with the official package
// before anything else, whatever it then answers.

/** What a receiver answers to the first requests that come; all later ones it takes. */
const tempers = {
  quick: { first: 0 },
  slow: { first: 0, delayMs: 400 },
  broken: { first: 3, status: 500 },
  /** So often that its circuit opens. */
  down: { first: 7, status: 503 },
  busy: { first: 2, status: 429, headers: { 'retry-after': '3' } },
  moved: { first: 2, status: 307, headers: { location: '/followed' } },
} as const satisfies Readonly<Record<string, Temper>>;

interface Temper {
  readonly first: number;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly delayMs?: number;
}

/** What the thread is told, by number of receiver. */
export type Order = { readonly kind: 'trust'; readonly secrets: readonly string[] } | { readonly kind: 'report' };

export interface Receipts {
  /** By number of receiver, the ids of the events that it took. */
  readonly taken: readonly ReadonlySet<string>[];
  readonly requests: number;
  readonly refused: number;
  /** Requests whose signature the official package did not accept, or that came where a redirect led. */
  readonly strange: readonly string[];
}

const names = Object.keys(tempers) as (keyof typeof tempers)[];
/** Where the receiver of this number listens, below the server's address; the tempers take turns. */
export const pathOf = (number: number) => `/${names[number % names.length]}/${number}`;

if (parentPort) {
  const port = parentPort;
  let webhooks: readonly Webhook[] = [];
  let taken: Set<string>[] = [];
  let seen: number[] = [];
  const strange: string[] = [];
  let [requests, refused] = [0, 0];

  const server = createServer(async (request, response) => {
    const [, temper = '', number = ''] = (request.url ?? '').split('/');
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    requests += 1;
    const at = Number(number);
    let id: string;
    try {
      const body = Buffer.concat(chunks).toString('utf8');
      const event = webhooks[at]?.verify(body, request.headers as Record<string, string>) as { id: string };
      id = event.id;
    } catch (error) {
      strange.push(`${request.url}: ${error instanceof Error ? error.message : error}`);
      return response.writeHead(401).end();
    }
    const { first, status, headers, delayMs }: Temper = tempers[temper as keyof typeof tempers];
    const count = (seen[at] ?? 0) + 1;
    seen[at] = count;
    if (delayMs) await wait(delayMs);
    if (count <= first && status) {
      refused += 1;
      return response.writeHead(status, headers).end();
    }
    taken[at]?.add(id);
    response.writeHead(204).end();
  });
  server.listen(0, '127.0.0.1', () => {
    port.postMessage(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  });
  port.on('message', (order: Order) => {
    if (order.kind === 'report') return port.postMessage({ taken, requests, refused, strange } satisfies Receipts);
    webhooks = order.secrets.map((secret) => new Webhook(secret));
    taken = order.secrets.map(() => new Set());
    seen = order.secrets.map(() => 0);
    port.postMessage('trusted');
  });
}
