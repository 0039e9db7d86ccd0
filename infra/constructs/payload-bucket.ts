import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { accept } from './accept.ts';
import { type Binding, binding } from './binding.ts';

type Action = 'GetObject' | 'PutObject' | 'DeleteObject';

/** Bodies that are too large for a message or a row; gone with the rows that point at them. */
export class PayloadBucket extends Bucket {
  readonly #exportName: string;
  readonly #exported: string;

  constructor(scope: Construct, id: string) {
    super(scope, id, {
      encryption: BucketEncryption.S3_MANAGED,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      lifecycleRules: [
        { id: 'like-the-inbox', expiration: Duration.days(91), abortIncompleteMultipartUploadAfter: Duration.days(1) },
      ],
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    });
    // Exported by name, so that what the checks find can be named too.
    this.#exportName = `${Stack.of(scope).stackName}-payloads`;
    this.#exported = Stack.of(scope).exportValue(this.bucketArn, { name: this.#exportName });
    accept(this, {
      'AwsSolutions-S1': 'few functions use it, each logs what it does; a second bucket would keep no more',
    });
  }

  /** Returns the bucket's name with the right to these actions on its objects. */
  use(...actions: readonly Action[]): Binding {
    const { value, grant } = binding(this.bucketName, {
      actions: actions.map((action) => `s3:${action}`),
      resources: [`${this.#exported}/*`],
    });
    const found = `AwsSolutions-IAM5[Resource::${this.#exportName}/*]`;
    return {
      value,
      grant: (to) => {
        grant(to);
        accept(to, { [found]: 'objects are many and made at run time: the bucket is what can be named' });
      },
    };
  }
}
