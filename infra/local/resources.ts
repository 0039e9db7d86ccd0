import { createHash } from 'node:crypto';

export const account = '111111111111';
export const region = 'us-east-1';

/** What a resource is called once deployed; its references are made from this. */
export interface Identity {
  readonly stack: string;
  readonly id: string;
  readonly name: string;
  readonly awsUrl: string;
}

type Read = (of: Identity) => string;

interface Kind {
  /** The property that holds the physical name; without one CloudFormation would invent it. */
  readonly named?: string;
  /** What `Ref` gives; default: the physical name. */
  readonly ref?: Read;
  readonly attributes?: Readonly<Record<string, Read>>;
  /** Every property that is obeyed here or may be passed over; another one is refused. */
  readonly properties: string;
}

/** Returns the ARN of a resource in the pretended account. */
export const arn = (service: string, rest: string) => `arn:aws:${service}:${region}:${account}:${rest}`;

const digest: Read = ({ stack, id }) => createHash('sha256').update(`${stack}/${id}`).digest('hex');
const shortId: Read = (of) => digest(of).slice(0, 10);
const keyId: Read = (of) => digest(of).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');
const name: Read = (of) => of.name;
const queueUrl: Read = (of) => `${of.awsUrl}/${account}/${of.name}`;
const secretArn: Read = (of) => arn('secretsmanager', `secret:${of.name}-${digest(of).slice(0, 6)}`);
const arnOf = (service: string, prefix = '') => ({ Arn: (of: Identity) => arn(service, prefix + of.name) });
const iam = (prefix: string) => (of: Identity) => `arn:aws:iam::${account}:${prefix}/${of.name}`;

