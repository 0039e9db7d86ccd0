import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { EVENT_SOURCE } from '../../infra/constructs/hub-bus.ts';
import { contracts, functionNames } from '../../infra/contracts.ts';
import { covers } from '../../infra/local/event-pattern.ts';
import { EVENT_SOURCE as SENT_SOURCE } from '../../shared/core/bus.ts';
import type { FunctionContract } from '../../shared/core/contract.ts';
import { DUE_SHARDS } from '../../shared/core/keys.ts';
import { catalogue } from '../../shared/providers/catalogue.ts';
import { fits } from '../../shared/providers/handlers.ts';
import { findSyncs } from '../../shared/providers/polled.ts';
import { readSources } from '../support/sources.ts';
import { makeStacks } from './stacks.ts';

const { hub, data, pathOf } = makeStacks();
const prod = makeStacks('prod');

const functions = new Map(hub.all('AWS::Lambda::Function').map((fn) => [String(fn.properties.Description), fn]));
const queues = new Map(hub.all('AWS::SQS::Queue').map((queue) => [queue.path, queue.properties]));
const contractOf = (name: string): FunctionContract => {
  const [feature = '', verb = ''] = name.split('/');
  return (contracts as Record<string, Record<string, FunctionContract>>)[feature]?.[verb] as FunctionContract;
};
const entriesOf = (kind: string) => functionNames().filter((name) => contractOf(name).entry.kind === kind);

describe('functions', () => {
  test('there is one for each line of the contracts, and no other', () => {
    expect([...functions.keys()].sort()).toEqual(functionNames().sort());
  });

  test('each runs on Node 24 and arm64 with 512 MB, the time of its contract and JSON logs that end', () => {
    for (const [name, { properties }] of functions) {
      expect(properties, name).toMatchObject({
        Runtime: 'nodejs24.x',
        Architectures: ['arm64'],
        MemorySize: 512,
        Timeout: contractOf(name).timeoutS,
        LoggingConfig: { LogFormat: 'JSON' },
      });
      expect(properties, name).not.toHaveProperty('FunctionName');
    }
    for (const { path, properties } of hub.all('AWS::Logs::LogGroup')) {
      expect(properties.RetentionInDays, path).toBeLessThanOrEqual(90);
    }
  });

  test('those that a browser or a backend waits for end before API Gateway does', () => {
    for (const name of [...entriesOf('http'), ...entriesOf('authorizer')]) {
      expect(contractOf(name).timeoutS, name).toBeLessThanOrEqual(29);
    }
  });

  test('each environment has exactly the settings of its contract', () => {
    const always = ['NODE_OPTIONS', 'POWERTOOLS_METRICS_NAMESPACE', 'POWERTOOLS_SERVICE_NAME'];
    for (const [name, { properties }] of functions) {
      const { Variables } = properties.Environment as { Variables: Record<string, unknown> };
      const audited = 'audit' in contractOf(name).entry ? ['ACTIVITY_TABLE', 'ACTIVITY_DAYS'] : [];
      const settings = [...Object.keys(contractOf(name).env.shape), ...audited];
      expect(Object.keys(Variables).sort(), name).toEqual([...settings, ...always].sort());
    }
  });

  test('no environment holds a secret: only names, URLs and words', () => {
    for (const [name, { properties }] of functions) {
      const { Variables } = properties.Environment as { Variables: Record<string, unknown> };
      for (const [setting, value] of Object.entries(Variables)) {
        expect(typeof value === 'string' ? value : '', `${name} ${setting}`).not.toMatch(/[A-Za-z0-9+/_-]{32,}/);
        expect(JSON.stringify(value), `${name} ${setting}`).not.toContain('resolve:secretsmanager');
      }
    }
  });

  test('those that nobody waits for leave what they give up in the dead-letter queue', () => {
    for (const [name, { properties }] of functions) {
      const waited = ['http', 'queue', 'authorizer'].includes(contractOf(name).entry.kind);
      const target = (properties.DeadLetterConfig as { TargetArn?: unknown } | undefined)?.TargetArn;
      expect(target && pathOf(target), name).toBe(waited ? undefined : 'failed');
    }
  });

  test('acknowledgements and refreshes have environments of their own in production', () => {
    const reserved = prod.hub
      .all('AWS::Lambda::Function')
      .map(({ properties }) => [properties.Description, properties.ReservedConcurrentExecutions]);
    expect(Object.fromEntries(reserved.filter(([, count]) => count))).toEqual({
      'webhooks/receive': 100,
      'connections/refresh': 2,
    });
  });

  test('only a function that goes on in a message of its own is free of the loop guard', () => {
    const free = [...functions].filter(([, { properties }]) => properties.RecursiveLoop === 'Allow');
    expect(free.map(([name]) => name).sort()).toEqual(['syncs/run', 'webhooks/run-replay']);
  });
});

