import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Returns Secrets Manager as it is spoken to without its SDK client: over HTTP, on this computer. `asked` are the ids that
 *  were asked for; while `fault` is set, it refuses all, or says nothing. */
export async function startSecrets() {
  const secrets = { values: new Map<string, string>(), asked: [] as string[], fault: undefined as Fault | undefined };

  async function serve(request: IncomingMessage, response: ServerResponse) {
    let body = '';
    for await (const chunk of request) body += chunk;
    const { SecretId } = JSON.parse(body);
    secrets.asked.push(SecretId);
    if (secrets.fault === 'hangs') return;
    const value = secrets.values.get(SecretId);
    const [status, json] = secrets.fault
      ? [500, { __type: 'InternalServiceError' }]
      : value === undefined
        ? [400, { __type: 'ResourceNotFoundException' }]
        : [200, { SecretString: value }];
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(json));
  }

  const server = createServer(serve).listen(0, '127.0.0.1');
  await once(server, 'listening');
  process.env.AWS_ENDPOINT_URL_SECRETS_MANAGER = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  return Object.assign(secrets, {
    stop() {
      delete process.env.AWS_ENDPOINT_URL_SECRETS_MANAGER;
      server.closeAllConnections();
      server.close();
    },
  });
}

type Fault = 'fails' | 'hangs';