/** The resource types that work on this computer. */
const working: Readonly<Record<string, Kind>> = {
  'AWS::ApiGatewayV2::Api': {
    ref: shortId,
    attributes: { ApiId: shortId, ApiEndpoint: (of) => `https://${shortId(of)}.execute-api.${region}.amazonaws.com` },
    properties: 'Name ProtocolType CorsConfiguration Description DisableExecuteApiEndpoint',
  },
  'AWS::ApiGatewayV2::Authorizer': {
    ref: shortId,
    attributes: { AuthorizerId: shortId },
    properties:
      'ApiId Name AuthorizerType AuthorizerUri AuthorizerPayloadFormatVersion IdentitySource EnableSimpleResponses AuthorizerResultTtlInSeconds',
  },
  'AWS::ApiGatewayV2::Integration': {
    ref: shortId,
    properties: 'ApiId IntegrationType IntegrationUri CredentialsArn PayloadFormatVersion TimeoutInMillis Description',
  },
  'AWS::ApiGatewayV2::Route': { ref: shortId, properties: 'ApiId RouteKey Target AuthorizationType AuthorizerId' },
  'AWS::ApiGatewayV2::Stage': {
    named: 'StageName',
    properties: 'ApiId StageName AutoDeploy DefaultRouteSettings RouteSettings AccessLogSettings Description',
  },
  'AWS::DynamoDB::GlobalTable': {
    named: 'TableName',
    attributes: arnOf('dynamodb', 'table/'),
    properties:
      'TableName KeySchema AttributeDefinitions BillingMode GlobalSecondaryIndexes Replicas TimeToLiveSpecification SSESpecification',
  },
  'AWS::Events::EventBus': {
    named: 'Name',
    attributes: { ...arnOf('events', 'event-bus/'), Name: name },
    properties: 'Name Description',
  },
  'AWS::Events::Rule': {
    named: 'Name',
    attributes: arnOf('events', 'rule/'),
    properties: 'Name Description EventBusName EventPattern State Targets',
  },
  'AWS::IAM::ManagedPolicy': { ref: iam('policy'), properties: 'PolicyDocument Roles Description Path' },
  'AWS::IAM::Policy': { named: 'PolicyName', properties: 'PolicyName PolicyDocument Roles' },
  'AWS::IAM::Role': {
    named: 'RoleName',
    attributes: { Arn: iam('role'), RoleId: shortId },
    properties: 'RoleName AssumeRolePolicyDocument ManagedPolicyArns Policies Description',
  },
  'AWS::KMS::Alias': { named: 'AliasName', properties: 'AliasName TargetKeyId' },
  'AWS::KMS::Key': {
    ref: keyId,
    attributes: { Arn: (of) => arn('kms', `key/${keyId(of)}`), KeyId: keyId },
    properties: 'Description Enabled EnableKeyRotation RotationPeriodInDays KeyPolicy PendingWindowInDays',
  },
  'AWS::Lambda::EventInvokeConfig': { properties: 'FunctionName Qualifier MaximumRetryAttempts DestinationConfig' },
  'AWS::Lambda::EventSourceMapping': {
    properties:
      'FunctionName EventSourceArn BatchSize MaximumBatchingWindowInSeconds FunctionResponseTypes ScalingConfig Enabled',
  },
  'AWS::Lambda::Function': {
    named: 'FunctionName',
    attributes: arnOf('lambda', 'function:'),
    properties:
      'FunctionName Code Handler Runtime Timeout MemorySize Environment Role Architectures ReservedConcurrentExecutions DeadLetterConfig LoggingConfig Description RecursiveLoop',
  },
  'AWS::S3::Bucket': {
    named: 'BucketName',
    attributes: { Arn: (of) => `arn:aws:s3:::${of.name}` },
    properties:
      'BucketName BucketEncryption LifecycleConfiguration PublicAccessBlockConfiguration OwnershipControls Tags',
  },
  'AWS::SQS::Queue': {
    named: 'QueueName',
    ref: queueUrl,
    attributes: { ...arnOf('sqs'), QueueName: name, QueueUrl: queueUrl },
    properties:
      'QueueName VisibilityTimeout MessageRetentionPeriod RedrivePolicy RedriveAllowPolicy DelaySeconds ReceiveMessageWaitTimeSeconds FifoQueue SqsManagedSseEnabled KmsMasterKeyId',
  },
  'AWS::Scheduler::Schedule': {
    named: 'Name',
    attributes: arnOf('scheduler', 'schedule/default/'),
    properties:
      'Name GroupName Description ScheduleExpression ScheduleExpressionTimezone State Target FlexibleTimeWindow',
  },
  'AWS::SecretsManager::Secret': {
    named: 'Name',
    ref: secretArn,
    attributes: { Id: secretArn },
    properties: 'Name Description SecretString GenerateSecretString KmsKeyId',
  },
};

/** The types that deliberately do nothing on this computer, by the reason. */
const inert: Readonly<Record<string, string>> = {
  'nothing measures here, and nobody is called':
    'AWS::CloudWatch::Alarm AWS::CloudWatch::CompositeAlarm AWS::CloudWatch::Dashboard AWS::SNS::Topic AWS::SNS::TopicPolicy AWS::SNS::Subscription AWS::Logs::MetricFilter',
  'what functions write is kept in the data folder':
    'AWS::Logs::LogGroup AWS::Logs::ResourcePolicy AWS::Logs::QueryDefinition',
  'only functions are checked, by their roles':
    'AWS::Lambda::Permission AWS::S3::BucketPolicy AWS::SQS::QueuePolicy AWS::SecretsManager::ResourcePolicy AWS::Events::EventBusPolicy',
  'names alone': 'AWS::Scheduler::ScheduleGroup AWS::CDK::Metadata',
};

/** Every type known here. An inert one is not read at all: its properties are `*`. */
export const kinds: ReadonlyMap<string, Kind> = new Map<string, Kind>([
  ...Object.entries(working),
  ...Object.values(inert)
    .flatMap((types) => types.split(' '))
    .map((type): [string, Kind] => [type, { attributes: arnOf('inert', `${type}/`), properties: '*' }]),
]);
