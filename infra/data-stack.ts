import { Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { callLine, dueCall } from '../shared/calls/contract.ts';
import { eventLine } from '../shared/webhooks/contract.ts';
import { HubBus } from './constructs/hub-bus.ts';
import { HubSecrets } from './constructs/hub-secrets.ts';
import { HubTable } from './constructs/hub-table.ts';
import { PayloadBucket } from './constructs/payload-bucket.ts';
import { VaultKey } from './constructs/vault-key.ts';
import type { Stage } from './stage.ts';

export interface DataStackProps extends StackProps {
  readonly stage: Stage;
  /** The name of the stack whose functions use all this. */
  readonly hubStackName: string;
}

const byDue = { by: 'dueShard', sortedBy: 'dueAt' };
const shortLived = { reason: 'its rows live for minutes; restored ones would bring back what was over' };

/** What outlives a release: tables, the vault's key, secrets, payloads, and the bus that the owner's rules hang on.
 *  Keys and lifetimes of the rows: shared/core/keys.ts. */
export class DataStack extends Stack {
  readonly tenants = new HubTable(this, 'tenants', { sorted: true, locked: true });
  readonly tenantKeys = new HubTable(this, 'tenant-keys', {
    sorted: true,
    locked: true, // the loss of the table is the loss of every credential
    withoutRecovery: { reason: 'to delete a data key is the erasure: no backup may bring it back (B-12)' },
  });
  readonly connections = new HubTable(this, 'connections', {
    sorted: true,
    locked: true,
    indexes: { 'by-account': { by: 'accountKey', sortedBy: 'pk' }, 'by-due': byDue },
  });
  readonly sessions = new HubTable(this, 'sessions', {
    sorted: false,
    expires: true,
    indexes: { 'by-due': byDue, 'by-tenant': { by: 'tenantId', sortedBy: 'createdAtMs', holds: ['id'] } },
    withoutRecovery: shortLived,
  });
  readonly inbox = new HubTable(this, 'inbox', {
    sorted: true,
    expires: true,
    indexes: { 'by-time': { by: 'pk', sortedBy: 'receivedAt', holds: eventLine } },
    withoutRecovery: { reason: 'copies of what providers sent, published on the bus already; kept for 90 days' },
  });
  readonly endpoints = new HubTable(this, 'endpoints', {
    sorted: true,
    locked: true, // its URLs are entered at the tenants' providers, and not in our hands
    indexes: { 'by-endpoint': { by: 'endpoint', sortedBy: 'pk' }, 'by-due': byDue },
    withoutRecovery: { reason: 'each secret lies beside its data key: to delete the row is the erasure (B-12)' },
  });
  readonly calls = new HubTable(this, 'calls', {
    sorted: true,
    expires: true,
    indexes: {
      'by-time': { by: 'pk', sortedBy: 'createdAt', holds: callLine },
      'by-due': { ...byDue, holds: dueCall },
    },
    withoutRecovery: { reason: 'restored, it would send again what was done since; kept for 70 days' },
  });
  readonly limits = new HubTable(this, 'limits', { sorted: false, expires: true, withoutRecovery: shortLived });
  readonly syncs = new HubTable(this, 'syncs', { sorted: true, indexes: { 'by-due': byDue } });
  readonly records = new HubTable(this, 'records', { sorted: true, expires: true });
  readonly deliveries = new HubTable(this, 'deliveries', {
    sorted: true,
    expires: true,
    indexes: { 'by-time': { by: 'pk', sortedBy: 'createdAt' }, 'by-due': byDue },
  });
  readonly activity = new HubTable(this, 'activity', { sorted: true, expires: true, locked: true });

  readonly payloads = new PayloadBucket(this, 'payloads');
  readonly bus = new HubBus(this, 'bus');
  readonly vaultKey: VaultKey;
  readonly endpointKey: VaultKey;
  readonly secrets: HubSecrets;

  constructor(scope: Construct, id: string, { stage, hubStackName, ...props }: DataStackProps) {
    super(scope, id, { ...props, terminationProtection: true });
    this.vaultKey = new VaultKey(this, 'vault-key', {
      ...{ description: 'Wraps the data keys of the tenants', purpose: 'patchbay-vault', users: hubStackName },
    });
    // Its own, so that the intake, which anybody can reach, has no right to a key of the vault.
    this.endpointKey = new VaultKey(this, 'endpoint-key', {
      ...{ description: 'Wraps the secrets of webhook endpoints', purpose: 'patchbay-endpoints', users: hubStackName },
    });
    this.secrets = new HubSecrets(this, 'secrets', stage);
  }
}
