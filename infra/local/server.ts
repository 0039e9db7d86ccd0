import type { Server } from 'node:net';

/** Returns the address once the server listens, on 127.0.0.1 alone. Throws one line where the port is taken. */
export async function listen(server: Server, port = 0): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const remedy = `Port ${port} is taken: stop what listens there, or set PORT (0 takes any free one)`;
      reject(error.code === 'EADDRINUSE' ? new Error(remedy) : error);
    });
    server.listen(port, '127.0.0.1', resolve);
  });
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : port}`;
}

/** Resolves once nothing listens any more; connections are cut where the server knows them. */
export function close(server: Server & { closeAllConnections?(): void }): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections?.();
  });
}
