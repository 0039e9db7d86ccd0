import type { Construct } from 'constructs';
import { connectionsContract } from '../shared/connections/contract.ts';
import { measured } from './alarms.ts';
import { type Hub, HubFeature } from './constructs/hub-feature.ts';

/** What hands out a live credential, and refreshes it on the way. */
export function credentialBindings({ data, stage }: Hub) {
  return {
    STAGE: stage.name,
    CONNECTIONS_TABLE: data.connections.use(['GetItem', 'PutItem']),
    TENANT_KEYS_TABLE: data.tenantKeys.use(['GetItem', 'PutItem', 'Query']),
    VAULT_KEY_ID: data.vaultKey.use('GenerateDataKey', 'Decrypt'),
    PROVIDER_SECRETS: data.secrets.apps(),
    BUS_NAME: data.bus.publish(),
  };
}

/** Connections, from the first link to the revocation. */
export class Connections extends HubFeature {
  constructor(scope: Construct, hub: Hub) {
    super(scope, 'connections', hub);
    const { data, stage, api, alarms } = hub;
    const place = { STAGE: stage.name, PUBLIC_URL: api.publicUrl };
    const page = {
      ...place,
      OWNER: JSON.stringify(stage.owner),
      PROVIDER_SECRETS: data.secrets.apps(),
      TENANTS_TABLE: data.tenants.use(['GetItem']),
    };
    const credential = credentialBindings(hub);
    const vault = { TENANT_KEYS_TABLE: credential.TENANT_KEYS_TABLE, VAULT_KEY_ID: credential.VAULT_KEY_ID };
    // Whoever ends grants asks first whether a connection lives on one.
    const standing = { CONNECTIONS_TABLE: data.connections.use(['GetItem'], ['by-account']) };

    this.functions(connectionsContract, {
      catalogue: place,
      describe: place,
      'create-session': {
        ...place,
        TENANTS_TABLE: data.tenants.use(['GetItem']),
        SESSIONS_TABLE: data.sessions.use(['PutItem']),
        CONNECTIONS_TABLE: data.connections.use(['GetItem']),
        PROVIDER_SECRETS: data.secrets.apps(),
      },
      open: { ...page, SESSIONS_TABLE: data.sessions.use(['GetItem']) },
      start: { ...page, ...vault, ...standing, SESSIONS_TABLE: data.sessions.use(['GetItem', 'UpdateItem']) },
      callback: { ...page, ...vault, ...standing, SESSIONS_TABLE: data.sessions.use(['GetItem', 'UpdateItem']) },
      confirm: {
        ...credential,
        CONNECTIONS_TABLE: data.connections.use(['GetItem', 'PutItem'], ['by-account']),
        TENANTS_TABLE: data.tenants.use(['GetItem']),
        SESSIONS_TABLE: data.sessions.use(['GetItem', 'UpdateItem']),
      },
      create: {
        ...credential,
        TENANTS_TABLE: data.tenants.use(['GetItem']),
        HYBRID_MODE: stage.hybridMode ? 'on' : 'off',
      },
      list: { CONNECTIONS_TABLE: data.connections.use(['Query']) },
      get: { CONNECTIONS_TABLE: data.connections.use(['GetItem']) },
      remove: {
        ...credential,
        CONNECTIONS_TABLE: data.connections.use(['GetItem', 'PutItem', 'DeleteItem'], ['by-account']),
      },
      refresh: {
        ...credential,
        CONNECTIONS_TABLE: data.connections.use(['GetItem', 'PutItem', 'DeleteItem'], ['by-due', 'by-account']),
      },
      sweep: {
        ...credential,
        CONNECTIONS_TABLE: data.connections.use(['GetItem', 'PutItem'], ['by-account']),
        TENANTS_TABLE: data.tenants.use(['GetItem']),
        SESSIONS_TABLE: data.sessions.use(['GetItem', 'UpdateItem'], ['by-due']),
      },
      'end-grants': {
        ...credential,
        CONNECTIONS_TABLE: data.connections.use(['GetItem', 'PutItem', 'DeleteItem', 'Query'], ['by-account']),
        SESSIONS_TABLE: data.sessions.use(['GetItem', 'UpdateItem'], ['by-tenant']),
      },
      clear: {
        CONNECTIONS_TABLE: data.connections.use(['Query', 'DeleteItem']),
        SESSIONS_TABLE: data.sessions.use(['GetItem', 'DeleteItem'], ['by-tenant']),
      },
      rotate: {
        CONNECTIONS_TABLE: data.connections.use(['PutItem', 'Query']),
        TENANT_KEYS_TABLE: data.tenantKeys.use(['GetItem', 'PutItem', 'DeleteItem', 'Query', 'Scan']),
        VAULT_KEY_ID: credential.VAULT_KEY_ID,
      },
      'revoke-all': { CONNECTIONS_TABLE: data.connections.use(['PutItem', 'Query', 'Scan']) },
      token: { ...credential, TOKEN_EXPORT: stage.tokenExport ? 'on' : 'off' },
    });
    alarms.watch('refused-app', 'providers', measured('TokenRefreshed', 'client_wrong'));
    alarms.watch('odd-refreshes', 'providers', measured('TokenRefreshed', 'odd'));
    alarms.watch('old-credential', 'connections', measured('GenerationRegression', undefined, 'service, provider'));
    alarms.watch('lost-rotation', 'connections', measured('NeedsReauth', 'rotation_lost'));
    alarms.watch('parked-revocation', 'connections', measured('Revocation', 'parked'));
    alarms.watch('parked-revocation', 'sessions', measured('Revocation', 'given_up'));
  }
}
