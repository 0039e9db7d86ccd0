import { parseJson, textAt } from './json.ts';
import { openSigned } from './signed-request.ts';

/** A service said no; `code` is its own. */
export class ServiceRefusal extends Error {
  readonly code: string;
  constructor(service: string, code: string) {
    super(`${service}: ${code}`);
    this.code = code;
  }
}

/** Returns what the operation answers. Throws `ServiceRefusal`, or another error where there was no answer. */
export type Ask = (operation: string, input: Readonly<Record<string, unknown>>) => Promise<Record<string, unknown>>;

const dialects = {
  dynamodb: { target: 'DynamoDB_20120810', type: 'application/x-amz-json-1.0' },
  kms: { target: 'TrentService', type: 'application/x-amz-json-1.1' },
  secretsmanager: { target: 'secretsmanager', type: 'application/x-amz-json-1.1' },
} as const;
const TIMEOUT_MS = 2_000;

/** Returns the way to a service that speaks AWS's JSON, without its SDK client; each request is one attempt. */
export function openService(service: keyof typeof dialects): Ask {
  const { target, type } = dialects[service];
  const send = openSigned(service, (region) => `https://${service}.${region}.amazonaws.com`);
  return async (operation, input) => {
    const answer = await send({
      method: 'POST',
      path: '/',
      headers: { 'content-type': type, 'x-amz-target': `${target}.${operation}` },
      body: Buffer.from(JSON.stringify(input)),
      timeoutMs: TIMEOUT_MS,
    });
    const json = parseJson(answer.body.toString('utf8'));
    if (answer.status !== 200 || typeof json !== 'object' || json === null) {
      const code = textAt(json, '__type')?.split('#').pop() ?? `status ${answer.status}`;
      throw new ServiceRefusal(service, code);
    }
    return json as Record<string, unknown>;
  };
}

/** Returns a secret's text; nothing where there is no such secret. Throws where the store cannot say. */
export async function readSecretText(secretsManager: Ask, SecretId: string): Promise<string | undefined> {
  try {
    return textAt(await secretsManager('GetSecretValue', { SecretId }), 'SecretString');
  } catch (error) {
    if (error instanceof ServiceRefusal && error.code === 'ResourceNotFoundException') return undefined;
    throw error;
  }
}