describe('queues', () => {
  const sources = hub.all('AWS::Lambda::EventSourceMapping').map(({ properties }) => ({
    properties,
    queue: pathOf(properties.EventSourceArn),
    fn: pathOf(properties.FunctionName),
  }));

  test('each queue entry of the contracts is fed by a queue, in batches that fail message by message', () => {
    expect(sources.map(({ fn }) => fn).sort()).toEqual(entriesOf('queue').sort());
    for (const { fn, properties } of sources) {
      const { entry } = contractOf(fn);
      expect(properties, fn).toMatchObject({
        FunctionResponseTypes: ['ReportBatchItemFailures'],
        BatchSize: entry.kind === 'queue' ? entry.batchSize : 0,
      });
      const { MaximumConcurrency } = properties.ScalingConfig as { MaximumConcurrency: number };
      expect(MaximumConcurrency, fn).toBeGreaterThanOrEqual(2);
      expect(properties, fn).not.toHaveProperty('FilterCriteria'); // a filter would delete what does not match
    }
  });

  test('a message stays hidden six times as long as its function may take', () => {
    for (const { queue, fn } of sources) {
      expect(queues.get(queue)?.VisibilityTimeout, queue).toBeGreaterThanOrEqual(6 * contractOf(fn).timeoutS);
    }
  });

  test('each gives up after 5 to 10 receipts into a dead-letter queue that keeps 14 days', () => {
    for (const { queue } of sources) {
      const redrive = queues.get(queue)?.RedrivePolicy as { deadLetterTargetArn: unknown; maxReceiveCount: number };
      expect(redrive.maxReceiveCount, queue).toBeGreaterThanOrEqual(5);
      expect(redrive.maxReceiveCount, queue).toBeLessThanOrEqual(10);
      const dead = queues.get(pathOf(redrive.deadLetterTargetArn));
      expect(dead?.MessageRetentionPeriod, queue).toBe(14 * 24 * 3600);
      expect(queues.get(queue)?.MessageRetentionPeriod, queue).toBeLessThan(14 * 24 * 3600);
    }
  });

  test('each is encrypted by SQS itself, so that KMS may be down, and takes TLS alone', () => {
    const guarded = hub.all('AWS::SQS::QueuePolicy').flatMap(({ properties }) => {
      const { Statement } = properties.PolicyDocument as { Statement: { Effect: string; Condition?: object }[] };
      const tls = Statement.some(
        ({ Effect, Condition }) =>
          Effect === 'Deny' && JSON.stringify(Condition) === '{"Bool":{"aws:SecureTransport":"false"}}',
      );
      return tls ? (properties.Queues as unknown[]).map(pathOf) : [];
    });
    for (const [path, properties] of queues) {
      expect(properties, path).not.toHaveProperty('KmsMasterKeyId');
      expect(properties.SqsManagedSseEnabled, path).toBe(true);
      expect(guarded, path).toContain(path);
    }
  });

  test('someone is called for each that gives up or that waits', () => {
    const watched = hub.all('AWS::CloudWatch::Alarm').map(({ properties }) => {
      const [dimension] = (properties.Dimensions as { Value: unknown }[] | undefined) ?? [];
      return `${properties.MetricName} ${dimension ? pathOf(dimension.Value) : ''}`;
    });
    for (const path of queues.keys()) {
      const metric = sources.some(({ queue }) => queue === path)
        ? 'ApproximateAgeOfOldestMessage'
        : 'ApproximateNumberOfMessagesVisible';
      expect(watched).toContain(`${metric} ${path}`);
    }
  });
});

