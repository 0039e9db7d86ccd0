import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { AccountRootPrincipal, PolicyDocument, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import { type Binding, binding } from './binding.ts';

export interface VaultKeyProps {
  readonly description: string;
  /** In every encryption context of what it wraps (B-11). */
  readonly purpose: string;
  /** The start of the names of the roles that may use it, where their own policies say so too. */
  readonly users: string;
}

/** A key that wraps data keys. Administrators may care for it but not open anything with it: that is for roles of the
 *  hub's own stack alone, under its one purpose and for a named tenant. */
export class VaultKey extends Key {
  readonly #forPurpose: Readonly<Record<string, unknown>>;

  constructor(scope: Construct, id: string, { description, purpose, users }: VaultKeyProps) {
    const account = new AccountRootPrincipal();
    const forPurpose = { StringEquals: { 'kms:EncryptionContext:purpose': purpose } };
    super(scope, id, {
      description,
      enableKeyRotation: true,
      pendingWindow: Duration.days(30),
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
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
              ...forPurpose,
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
    this.#forPurpose = forPurpose;
  }

  /** Returns the key's ARN with the right to make or open data keys under its purpose, nothing else. */
  use(...actions: readonly ('GenerateDataKey' | 'Decrypt')[]): Binding {
    return binding(this.keyArn, {
      actions: actions.map((action) => `kms:${action}`),
      resources: [this.keyArn],
      conditions: this.#forPurpose,
    });
  }
}
