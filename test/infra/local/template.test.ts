import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type RawStack, readTemplate, resolveStacks } from '../../../infra/local/template.ts';
import { hole } from './assembly.ts';

const awsUrl = 'http://127.0.0.1:4000';
const queue = { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'work' } };

/** The value, resolved as a property of a function beside a queue `Work` and an import from another stack. */
function resolved(value: unknown): unknown {
  const stacks: readonly RawStack[] = [
    {
      name: 'data',
      Resources: { Table: { Type: 'AWS::DynamoDB::GlobalTable', Properties: { TableName: 'tenants' } } },
      Outputs: {
        TableArn: {
          Value: { 'Fn::GetAtt': ['Table', 'Arn'] },
          Export: { Name: { 'Fn::Sub': `${hole('AWS::StackName')}:TableArn` } },
        },
        Weak: { Value: { Ref: 'Table' } },
      },
    },
    {
      name: 'hub',
      Parameters: { Version: { Default: '21' } },
      Conditions: {
        Yes: { 'Fn::Equals': [{ Ref: 'AWS::Region' }, 'us-east-1'] },
        No: { 'Fn::Not': [{ Condition: 'Yes' }] },
        Both: { 'Fn::And': [{ Condition: 'Yes' }, { Condition: 'No' }] },
        Either: { 'Fn::Or': [{ Condition: 'Yes' }, { Condition: 'No' }] },
      },
      Resources: {
        Work: queue,
        Skipped: { ...queue, Condition: 'No' },
        Fn: { Type: 'AWS::Lambda::Function', Properties: { Environment: value } },
      },
    },
  ];
  const resources = resolveStacks(stacks, awsUrl);
  expect(resources.map(({ id }) => id)).toEqual(['Table', 'Work', 'Fn']);
  return resources.find(({ id }) => id === 'Fn')?.properties.Environment;
}

test.each([
  [{ Ref: 'Work' }, 'http://127.0.0.1:4000/111111111111/work'],
  [{ Ref: 'Version' }, '21'],
  [{ Ref: 'AWS::AccountId' }, '111111111111'],
  [{ Ref: 'Fn' }, 'hub-Fn'],
  [{ 'Fn::GetAtt': ['Work', 'Arn'] }, 'arn:aws:sqs:us-east-1:111111111111:work'],
  [{ 'Fn::GetAtt': 'Work.QueueName' }, 'work'],
  [{ 'Fn::Join': ['-', ['a', { Ref: 'AWS::Region' }, 'b']] }, 'a-us-east-1-b'],
  [
    { 'Fn::Sub': [hole('AWS::Partition'), hole('Work.QueueName'), hole('!Literal')].join('/') },
    `aws/work/${hole('Literal')}`,
  ],
  [
    { 'Fn::Sub': [`${hole('Given')}/${hole('Work.Arn')}`, { Given: { Ref: 'Version' } }] },
    '21/arn:aws:sqs:us-east-1:111111111111:work',
  ],
  [{ 'Fn::Select': [1, { 'Fn::Split': ['/', 'a/b/c'] }] }, 'b'],
  [{ 'Fn::Select': ['0', ['x', 'y']] }, 'x'],
  [{ 'Fn::If': ['Yes', 'on', 'off'] }, 'on'],
  [{ 'Fn::If': ['Both', 'on', 'off'] }, 'off'],
  [{ 'Fn::If': ['Either', 'on', { Ref: 'Nothing' }] }, 'on'],
  [{ 'Fn::ImportValue': 'data:TableArn' }, 'arn:aws:dynamodb:us-east-1:111111111111:table/tenants'],
  [{ 'Fn::GetStackOutput': { StackName: 'data', OutputName: 'Weak' } }, 'tenants'],
  [{ a: { Ref: 'AWS::NoValue' }, b: [1, { Ref: 'AWS::NoValue' }, 2] }, { b: [1, 2] }],
  [
    { Statement: [{ Condition: { StringEquals: { 'a:b': 'c' } } }] },
    { Statement: [{ Condition: { StringEquals: { 'a:b': 'c' } } }] },
  ],
])('%j becomes %j', (value, expected) => {
  expect(resolved(value)).toEqual(expected);
});

test.each([
  [{ 'Fn::Cidr': ['10.0.0.0/16', 2, 8] }, 'hub: the intrinsic function Fn::Cidr is not known on this computer'],
  [{ Ref: 'Nobody' }, 'hub: reference Nobody is not known on this computer'],
  [
    { 'Fn::GetAtt': ['Work', 'Depth'] },
    'hub: attribute Depth of resource Work (AWS::SQS::Queue) is not known on this computer',
  ],
  [{ 'Fn::ImportValue': 'nowhere' }, 'hub: no stack exports the value nowhere'],
  [{ 'Fn::If': ['Unheard', 1, 2] }, 'hub: condition Unheard is not known on this computer'],
])('%j is refused in one line', (value, message) => {
  expect(() => resolved(value)).toThrow(message);
});

test('a resource type or a property that is not known here is refused by name', () => {
  const resolve =
    (Type: string, Properties = {}) =>
    () =>
      resolveStacks([{ name: 'hub', Resources: { Odd: { Type, Properties } } }], awsUrl);
  expect(resolve('AWS::Kinesis::Stream')).toThrow(
    'hub: resource Odd of type AWS::Kinesis::Stream is not known on this computer',
  );
  expect(resolve('AWS::Lambda::EventSourceMapping', { FilterCriteria: {} })).toThrow(
    'hub: property FilterCriteria of resource Odd (AWS::Lambda::EventSourceMapping) is not known on this computer',
  );
  expect(resolve('AWS::CloudWatch::Alarm', { Anything: 1 })()).toHaveLength(1);
});

test('names CloudFormation would invent are made from stack and resource, the same each time', () => {
  const Resources = {
    Bucket: { Type: 'AWS::S3::Bucket' },
    Key: { Type: 'AWS::KMS::Key' },
    Table: { Type: 'AWS::DynamoDB::GlobalTable' },
  };
  const read = () => resolveStacks([{ name: 'Data', Resources }], awsUrl).map(({ ref }) => ref);
  expect(read()).toEqual(['data-bucket', expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f-]{27}$/), 'Data-Table']);
  expect(read()).toEqual(read());
});

test('an assembly made for another address is read as made for this one', () => {
  const outdir = mkdtempSync(join(tmpdir(), 'patchbay-assembly-'));
  const write = (name: string, content: unknown) => writeFileSync(join(outdir, name), JSON.stringify(content));
  const Environment = { Variables: { URL: 'http://made.for/callback' } };
  write('s.template.json', { Resources: { Fn: { Type: 'AWS::Lambda::Function', Properties: { Environment } } } });
  write('s.assets.json', { files: { abc: { source: { path: 'asset.abc' } } } });
  write('manifest.json', {
    artifacts: {
      s: { type: 'aws:cloudformation:stack', properties: { templateFile: 's.template.json' } },
      'other.assets': { type: 'cdk:asset-manifest', properties: { file: 's.assets.json' } },
      Tree: { type: 'cdk:tree' },
    },
  });
  const template = readTemplate({ outdir, madeFor: 'http://made.for' }, awsUrl, 'http://127.0.0.1:8787');
  expect(template.all('AWS::Lambda::Function')[0]?.properties).toEqual({
    Environment: { Variables: { URL: 'http://127.0.0.1:8787/callback' } },
  });
  expect(template.asset('abc.zip')).toBe(join(outdir, 'asset.abc'));
  expect(() => template.asset('other.zip')).toThrow('has no asset other.zip');
  rmSync(outdir, { recursive: true });
});
