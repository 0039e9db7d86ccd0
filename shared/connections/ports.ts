import { openTable, readSecretString } from '../core/aws.ts';
import { openBus } from '../core/bus.ts';
import { realMoment } from '../core/clock.ts';
import { openNetwork } from '../core/fetch.ts';
import { type AppsEnv, openApps } from '../providers/app.ts';
import { findProvider } from '../providers/definitions.ts';
import { type Credentials, openCredentials } from './credential.ts';
import type { CredentialPorts } from './refresh.ts';
import { type ConnectionStore, connectionStore } from './store.ts';
import { openVault, type Vault } from './vault.ts';

/** The settings of `credentialEnv`, as a function has parsed them. */
export interface CredentialEnv extends AppsEnv {
  readonly CONNECTIONS_TABLE: string;
  readonly TENANT_KEYS_TABLE: string;
  readonly VAULT_KEY_ID: string;
  readonly BUS_NAME: string;
}

/** Returns what a function needs to use, refresh and end credentials, opened once at cold start. */
export function portsFromEnv(
  env: CredentialEnv,
): CredentialPorts & { readonly store: ConnectionStore; readonly vault: Vault } {
  const bus = openBus(env.BUS_NAME);
  return {
    store: connectionStore(openTable(env.CONNECTIONS_TABLE)),
    vault: openVault({ keyId: env.VAULT_KEY_ID, keysTable: openTable(env.TENANT_KEYS_TABLE), moment: realMoment }),
    readApp: openApps(env, readSecretString, () => realMoment.nowMs),
    send: openNetwork({ loopback: env.STAGE === 'local' }),
    findProvider: (id) => findProvider(id, env.STAGE),
    moment: realMoment,
    publish: (events) => bus.publish(events),
  };
}

/** Returns the way to live credentials for a function whose settings include `credentialEnv`. */
export function credentialsFromEnv(env: CredentialEnv): Credentials {
  return openCredentials(portsFromEnv(env));
}
