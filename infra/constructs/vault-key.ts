import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { AccountRootPrincipal, PolicyDocument, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import { type Binding, binding } from './binding.ts';

/** The purpose in every encryption context of the vault (B-11). */
const inVault = { StringEquals: { 'kms:EncryptionContext:purpose': 'patchbay-vault' } };

/** The key that wraps the tenants' data keys. Administrators may care for it but not open anything with it: that is
 *  for roles of the hub's own stack alone, under the vault's purpose and for a named tenant. */
export class VaultKey extends Key {
  /** `users`: the start of the names of the roles that may use it, where their own policies say so too. */
  constructor(scope: Construct, id: string, users: string) {
    const account = new AccountRootPrincipal();
    super(scope, id, {
      description: 'Wraps the data keys of the tenants',
      enableKeyRotation: true,
      pendingWindow: Duration.days(30),
      removalPolicy: RemovalPolicy.RETAIN,
      policy: new PolicyDocument({
        statements: [
          new PolicyStatement({
            principals: [account],
            actions: [
              ...['kms:DescribeKey', 'kms:GetKeyPolicy', 'kms:GetKeyRotationStatus', 'kms:ListResourceTags'],
              ...['kms:EnableKey', 'kms:DisableKey', 'kms:EnableKeyRotation', 'kms:DisableKeyRotation'],
              ...['kms:PutKeyPolicy', 'kms:UpdateKeyDescription', 'kms:TagResource', 'kms:UntagResource'],
              ...['kms:ScheduleKeyDeletion', 'kms:CancelKeyDeletion'],
            ],
            resources: ['*'],
          }),
          new PolicyStatement({
            principals: [account],
            actions: ['kms:GenerateDataKey', 'kms:Decrypt'],
            resources: ['*'],
            conditions: {
              ...inVault,
              Null: { 'kms:EncryptionContext:tenantId': 'false' },
              ArnLike: {
                'aws:PrincipalArn': Stack.of(scope).formatArn({
                  service: 'iam',
                  region: '',
                  resource: 'role',
                  resourceName: `${users}-*`,
                }),
              },
            },
          }),
        ],
      }),
    });
  }

  /** Returns the key's ARN with the right to make or open data keys of the vault, nothing else. */
  use(...actions: readonly ('GenerateDataKey' | 'Decrypt')[]): Binding {
    return binding(this.keyArn, {
      actions: actions.map((action) => `kms:${action}`),
      resources: [this.keyArn],
      conditions: inVault,
    });
  }
}