describe('ticks and events', () => {
  test('each schedule entry ticks as its contract says, and leaves what cannot be delivered', () => {
    const ticks = hub.all('AWS::Scheduler::Schedule').map(({ properties }) => {
      const target = properties.Target as { Arn: unknown; DeadLetterConfig?: { Arn: unknown } };
      expect(pathOf(target.DeadLetterConfig?.Arn ?? ''), 'dead letters').toBe('failed');
      return [pathOf(target.Arn), properties.ScheduleExpression];
    });
    const wanted = entriesOf('schedule').map((name) => {
      const { entry } = contractOf(name);
      const every = entry.kind === 'schedule' ? entry.everyMinutes : 0;
      return [name, every === 1 ? 'rate(1 minute)' : `rate(${every} minutes)`];
    });
    expect(ticks.sort()).toEqual(wanted.sort());
  });

  test('each event entry has a rule for its types on the hub bus, with a dead-letter queue', () => {
    const rules = hub.all('AWS::Events::Rule').map(({ properties }) => {
      const [target] = properties.Targets as { Arn: unknown; DeadLetterConfig?: { Arn: unknown } }[];
      expect(pathOf(properties.EventBusName)).toBe('bus');
      expect(pathOf(target?.DeadLetterConfig?.Arn ?? '')).toBe('failed');
      return [pathOf(target?.Arn), properties.EventPattern];
    });
    const wanted = entriesOf('event').map((name) => {
      const { entry } = contractOf(name);
      const detail = name === 'syncs/nudge' ? { detail: expect.anything() } : {};
      return [name, { source: [SENT_SOURCE], 'detail-type': entry.kind === 'event' ? entry.types : [], ...detail }];
    });
    const all = ['deliveries/events/queue', { source: [SENT_SOURCE] }]; // whoever subscribed may want any of them
    const looked = ['webhooks/activations/queue', { source: [SENT_SOURCE], 'detail-type': ['connection.activated'] }];
    expect(rules.sort()).toEqual([...wanted, all, looked].sort());
    expect(EVENT_SOURCE).toBe(SENT_SOURCE);
  });

  test('a sync is nudged by exactly the webhooks that are news for one: no function runs for the others', () => {
    const rule = hub.all('AWS::Events::Rule').find(({ path }) => path === 'syncs/nudge-rule')?.properties.EventPattern;
    expect(JSON.stringify(rule).length).toBeLessThan(2_048); // EventBridge takes no longer one
    const patterns = Object.keys(catalogue).flatMap((provider) =>
      Object.values(findSyncs(provider)).flatMap(({ nudgedBy = [] }) => nudgedBy),
    );
    const samples = [
      ...patterns.map((pattern) => pattern.replace('*', 'any')),
      'push',
      'issue',
      'invoice',
      'x.page.any',
    ];
    for (const type of samples) {
      const event = { source: SENT_SOURCE, 'detail-type': 'webhook.received', detail: { data: { type } } };
      expect(covers(rule, event), type).toBe(patterns.some((pattern) => fits(pattern, type)));
    }
  });

  test('whoever subscribes hears every event, as it was told: the queue takes them from that rule alone', () => {
    const rule = hub.all('AWS::Events::Rule').find(({ path }) => path === 'deliveries/events/rule');
    expect(rule?.properties.Targets).toMatchObject([{ InputPath: '$.detail' }]);
    const allowed = hub.all('AWS::SQS::QueuePolicy').flatMap(({ path, properties }) => {
      const { Statement } = properties.PolicyDocument as {
        Statement: { Effect: string; Condition?: { ArnEquals?: { 'aws:SourceArn': unknown } } }[];
      };
      const allows = Statement.filter(({ Effect }) => Effect === 'Allow');
      return path.startsWith('deliveries/') ? allows.map((one) => one.Condition?.ArnEquals?.['aws:SourceArn']) : [];
    });
    expect(allowed.map((source) => source && pathOf(source))).toEqual(['deliveries/events/rule']);
  });
});

