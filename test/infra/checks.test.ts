import { Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks, ServerlessChecks } from 'cdk-nag';
import { describe, expect, test } from 'vitest';
import { makeStacks } from './stacks.ts';

const { app, hub, data, stage } = makeStacks('prod', {
  alarmEmail: 'ops@example.com',
  corsOrigins: ['https://app.example.com'],
  domain: { name: 'hub.example.com', certificateArn: 'arn:aws:acm:us-east-1:222222222222:certificate/one' },
});

/** Where each finding is accepted, and why. */
function acceptances(): { id: string; path: string; reason: string }[] {
  return app.node.findAll().flatMap((node) =>
    node.node.metadata
      .filter(({ type }) => type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY)
      .flatMap(({ data: accepted }) =>
        Object.entries(accepted as Record<string, string>).map(([id, reason]) => ({
          id: id.replace(/^Annotation::/, ''),
          path: node.node.path.replace(/^patchbay-prod-/, ''),
          reason,
        })),
      ),
  );
}

describe('a stage with all that can be switched on', () => {
  test.each([
    ['AwsSolutions', new AwsSolutionsChecks(app)],
    ['Serverless', new ServerlessChecks(app)],
  ])('has no finding of %s without a written reason (G14)', (_, pack) => {
    const { violations } = pack.validateScope(app);
    expect(violations.map(({ ruleName, violatingResources }) => [ruleName, violatingResources])).toEqual([]);
  });

  test('accepts these findings, so often, and no others (G14)', () => {
    const counts: Record<string, number> = {};
    for (const { id } of acceptances()) counts[id] = (counts[id] ?? 0) + 1;
    const functions = hub.all('AWS::Lambda::Function').length;
    const awaited = hub.all('AWS::Lambda::Function').filter(({ properties }) => !properties.DeadLetterConfig).length;
    expect(counts).toEqual({
      'AwsSolutions-APIG4': 22, // routes for browsers, providers and monitors
      'AwsSolutions-DDB3': 6, // tables that must not be restored
      'AwsSolutions-IAM5[Resource::patchbay-prod-data-payloads/*]': 8, // objects of the payload bucket
      'AwsSolutions-S1': 1, // the payload bucket
      'AwsSolutions-SMG4': 1 + stage.providers.length, // secrets that others issue
      'AwsSolutions-SQS3': 9, // dead-letter queues themselves
      'Serverless-SQSRedrivePolicy': 9,
      'Serverless-LambdaDLQ': awaited, // someone waits for each
      'Serverless-LambdaEventSourceMappingDestination': 8, // SQS has no such thing
      'Serverless-LambdaTracing': functions,
      'Serverless-SNSRedrivePolicy': 1, // mail to the operator
    });
  });

  test('gives a reason of its own for each', () => {
    for (const { id, path, reason } of acceptances()) expect(reason.length, `${id} at ${path}`).toBeGreaterThan(25);
  });

  test('tells the owner by mail', () => {
    expect(hub.all('AWS::SNS::Subscription')[0]?.properties).toMatchObject({ Endpoint: 'ops@example.com' });
    for (const { path, properties } of hub.all('AWS::CloudWatch::Alarm')) {
      expect(properties.AlarmActions, path).toHaveLength(1);
      expect(properties.AlarmDescription, path).toContain('infra/runbook.md');
    }
    expect(data.all('AWS::CloudWatch::Alarm')).toEqual([]);
    const { PolicyDocument } = hub.one('AWS::SNS::TopicPolicy');
    expect((PolicyDocument as { Statement: unknown[] }).Statement).toContainEqual(
      expect.objectContaining({
        Effect: 'Allow',
        Principal: { Service: 'cloudwatch.amazonaws.com' },
        Condition: { StringEquals: { 'aws:SourceAccount': '222222222222' } },
      }),
    );
  });
});
