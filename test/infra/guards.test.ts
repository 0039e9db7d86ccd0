import { describe, expect, test } from 'vitest';
import { register } from '../../infra/alarms.ts';
import { findProvider } from '../../shared/providers/definitions.ts';
import { makeStacks } from './stacks.ts';

// What requirements G.3 ask of a template, as far as template.test.ts, grants.test.ts and checks.test.ts do not; on a stage
// where all that can be switched on is.

const everything = {
  alarmEmail: 'ops@example.com',
  corsOrigins: ['https://app.example.com'],
  domain: { name: 'hub.example.com', certificateArn: 'arn:aws:acm:us-east-1:222222222222:certificate/one' },
  tokenExport: true,
  hybridMode: true,
  tenantQuota: { calls: 100, perS: 3_600 },
};
const { hub, data, pathOf, stage } = makeStacks('prod', everything);
const bare = makeStacks('prod', { reservedConcurrency: {}, providers: ['github'] });
const stacks = [hub, data, bare.hub, bare.data];
const textOf = ({ template }: typeof hub) => JSON.stringify(template.toJSON());

interface Statement {
  readonly Effect: string;
  readonly Principal?: unknown;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** Every policy of a resource, with the path of the resource that has it. */
const policies = [hub, data].flatMap((stack) =>
  ['AWS::SQS::QueuePolicy', 'AWS::S3::BucketPolicy', 'AWS::SNS::TopicPolicy'].flatMap((type) =>
    stack.all(type).flatMap(({ path, properties }) => {
      const { Statement } = properties.PolicyDocument as { Statement: Statement[] };
      return Statement.map((statement) => ({ path, ...statement }));
    }),
  ),
);

describe('with all that can be switched on', () => {
  test('a stack has room: fewer than 480 of 500 resources, and less than 1 MB', () => {
    expect(stage.providers.every((id) => findProvider(id, 'prod'))).toBe(true);
    for (const stack of stacks) {
      expect(Object.keys(stack.template.toJSON().Resources).length).toBeLessThan(480);
      expect(JSON.stringify(stack.template.toJSON(), undefined, 1).length).toBeLessThan(1_000_000); // as the file is
    }
  });

  test('made again, it is the same to the byte: nothing is deployed where nothing changed', () => {
    const again = makeStacks('prod', everything);
    expect(textOf(again.hub)).toBe(textOf(hub));
    expect(textOf(again.data)).toBe(textOf(data));
  });
});

describe('queues', () => {
  test('what is given up by queues has its own place; no queue may give up into that of ticks and events (G.3 item 4)', () => {
    const allows = hub.all('AWS::SQS::Queue').flatMap(({ path, properties }) => {
      const { redrivePermission } = (properties.RedriveAllowPolicy ?? {}) as { redrivePermission?: string };
      return redrivePermission ? [[path, redrivePermission]] : [];
    });
    // Of a queue and its dead-letter queue only one can name the other: the rest say whom they give up to.
    expect(allows).toEqual([['failed', 'denyAll']]);
    const takers = hub.all('AWS::SQS::Queue').flatMap(({ properties }) => {
      const { deadLetterTargetArn } = (properties.RedrivePolicy ?? {}) as { deadLetterTargetArn?: unknown };
      return deadLetterTargetArn ? [pathOf(deadLetterTargetArn)] : [];
    });
    expect(new Set(takers).size).toBe(takers.length);
  });

  test('the consumers and the reserves leave 200 of 1,000 environments to whoever is waited for (G.3 item 5)', () => {
    const consumers = hub.all('AWS::Lambda::EventSourceMapping').map(({ properties }) => {
      const { MaximumConcurrency } = properties.ScalingConfig as { MaximumConcurrency: number };
      return MaximumConcurrency;
    });
    const reserves = hub
      .all('AWS::Lambda::Function')
      .map(({ properties }) => Number(properties.ReservedConcurrentExecutions ?? 0));
    const sum = [...consumers, ...reserves].reduce((all, one) => all + one, 0);
    expect(sum).toBeGreaterThan(100);
    expect(sum).toBeLessThanOrEqual(800);
  });

  test('a batch window is no longer than what the visibility of a message bears: there is none (G.3 item 5)', () => {
    for (const { path, properties } of hub.all('AWS::Lambda::EventSourceMapping')) {
      expect(properties.MaximumBatchingWindowInSeconds ?? 0, path).toBe(0);
      expect(properties, path).not.toHaveProperty('ProvisionedPollerConfig'); // excludes a greatest concurrency, and costs
    }
  });
});

describe('functions', () => {
  test('none is traced, so that no trace holds a body; their own levels of the platform log are set (G.3 item 6)', () => {
    for (const { path, properties } of hub.all('AWS::Lambda::Function')) {
      expect(properties, path).not.toHaveProperty('TracingConfig');
      expect(properties.LoggingConfig, path).toMatchObject({ LogFormat: 'JSON', SystemLogLevel: 'WARN' });
    }
  });

  test('each waits for its caller, its queue or its tick, and is in no network of the account', () => {
    for (const { path, properties } of hub.all('AWS::Lambda::Function')) {
      expect(properties, path).not.toHaveProperty('VpcConfig');
      expect(properties, path).not.toHaveProperty('FunctionUrl');
    }
    expect(hub.all('AWS::Lambda::Url')).toEqual([]);
  });
});

describe('rights over resources', () => {
  test('whoever is let in without a name is let in under a condition (G.3 item 10)', () => {
    for (const { path, Effect, Principal, Condition } of policies) {
      const isAnybody = JSON.stringify(Principal).includes('"*"') || Principal === '*';
      if (Effect === 'Allow') expect(isAnybody, path).toBe(false);
      if (isAnybody) expect(Object.keys(Condition ?? {}).length, path).toBeGreaterThan(0);
    }
  });

  test('a service of AWS is let in for a rule, or an account, of this hub alone (G.3 item 10)', () => {
    const allowed = policies.filter(({ Effect }) => Effect === 'Allow');
    expect(allowed.length).toBeGreaterThan(10);
    for (const { path, Principal, Condition } of allowed) {
      expect(Principal, path).toHaveProperty('Service');
      const keys = Object.values(Condition ?? {}).flatMap(Object.keys);
      expect(
        keys.some((key) => /^aws:Source(Arn|Account)$/i.test(key)),
        path,
      ).toBe(true);
    }
  });

  test('whoever takes a role is one service, a scheduler for this account alone (G.3 item 1)', () => {
    for (const { path, properties } of hub.all('AWS::IAM::Role')) {
      const { Statement } = properties.AssumeRolePolicyDocument as { Statement: Statement[] };
      expect(Statement, path).toHaveLength(1);
      const [{ Principal, Condition } = {} as Statement] = Statement;
      const service = (Principal as { Service?: string }).Service;
      expect(['lambda.amazonaws.com', 'scheduler.amazonaws.com', 'apigateway.amazonaws.com'], path).toContain(service);
      if (service === 'scheduler.amazonaws.com') {
        expect(Condition, path).toEqual({ StringEquals: { 'aws:SourceAccount': stage.account } });
      }
    }
  });
});

describe('what is kept', () => {
  test('no table, queue, bucket or log hangs on a KMS key: its outage would stop intake and reads; tokens are sealed before (G.2, G.3 item 8)', () => {
    for (const { path, properties } of data.all('AWS::DynamoDB::GlobalTable')) {
      const { SSESpecification } = properties as { SSESpecification?: { SSEEnabled?: boolean; SSEType?: string } };
      expect(SSESpecification?.SSEType, path).not.toBe('KMS');
    }
    for (const { path, properties } of hub.all('AWS::Logs::LogGroup'))
      expect(properties, path).not.toHaveProperty('KmsKeyId');
    expect(JSON.stringify(data.one('AWS::S3::Bucket').BucketEncryption)).toContain('AES256');
  });

  test('a secret lies under the key of its service, not one of the vault', () => {
    for (const { path, properties } of data.all('AWS::SecretsManager::Secret'))
      expect(properties, path).not.toHaveProperty('KmsKeyId');
  });

  test('no template holds a secret: no value of one, no key, no token', () => {
    for (const stack of stacks) {
      expect(textOf(stack)).not.toMatch(
        /BEGIN [A-Z ]*PRIVATE KEY|\bAKIA[0-9A-Z]{16}\b|\bsk_live_|\bwhsec_[A-Za-z0-9]|\bpb_[a-z]+_[A-Za-z0-9_]{20}/,
      );
    }
    for (const { path, properties } of data.all('AWS::SecretsManager::Secret')) {
      expect(properties.SecretString ?? '{}', path).toBe('{}');
    }
  });
});

describe('api', () => {
  test('each way for webhooks and the sign-in have paces of their own, and all others the one of the stage (G.3 item 9)', () => {
    const live = hub.one('AWS::ApiGatewayV2::Stage');
    const webhooks = hub
      .all('AWS::ApiGatewayV2::Route')
      .map(({ properties }) => String(properties.RouteKey))
      .filter((key) => key.includes(' /webhooks/'));
    expect(Object.keys(live.RouteSettings as object).sort()).toEqual(['POST /console', ...webhooks].sort());
    expect(live.DefaultRouteSettings).toMatchObject({ ThrottlingRateLimit: 200, ThrottlingBurstLimit: 400 });
  });

  test('a browser is let in from named origins with three headers, never with cookies (G.3 item 9)', () => {
    const { CorsConfiguration } = hub.one('AWS::ApiGatewayV2::Api') as { CorsConfiguration: Record<string, unknown> };
    expect(CorsConfiguration.AllowOrigins).toEqual(everything.corsOrigins);
    expect(CorsConfiguration.AllowHeaders).toEqual(['authorization', 'content-type', 'idempotency-key']);
    expect(CorsConfiguration.AllowCredentials ?? false).toBe(false);
  });

  test('it answers at its own domain alone where it has one, else at the address that is its output', () => {
    expect(hub.one('AWS::ApiGatewayV2::ApiMapping')).toBeDefined();
    const outputs = Object.entries(bare.hub.template.toJSON().Outputs as Record<string, { Value: unknown }>);
    const [url] = outputs.filter(([name]) => name.startsWith('apiurl'));
    expect(JSON.stringify(url)).toContain('ApiEndpoint');
    expect(bare.hub.all('AWS::ApiGatewayV2::DomainName')).toEqual([]);
  });
});

test('someone is called for each of these, and for no other (G.3 item 11)', () => {
  const kinds = new Set(hub.all('AWS::CloudWatch::Alarm').map(({ path }) => path.replace(/^alarms\//, '')));
  for (const kind of Object.keys(register)) {
    expect(
      [...kinds].some((path) => path.startsWith(`${kind}-`)),
      kind,
    ).toBe(true);
  }
  for (const path of kinds)
    expect(
      Object.keys(register).some((kind) => path.startsWith(`${kind}-`)),
      path,
    ).toBe(true);
  expect(Object.keys(register)).toEqual(
    expect.arrayContaining([
      'refused-app',
      'odd-refreshes',
      'foreign-tenant',
      'old-credential',
      'lost-rotation',
      'refused-webhooks',
      'dead-letters',
      'waiting-messages',
      'api-faults',
      'throttling',
    ]),
  );
  for (const { path, properties } of hub.all('AWS::CloudWatch::Alarm')) {
    expect(properties.TreatMissingData, path).toBe('notBreaching');
    expect(properties.AlarmActions, path).toHaveLength(1);
  }
  for (const { path, properties } of bare.hub.all('AWS::CloudWatch::Alarm'))
    expect(properties.AlarmActions, path).toBeUndefined();
});
