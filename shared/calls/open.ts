import { openCredentials } from '../connections/credential.ts';
import { type CredentialEnv, portsFromEnv } from '../connections/ports.ts';
import { openTable } from '../core/aws.ts';
import { openBus, openQueue } from '../core/bus.ts';
import { type Attempts, type Mocks, noMocks, openAttempts } from './attempt.ts';
import { type AnswerCache, openCache } from './cache.ts';
import { openContents } from './contents.ts';
import type { Quota } from './contract.ts';
import { type LimitStore, limitStore } from './limit-store.ts';
import { openMocks } from './mock.ts';
import { mockStore } from './mock-store.ts';
import { openQuota } from './quota.ts';
import { callStore } from './store.ts';
import type { SubmitPorts } from './submit.ts';

type AttemptEnv = CredentialEnv & { readonly LIMITS_TABLE: string };
type CallEnv = AttemptEnv & {
  readonly CALLS_TABLE: string;
  readonly CALL_QUEUE_URL: string;
  readonly TENANT_QUOTA?: Quota;
};

/** Returns the way to providers, for a function whose settings include `credentialEnv` and the limits. */
export function attemptsFromEnv(env: AttemptEnv): Attempts {
  return open(env, portsFromEnv(env), { mocksFor: () => noMocks }).attempts;
}

/** Returns all that submitting and running calls needs, opened once at cold start. */
export function callsFromEnv(env: CallEnv): SubmitPorts {
  const ports = portsFromEnv(env);
  const table = openTable(env.CALLS_TABLE);
  return {
    ...open(env, ports, {
      mocksFor: (limits) => openMocks(mockStore(openTable(env.LIMITS_TABLE)), limits),
      cache: openCache(table, ports.vault),
    }),
    calls: callStore(table),
    contents: openContents(ports.vault),
    quota: openQuota(openTable(env.LIMITS_TABLE), env.TENANT_QUOTA),
    queue: openQueue(env.CALL_QUEUE_URL),
    bus: openBus(env.BUS_NAME),
    stage: env.STAGE,
  };
}

function open(
  { STAGE: stage, LIMITS_TABLE }: AttemptEnv,
  ports: ReturnType<typeof portsFromEnv>,
  { mocksFor, cache }: { readonly mocksFor: (limits: LimitStore) => Mocks; readonly cache?: AnswerCache },
) {
  const credentials = openCredentials(ports);
  const { send, readApp } = ports;
  const limits = limitStore(openTable(LIMITS_TABLE));
  const attempts = openAttempts({ credentials, limits, mocks: mocksFor(limits), cache, send, readApp, stage });
  return { attempts, credentials, connections: ports.store };
}
