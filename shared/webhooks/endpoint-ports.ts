import { openTable } from '../core/aws.ts';
import { openService } from '../core/service.ts';
import { findWebhooks } from '../providers/senders.ts';
import { findSetup } from '../providers/setups.ts';
import { endpointStore } from './endpoint-store.ts';
import { openEndpointVault } from './endpoint-vault.ts';

/** Returns what it takes to make an endpoint or to give it another secret, opened once at cold start. */
export function endpointPorts(env: { readonly ENDPOINTS_TABLE: string; readonly ENDPOINT_KEY_ID: string }) {
  return {
    endpoints: endpointStore(openTable(env.ENDPOINTS_TABLE)),
    vault: openEndpointVault(env.ENDPOINT_KEY_ID, openService('kms')),
    findWebhooks,
    findSetup,
  };
}