describe('tables', () => {
  const tables = new Map(
    data.all('AWS::DynamoDB::GlobalTable').map(({ path, properties, deletion }) => {
      const [replica = {}] = properties.Replicas as Record<string, unknown>[];
      return [path, { properties, replica, deletion }] as const;
    }),
  );
  const those = (
    holds: (table: { properties: Record<string, unknown>; replica: Record<string, unknown> }) => boolean,
  ) => [...tables].filter(([, table]) => holds(table)).map(([path]) => path);
  const restorable = ({ replica }: { replica: Record<string, unknown> }) =>
    (replica.PointInTimeRecoverySpecification as { PointInTimeRecoveryEnabled?: boolean })
      ?.PointInTimeRecoveryEnabled === true;

  test('there is one for each lifecycle', () => {
    expect([...tables.keys()]).toEqual([
      ...['tenants', 'tenant-keys', 'connections', 'sessions', 'inbox', 'endpoints', 'calls', 'limits', 'syncs'],
      ...['records', 'deliveries', 'activity'],
    ]);
  });

  test('tenants, connections, syncs, records, deliveries and the audit can be restored; data keys never (B-12)', () => {
    expect(those(restorable)).toEqual(['tenants', 'connections', 'syncs', 'records', 'deliveries', 'activity']);
  });

  test('tenants, data keys, connections, endpoints and the audit cannot be deleted by mistake, and no table goes with its stack', () => {
    expect(those(({ replica }) => replica.DeletionProtectionEnabled === true)).toEqual([
      ...['tenants', 'tenant-keys', 'connections', 'endpoints', 'activity'],
    ]);
    // but with one whose first deployment failed: what it made would stand in the way of the second
    for (const [path, { deletion }] of tables) expect(deletion, path).toBe('RetainExceptOnCreate');
  });

  test('what lives for a time has a TTL, the traces of deleted records too', () => {
    const ttl = { AttributeName: 'ttl', Enabled: true };
    expect(
      those(({ properties }) => JSON.stringify(properties.TimeToLiveSpecification) === JSON.stringify(ttl)),
    ).toEqual(['sessions', 'inbox', 'calls', 'limits', 'records', 'deliveries', 'activity']);
  });

  test('none has a stream, all are on demand', () => {
    for (const [path, { properties }] of tables) {
      expect(properties, path).not.toHaveProperty('StreamSpecification');
      expect(properties.BillingMode, path).toBe('PAY_PER_REQUEST');
    }
  });

  test('keys and indexes are those that the stores query', () => {
    const shape = (keys: unknown) =>
      (keys as { AttributeName: string }[]).map(({ AttributeName }) => AttributeName).join(' ');
    const shapes = [...tables].map(([path, { properties }]) => {
      const indexes = (properties.GlobalSecondaryIndexes ?? []) as { IndexName: string; KeySchema: unknown }[];
      return [
        path,
        [shape(properties.KeySchema), ...indexes.map((one) => `${one.IndexName}: ${shape(one.KeySchema)}`)],
      ];
    });
    const byDue = 'by-due: dueShard dueAt';
    expect(Object.fromEntries(shapes)).toEqual({
      tenants: ['pk sk'],
      'tenant-keys': ['pk sk'],
      connections: ['pk sk', 'by-account: accountKey pk', byDue],
      sessions: ['pk', byDue, 'by-tenant: tenantId createdAtMs'],
      inbox: ['pk sk', 'by-time: pk receivedAt'],
      endpoints: ['pk sk', 'by-endpoint: endpoint pk', byDue],
      calls: ['pk sk', 'by-time: pk createdAt', byDue],
      limits: ['pk'],
      syncs: ['pk sk', byDue],
      records: ['pk sk'],
      deliveries: ['pk sk', 'by-time: pk createdAt', byDue],
      activity: ['pk sk'],
    });
    expect(DUE_SHARDS).toBeGreaterThan(1); // one partition would be the hot one
  });
});

