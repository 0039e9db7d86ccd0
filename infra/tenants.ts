import type { Construct } from 'constructs';
import { tenantsContract } from '../shared/tenants/contract.ts';
import { measured } from './alarms.ts';
import { type Hub, HubFeature } from './constructs/hub-feature.ts';

/** Tenants and their API keys, and the authorizer that knows them. */
export class Tenants extends HubFeature {
  constructor(scope: Construct, hub: Hub) {
    super(scope, 'tenants', hub);
    const { data, stage, alarms } = hub;
    const STAGE = stage.name;

    this.functions(tenantsContract, {
      authorize: {
        STAGE,
        TENANTS_TABLE: data.tenants.use(['GetItem', 'UpdateItem']),
        OPERATOR_SECRET: data.secrets.operator(),
      },
      create: {
        TENANTS_TABLE: data.tenants.use(['PutItem']),
        TENANT_KEYS_TABLE: data.tenantKeys.use(['DeleteItem']),
      },
      get: { TENANTS_TABLE: data.tenants.use(['GetItem']) },
      update: { TENANTS_TABLE: data.tenants.use(['UpdateItem']) },
      remove: {
        TENANTS_TABLE: data.tenants.use(['GetItem', 'UpdateItem', 'DeleteItem', 'Query']),
        BUS_NAME: data.bus.publish(),
      },
      erase: {
        TENANTS_TABLE: data.tenants.use(['GetItem', 'UpdateItem', 'DeleteItem', 'Query']),
        TENANT_KEYS_TABLE: data.tenantKeys.use(['PutItem', 'DeleteItem', 'Query']),
        BUS_NAME: data.bus.publish(),
      },
      'create-key': { STAGE, TENANTS_TABLE: data.tenants.use(['GetItem', 'PutItem']) },
      'list-keys': { TENANTS_TABLE: data.tenants.use(['GetItem', 'Query']) },
      'revoke-key': { TENANTS_TABLE: data.tenants.use(['DeleteItem']) },
    });
    alarms.watch('foreign-tenant', 'keys', measured('ForeignTenant', undefined, 'service'));
  }
}
