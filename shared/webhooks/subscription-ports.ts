import { attemptsFromEnv } from '../calls/open.ts';
import { type CredentialEnv, portsFromEnv } from '../connections/ports.ts';
import { endpointPorts } from './endpoint-ports.ts';
import type { KeepAlivePorts } from './keep-alive.ts';

/** The settings of a function that keeps subscriptions alive. */
export interface KeepAliveEnv extends CredentialEnv {
  readonly LIMITS_TABLE: string;
  readonly ENDPOINTS_TABLE: string;
  readonly ENDPOINT_KEY_ID: string;
  readonly PUBLIC_URL: string;
}

/** Returns what it takes to keep subscriptions alive, opened once at cold start. */
export function keepAlivePorts(env: KeepAliveEnv): KeepAlivePorts {
  const { readApp, publish, store: connections } = portsFromEnv(env);
  return {
    ...endpointPorts(env),
    ...{ connections, readApp, publish, publicUrl: env.PUBLIC_URL },
    attempts: attemptsFromEnv(env),
  };
}