test('alarms on what the hub measures name metrics that it measures', () => {
  const measures = readFileSync(join(import.meta.dirname, '..', '..', 'shared', 'core', 'metrics.ts'), 'utf8');
  const queries = [
    ...JSON.stringify(hub.all('AWS::CloudWatch::Alarm')).matchAll(/SELECT (?:SUM|MAX)\((\w+)\) FROM SCHEMA/g),
  ];
  expect(queries).toHaveLength(16);
  for (const [, metric] of queries) expect(measures).toContain(`'${metric}'`);
});

test('the dashboard shows every alarm, and each metric by the dimensions that it is measured by', () => {
  const body = JSON.stringify(hub.one('AWS::CloudWatch::Dashboard').DashboardBody);
  for (const alarm of Object.keys(hub.template.findResources('AWS::CloudWatch::Alarm'))) expect(body).toContain(alarm);
  const sources = ['shared', 'functions']
    .flatMap((folder) => readSources(folder))
    .map(({ text }) => text)
    .join();
  const shown = [
    ...[...body.matchAll(/SUM\((\w+)\) FROM SCHEMA\(Patchbay, service, ([\w, ]+)\)/g)],
    ...[...body.matchAll(/\{Patchbay,service,([\w,]+)\} MetricName=\W+(\w+)/g)].map(([all, by, name]) => [
      all,
      name,
      by,
    ]),
  ];
  expect(shown.length).toBeGreaterThanOrEqual(18);
  for (const [, metric = '', by = ''] of shown) {
    const measured = sources.match(new RegExp(`measure\\('${metric}', \\{([^}]*)\\}`))?.[1] ?? `never: ${metric}`;
    const dimensions = ['provider', 'outcome'].filter((dimension) => measured.includes(dimension));
    expect([metric, by.split(/, ?/)]).toEqual([metric, dimensions]);
  }
});

test('the dashboard has of each provider how often it is called, what fails, how long it takes, and what needs a person', () => {
  const body = JSON.stringify(hub.one('AWS::CloudWatch::Dashboard').DashboardBody);
  for (const expression of [
    'SUM(CallAttempt) FROM SCHEMA(Patchbay, service, provider, outcome) GROUP BY provider',
    "SUM(CallAttempt) FROM SCHEMA(Patchbay, service, provider, outcome) WHERE outcome != 'succeeded' GROUP BY provider",
    'SUM(NeedsReauth) FROM SCHEMA(Patchbay, service, provider, outcome) GROUP BY provider',
    'SUM(WebhookRefused) FROM SCHEMA(Patchbay, service, provider, outcome) GROUP BY provider',
    'SUM(CircuitOpened) FROM SCHEMA(Patchbay, service, provider, outcome) GROUP BY provider',
    'SUM(CallDeferred) FROM SCHEMA(Patchbay, service, provider) GROUP BY provider',
    'ApproximateAgeOfOldestMessage',
    'ApproximateNumberOfMessagesVisible',
  ]) {
    expect(body).toContain(expression);
  }
  for (const percentile of ['p50', 'p99'])
    expect(body).toMatch(new RegExp(`MetricName=\\W+CallLatency\\W+ \\W*'${percentile}'`));
});

test('the hub has room for more: a stack may have 500 resources', () => {
  expect(Object.keys(hub.template.toJSON().Resources).length).toBeLessThan(490);
});

