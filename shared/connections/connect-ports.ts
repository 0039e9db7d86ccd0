import { openTable, readSecretString } from '../core/aws.ts';
import { realMoment } from '../core/clock.ts';
import { openNetwork, type Send } from '../core/fetch.ts';
import { type AppsEnv, openApps } from '../providers/app.ts';
import { findProvider, offeredProviders } from '../providers/definitions.ts';
import { tenantStore } from '../tenants/store.ts';
import type { CallbackPorts } from './callback.ts';
import type { ConfirmPorts } from './confirm.ts';
import type { CreatePorts } from './create.ts';
import type { CreateSessionPorts } from './create-session.ts';
import type { LinkPorts } from './open-link.ts';
import { type CredentialEnv, portsFromEnv } from './ports.ts';
import type { Revoke } from './release.ts';
import { sessionStore } from './session-store.ts';
import { revokeUnshared } from './spare.ts';
import type { StartPorts } from './start.ts';
import { type ConnectionStore, connectionStore } from './store.ts';
import { openVault } from './vault.ts';

interface LinkEnv extends AppsEnv {
  readonly SESSIONS_TABLE: string;
}

interface HostedEnv extends LinkEnv {
  readonly TENANTS_TABLE: string;
  readonly PUBLIC_URL: string;
  readonly CONNECTIONS_TABLE: string;
  readonly TENANT_KEYS_TABLE: string;
  readonly VAULT_KEY_ID: string;
}

/** Returns what it takes to make a session; opened once at cold start, as the others. */
export function createSessionPorts(
  env: LinkEnv & { readonly PUBLIC_URL: string; readonly TENANTS_TABLE: string; readonly CONNECTIONS_TABLE: string },
): CreateSessionPorts {
  return {
    sessions: sessionStore(openTable(env.SESSIONS_TABLE)),
    store: connectionStore(openTable(env.CONNECTIONS_TABLE)),
    tenants: tenantStore(openTable(env.TENANTS_TABLE)),
    readApp: openApps(env, readSecretString, () => realMoment.nowMs),
    offered: offeredProviders(env.STAGE),
    publicUrl: env.PUBLIC_URL,
  };
}

/** Returns what it takes to show a link's page. */
export function linkPorts(env: LinkEnv & { readonly TENANTS_TABLE: string }): LinkPorts & Pick<StartPorts, 'sessions'> {
  return {
    sessions: sessionStore(openTable(env.SESSIONS_TABLE)),
    tenants: tenantStore(openTable(env.TENANTS_TABLE)),
    readApp: openApps(env, readSecretString, () => realMoment.nowMs),
    find: (provider) => findProvider(provider, env.STAGE),
  };
}

/** Returns what it takes to send a browser to a provider, to receive it back, and to take an entered credential. */
export function hostedPorts(env: HostedEnv): StartPorts & CallbackPorts {
  const keysTable = openTable(env.TENANT_KEYS_TABLE);
  const send = openNetwork({ loopback: env.STAGE === 'local' });
  return {
    ...linkPorts(env),
    sessions: sessionStore(openTable(env.SESSIONS_TABLE)),
    vault: openVault({ keyId: env.VAULT_KEY_ID, keysTable, moment: realMoment }),
    send,
    revoke: revokeBy(send, connectionStore(openTable(env.CONNECTIONS_TABLE))),
    publicUrl: env.PUBLIC_URL,
  };
}

/** Returns what it takes to end connections, and sessions with their grants. */
export function releasePorts(env: CredentialEnv & { readonly SESSIONS_TABLE: string }) {
  const ports = portsFromEnv(env);
  const { findProvider: find, send, store } = ports;
  return { ...ports, find, sessions: sessionStore(openTable(env.SESSIONS_TABLE)), revoke: revokeBy(send, store) };
}

/** Returns what it takes to confirm a session, or to end it. */
export function confirmPorts(
  env: CredentialEnv & { readonly SESSIONS_TABLE: string; readonly TENANTS_TABLE: string },
): ConfirmPorts {
  return { ...releasePorts(env), tenants: tenantStore(openTable(env.TENANTS_TABLE)) };
}

/** Returns what it takes to connect without a browser. */
export function createPorts(
  env: CredentialEnv & { readonly TENANTS_TABLE: string; readonly HYBRID_MODE: 'on' | 'off' },
): CreatePorts {
  const { findProvider: find, ...ports } = portsFromEnv(env);
  return { ...ports, find, tenants: tenantStore(openTable(env.TENANTS_TABLE)), allowsHybrid: env.HYBRID_MODE === 'on' };
}

function revokeBy(send: Send, store: ConnectionStore): Revoke {
  return (...given) => revokeUnshared({ send, store, moment: realMoment }, ...given);
}
