import { openCredentials } from '../connections/credential.ts';
import { type CredentialEnv, portsFromEnv } from '../connections/ports.ts';
import { openTable } from '../core/aws.ts';
import { openBus, openQueue } from '../core/bus.ts';
import { type Attempts, openAttempts } from './attempt.ts';
import { limitStore } from './limit-store.ts';
import { callStore } from './store.ts';
import type { SubmitPorts } from './submit.ts';

type AttemptEnv = CredentialEnv & { readonly LIMITS_TABLE: string };
type CallEnv = AttemptEnv & { readonly CALLS_TABLE: string; readonly CALL_QUEUE_URL: string };

/** Returns the way to providers, for a function whose settings include `credentialEnv` and the limits. */
export function attemptsFromEnv(env: AttemptEnv): Attempts {
  return open(env).attempts;
}

/** Returns all that submitting and running calls needs, opened once at cold start. */
export function callsFromEnv(env: CallEnv): SubmitPorts {
  return {
    ...open(env),
    calls: callStore(openTable(env.CALLS_TABLE)),
    queue: openQueue(env.CALL_QUEUE_URL),
    bus: openBus(env.BUS_NAME),
    stage: env.STAGE,
  };
}

function open(env: AttemptEnv) {
  const { STAGE: stage, LIMITS_TABLE } = env;
  const ports = portsFromEnv(env);
  const credentials = openCredentials(ports);
  const { send, readApp } = ports;
  const attempts = openAttempts({ credentials, limits: limitStore(openTable(LIMITS_TABLE)), send, readApp, stage });
  return { attempts, credentials, connections: ports.store };
}