describe('key, secrets and payloads', () => {
  test.each([
    ['vault-key', 'patchbay-vault'],
    ['endpoint-key', 'patchbay-endpoints'],
  ])('the %s turns, takes 30 days to go, and lets administrators open nothing', (path, purpose) => {
    const key = data.all('AWS::KMS::Key').find((one) => one.path === path)?.properties ?? {};
    expect(key).toMatchObject({ EnableKeyRotation: true, PendingWindowInDays: 30 });
    const { Statement } = key.KeyPolicy as { Statement: { Action: string[]; Condition?: unknown }[] };
    const opening = Statement.filter(({ Action }) =>
      Action.some((action) => /Decrypt|GenerateDataKey|Encrypt|\*/.test(action)),
    );
    expect(opening).toHaveLength(1);
    expect(opening[0]?.Action.sort()).toEqual(['kms:Decrypt', 'kms:GenerateDataKey']);
    expect(opening[0]?.Condition).toMatchObject({
      StringEquals: { 'kms:EncryptionContext:purpose': purpose },
      Null: { 'kms:EncryptionContext:tenantId': 'false' },
      ArnLike: { 'aws:PrincipalArn': 'arn:aws:iam::111111111111:role/patchbay-local-hub-*' },
    });
  });

  test('there is one secret for each provider of the stage, and the operator key is made, not written', () => {
    const names = data
      .all('AWS::SecretsManager::Secret')
      .map(({ properties }) => [properties.Name, properties.SecretString]);
    const empty = Object.keys(catalogue).map((id) => [`patchbay/local/${id}`, '{}']);
    expect(Object.fromEntries(names)).toEqual({ 'patchbay/local/operator': undefined, ...Object.fromEntries(empty) });
    const productionNames = prod.data.all('AWS::SecretsManager::Secret').map(({ properties }) => properties.Name);
    expect(productionNames).not.toContain('patchbay/prod/demo');
  });

  test('a provider that is switched off has no secret, and reading it says so instead of being refused', () => {
    const some = makeStacks('local', { providers: ['github'] });
    expect(some.data.all('AWS::SecretsManager::Secret').map(({ properties }) => properties.Name)).toEqual([
      'patchbay/local/operator',
      'patchbay/local/github',
    ]);
    const rights = JSON.stringify(some.hub.template.toJSON());
    expect(rights).toContain(':secret:patchbay/local/slack-??????');
  });

  test('the bucket is private, encrypted, TLS alone, and empties itself', () => {
    expect(data.one('AWS::S3::Bucket')).toMatchObject({
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      LifecycleConfiguration: { Rules: [{ ExpirationInDays: 91, Status: 'Enabled' }] },
    });
    expect(JSON.stringify(data.all('AWS::S3::BucketPolicy'))).toContain('aws:SecureTransport');
  });

  test('what outlives a release is in the protected stack', () => {
    expect(data.stack.terminationProtection).toBe(true);
    for (const type of [
      'AWS::DynamoDB::GlobalTable',
      'AWS::KMS::Key',
      'AWS::SecretsManager::Secret',
      'AWS::S3::Bucket',
    ]) {
      expect(hub.all(type), type).toEqual([]);
    }
  });
});

