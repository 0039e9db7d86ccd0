import type { Provider } from '../provider.ts';

/** One bucket, at Amazon or at Cloudflare: paths below the base URL are its objects' keys. */
export const s3 = {
  id: 's3',
  name: 'S3 and R2',
  docs: 'https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html',
  auth: [
    {
      kind: 'sigv4',
      label: 'an access key',
      fields: [
        {
          name: 'endpoint',
          label: 'Endpoint',
          help: 'For Amazon S3 the region’s, for Cloudflare R2 the one that its bucket settings show, without https://.',
          pattern:
            's3\\.[a-z]{2}(-[a-z]+)+-[0-9]\\.amazonaws\\.com|[0-9a-f]{32}(\\.eu|\\.fedramp)?\\.r2\\.cloudflarestorage\\.com',
          example: 's3.eu-central-1.amazonaws.com',
        },
        {
          name: 'region',
          label: 'Region',
          help: 'The bucket’s region; auto for Cloudflare R2.',
          pattern: 'auto|[a-z]{2}(-[a-z]+)+-[0-9]',
          example: 'eu-central-1',
        },
        {
          name: 'bucket',
          label: 'Bucket',
          help: 'The name of the bucket.',
          pattern: '[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]',
          example: 'acme-exports',
        },
        {
          name: 'accessKeyId',
          label: 'Access key ID',
          help: 'Of a user with access to this bucket alone; it must be allowed to list it.',
          pattern: '[A-Za-z0-9]{16,128}',
          example: 'AKIA0000000000000000',
        },
        {
          name: 'secretAccessKey',
          label: 'Secret access key',
          help: 'Shown once, when the access key is made.',
          secret: true,
          pattern: '[A-Za-z0-9/+=]{32,128}',
          example: '0000000000000000000000000000000000000000',
        },
      ],
      place: [
        {
          in: 'sigv4',
          accessKeyId: '{accessKeyId}',
          secretAccessKey: '{secretAccessKey}',
          region: '{region}',
          service: 's3',
          pathEscaped: 'once',
        },
      ],
      account: { from: 'field', id: ['bucket'], name: ['bucket'] },
      unconfirmed: ['how often R2 takes writes to one key'],
    },
  ],
  api: {
    baseUrl: 'https://{endpoint}/{bucket}',
    whoami: { method: 'GET', path: '/?list-type=2&max-keys=1' },
    errors: {
      xml: true,
      code: 'Code',
      message: 'Message',
      unauthorizedCodes: ['InvalidAccessKeyId', 'SignatureDoesNotMatch', 'ExpiredToken', 'InvalidToken'],
      rateLimitedCodes: ['SlowDown', 'TooManyRequests'],
    },
    requestIdHeader: 'x-amz-request-id',
  },
  limits: [{ requests: 3_500, perS: 1, burst: 100 }],
} as const satisfies Provider;
