import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';

export interface Served {
  readonly url: string;
  stop(): Promise<void>;
}

export type Handle = (request: IncomingMessage, response: ServerResponse, url: URL) => Promise<void> | void;

/** Returns a server on 127.0.0.1 once it listens; port 0 is any free one. The handler may depend on the address. */
export async function serve(
  port: number,
  handlerAt: (origin: string) => Handle | Promise<Handle>,
  upgrade?: (request: IncomingMessage, socket: Duplex) => void,
): Promise<Served> {
  const server = createServer();
  const upgraded = new Set<Duplex>();
  if (upgrade) {
    server.on('upgrade', (request, socket) => {
      upgraded.add(socket.on('close', () => upgraded.delete(socket)));
      upgrade(request, socket);
    });
  }
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const handle = await handlerAt(origin);

  server.on('request', async (request, response) => {
    try {
      await handle(request, response, new URL(request.url ?? '/', origin));
    } catch (error) {
      if (!response.headersSent) response.writeHead(500, { 'content-type': 'text/plain' });
      response.end(error instanceof Error ? error.message : 'it broke');
    }
  });
  return {
    url: origin,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
        for (const socket of upgraded) socket.destroy();
      }),
  };
}

/** Returns the whole body as text. */
export async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

/** Returns the fields of a posted form. */
export async function formOf(request: IncomingMessage): Promise<URLSearchParams> {
  return new URLSearchParams(await bodyOf(request));
}

/** Returns one cookie of the request, or nothing. */
export function cookieOf(request: IncomingMessage, name: string): string | undefined {
  const pairs = (request.headers.cookie ?? '').split('; ');
  return pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1);
}

export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
) {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(body === undefined ? undefined : JSON.stringify(body));
}

export function sendPage(response: ServerResponse, status: number, html: string) {
  response.writeHead(status, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' });
  response.end(html);
}

/** 303, so that a posted form is never sent on (RFC 9110 §15.4.4). */
export function redirect(response: ServerResponse, to: string, headers: Record<string, string> = {}) {
  response.writeHead(303, { location: to, ...headers });
  response.end();
}