describe('api', () => {
  const routes = hub.all('AWS::ApiGatewayV2::Route').map(({ properties }) => properties);

  test('each route of the contracts is a route, and guarded unless it is one of these', () => {
    const wanted = entriesOf('http').flatMap((name) => {
      const { entry } = contractOf(name);
      return entry.kind === 'http' ? entry.routes : [];
    });
    expect(routes.map(({ RouteKey }) => RouteKey).sort()).toEqual([...wanted].sort());
    const open = routes
      .filter(({ AuthorizationType }) => AuthorizationType !== 'CUSTOM')
      .map(({ RouteKey }) => RouteKey);
    expect(open.sort()).toEqual([
      '$default',
      'GET /connect/{link}',
      'GET /console',
      'GET /console/subscriptions/{subscription}',
      'GET /console/tenants/{tenant}',
      'GET /console/tenants/{tenant}/calls',
      'GET /console/tenants/{tenant}/connections/{connection}',
      'GET /console/tenants/{tenant}/events',
      'GET /docs',
      'GET /health',
      'GET /oauth/{provider}/callback',
      'GET /openapi.json',
      'GET /webhooks/{provider}',
      'GET /webhooks/{provider}/{endpoint}',
      'POST /connect/{link}/start',
      'POST /console',
      'POST /console/subscriptions/{subscription}',
      'POST /console/tenants/{tenant}/calls',
      'POST /console/tenants/{tenant}/connections/{connection}',
      'POST /console/tenants/{tenant}/events',
      'POST /webhooks/{provider}',
      'POST /webhooks/{provider}/{endpoint}',
    ]);
  });

  test('runs the functions of its routes, and no other, by a role of its own', () => {
    const integrations = hub.all('AWS::ApiGatewayV2::Integration').map(({ properties }) => properties);
    const [credentials, ...others] = new Set(integrations.map(({ CredentialsArn }) => JSON.stringify(CredentialsArn)));
    expect(others).toEqual([]);
    const role = hub
      .all('AWS::IAM::Role')
      .find(({ properties }) => JSON.stringify(properties).includes('apigateway.amazonaws.com'));
    expect([role?.path, credentials]).toEqual(['api/role', expect.stringMatching(/"apirole/)]);
    const policies = role?.properties.Policies as { PolicyDocument: { Statement: { Resource: unknown[] }[] } }[];
    const statements = policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement);
    const Resource = expect.arrayContaining(integrations.map(({ IntegrationUri }) => IntegrationUri));
    expect(statements).toEqual([{ Effect: 'Allow', Action: 'lambda:InvokeFunction', Resource }]);
    const run = statements.flatMap((statement) => statement.Resource);
    expect(run).toHaveLength(integrations.length);
    const longest = 'arn:aws:lambda:ap-southeast-1:111111111111:function:'.length + 64;
    expect(run.length * longest).toBeLessThan(10_240); // what the policies within a role may have in all
  });

  test('the authorizer is asked about every request, a header or none, and is not cached: a revoked key ends at once', () => {
    const authorizer = hub.one('AWS::ApiGatewayV2::Authorizer');
    expect(authorizer).toMatchObject({
      AuthorizerPayloadFormatVersion: '2.0',
      AuthorizerResultTtlInSeconds: 0,
      EnableSimpleResponses: true,
    });
    expect(authorizer.IdentitySource ?? []).toEqual([]);
  });

  test('access logs are JSON and hold neither paths nor queries: links and codes stand in them', () => {
    const live = hub.one('AWS::ApiGatewayV2::Stage');
    const { Format } = live.AccessLogSettings as { Format: string };
    expect(JSON.parse(Format)).toMatchObject({ route: '$context.routeKey', status: '$context.status' });
    expect(Format).not.toMatch(/\$context\.(path|customDomain)|query|requestBody|header/i);
  });

  test('the stage is throttled, webhooks by themselves, and who guesses at the operator key most of all', () => {
    expect(prod.hub.one('AWS::ApiGatewayV2::Stage')).toMatchObject({
      DefaultRouteSettings: { ThrottlingRateLimit: 200, ThrottlingBurstLimit: 400 },
      RouteSettings: {
        'POST /webhooks/{provider}': { ThrottlingRateLimit: 500, ThrottlingBurstLimit: 1000 },
        'POST /console': { ThrottlingRateLimit: 2, ThrottlingBurstLimit: 10 },
      },
    });
  });

  test('a browser of another origin may call it only where the owner has named the origin', () => {
    expect(hub.one('AWS::ApiGatewayV2::Api')).not.toHaveProperty('CorsConfiguration');
    const open = makeStacks('local', { corsOrigins: ['https://app.example.com'] }).hub.one('AWS::ApiGatewayV2::Api');
    expect(open.CorsConfiguration).toMatchObject({ AllowOrigins: ['https://app.example.com'] });
    expect(open.CorsConfiguration).not.toHaveProperty('AllowCredentials');
  });

  test('a domain of the owner speaks TLS 1.2 at least and is the only door', () => {
    const domain = { name: 'hub.example.com', certificateArn: 'arn:aws:acm:us-east-1:222222222222:certificate/one' };
    const owned = makeStacks('prod', { domain });
    expect(JSON.stringify(owned.hub.one('AWS::ApiGatewayV2::DomainName'))).toContain('TLS_1_2');
    expect(owned.hub.one('AWS::ApiGatewayV2::Api').DisableExecuteApiEndpoint).toBe(true);
    expect(JSON.stringify(owned.hub.all('AWS::Lambda::Function'))).toContain('"PUBLIC_URL":"https://hub.example.com"');
  });

  test('each permission to run a function names who asks', () => {
    for (const { path, properties } of hub.all('AWS::Lambda::Permission'))
      expect(properties, path).toHaveProperty('SourceArn');
  });
});
