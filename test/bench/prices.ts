/** What AWS asks for in us-east-1, in USD, without any free tier: list prices as of 2026-11. A price stands beside the page that
 *  says so; where the amount was read of somebody who quotes that page, `quoted` names them. */
export interface Price {
  readonly usd: number;
  readonly per: string;
  readonly source: string;
  readonly quoted?: string;
}

const lambda = 'https://aws.amazon.com/lambda/pricing/';
const sqs = 'https://aws.amazon.com/sqs/pricing/';
const dynamodb = 'https://aws.amazon.com/dynamodb/pricing/on-demand/';
const cloudwatch = 'https://aws.amazon.com/cloudwatch/pricing/';
const eventbridge = 'https://aws.amazon.com/eventbridge/pricing/';

export const prices = {
  httpRequest: { usd: 1 / 1e6, per: 'request of 512 kB', source: 'https://aws.amazon.com/api-gateway/pricing/' },
  invocation: { usd: 0.2 / 1e6, per: 'invocation', source: lambda, quoted: 'AWS price list of 2026-09-19' },
  gbSecond: { usd: 0.0000133334, per: 'GB-s, arm64', source: lambda, quoted: 'AWS price list of 2026-09-19' },
  sqsRequest: { usd: 0.4 / 1e6, per: 'request of 64 kB', source: sqs, quoted: 'cloudburn.io, 2026-03' },
  fairMessage: { usd: 0.1 / 1e6, per: 'message sent with a group', source: sqs, quoted: 'cloudburn.io, 2026-03' },
  writeUnit: { usd: 0.625 / 1e6, per: 'write unit of 1 KB', source: dynamodb },
  readUnit: { usd: 0.125 / 1e6, per: 'read unit of 4 KB', source: dynamodb },
  busEvent: { usd: 1 / 1e6, per: 'event of 64 kB', source: eventbridge },
  tick: { usd: 1 / 1e6, per: 'invocation by a schedule', source: eventbridge, quoted: 'cloudburn.io' },
  kmsRequest: { usd: 3 / 1e6, per: 'request', source: 'https://aws.amazon.com/kms/pricing/' },
  kmsKey: { usd: 1, per: 'key and month', source: 'https://aws.amazon.com/kms/pricing/' },
  secretRequest: { usd: 5 / 1e6, per: 'request', source: 'https://aws.amazon.com/secrets-manager/pricing/' },
  secret: { usd: 0.4, per: 'secret and month', source: 'https://aws.amazon.com/secrets-manager/pricing/' },
  logByte: { usd: 0.5 / 1e9, per: 'byte taken in', source: cloudwatch, quoted: 'signoz.io, 2026-02' },
  metric: { usd: 0.3, per: 'metric of our own and month', source: cloudwatch, quoted: 'cloudburn.io, 2026-02' },
  alarm: { usd: 0.1, per: 'metric of an alarm and month', source: cloudwatch, quoted: 'cloudburn.io, 2026-02' },
  dashboard: { usd: 3, per: 'dashboard and month', source: cloudwatch, quoted: 'cloudburn.io, 2026-02' },
} as const satisfies Readonly<Record<string, Price>>;

export type Priced = keyof typeof prices;
