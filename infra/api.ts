import { CfnOutput, Duration, RemovalPolicy } from 'aws-cdk-lib';
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import * as apigw from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaAuthorizer, HttpLambdaResponseType } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import { type IMetric, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { HttpEntry } from '../shared/core/contract.ts';
import type { Alarms } from './alarms.ts';
import { accept } from './constructs/accept.ts';
import type { HubFunction } from './constructs/hub-function.ts';
import { OwnRole } from './constructs/own-role.ts';
import type { Stage } from './stage.ts';

/** No path and no query: a connect link and an OAuth code are secrets that stand in them. The route says enough. */
const accessLogFormat = AccessLogFormat.custom(
  JSON.stringify({
    at: '$context.requestTime',
    requestId: '$context.requestId',
    route: '$context.routeKey',
    status: '$context.status',
    ms: '$context.responseLatency',
    bytes: '$context.responseLength',
    ip: '$context.identity.sourceIp',
    error: '$context.error.messageString',
    integrationError: '$context.integrationErrorMessage',
    authorizerError: '$context.authorizer.error',
  }),
);

/** Where the operator key is entered by hand: so seldom that whoever guesses is slowed down. Requests a second. */
const SIGN_IN = 'POST /console';
const guesses = { rate: 2, burst: 10 };

/** A function behind routes. API Gateway runs it by one role for all, not by a permission of each: a stack may have 500
 *  resources. */
class Served extends apigw.HttpRouteIntegration {
  readonly #fn: HubFunction;
  readonly #role: OwnRole;

  constructor(fn: HubFunction, role: OwnRole) {
    super(fn.node.id);
    this.#fn = fn;
    this.#role = role;
  }

  override bind(): apigw.HttpRouteIntegrationConfig {
    this.#role.addToPolicy(
      new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [this.#fn.functionArn] }),
    );
    return {
      type: apigw.HttpIntegrationType.AWS_PROXY,
      uri: this.#fn.functionArn,
      payloadFormatVersion: apigw.PayloadFormatVersion.VERSION_2_0,
      credentials: apigw.IntegrationCredentials.fromRole(this.#role),
    };
  }
}

/** The one way in over HTTP: a contract's routes become routes, guarded unless the contract says `public`. */
export class Api extends Construct {
  /** Where browsers and providers reach the hub: an origin. */
  readonly publicUrl: string;
  /** Requests, refusals, faults and latency, for the dashboard. */
  readonly metrics: Readonly<Record<'requests' | 'refused' | 'faults' | 'p50' | 'p99', IMetric>>;
  readonly #api: apigw.HttpApi;
  readonly #live: apigw.CfnStage;
  readonly #webhooks: Stage['throttling']['webhooks'];
  readonly #role: OwnRole;
  #authorizer: HttpLambdaAuthorizer | undefined;

  constructor(scope: Construct, id: string, stage: Stage, alarms: Alarms) {
    super(scope, id);
    const { domain, throttling, corsOrigins } = stage;
    this.#webhooks = throttling.webhooks;
    this.#role = new OwnRole(this, 'role', new ServicePrincipal('apigateway.amazonaws.com'));
    this.#api = new apigw.HttpApi(this, 'http', {
      createDefaultStage: false,
      disableExecuteApiEndpoint: domain !== undefined,
      ...(corsOrigins.length > 0 && {
        corsPreflight: {
          allowOrigins: [...corsOrigins],
          allowMethods: [apigw.CorsHttpMethod.ANY],
          allowHeaders: ['authorization', 'content-type', 'idempotency-key'],
          maxAge: Duration.hours(1),
        },
      }),
    });
    const live = this.#api.addStage('live', {
      autoDeploy: true,
      throttle: { rateLimit: throttling.api.rate, burstLimit: throttling.api.burst },
      accessLogSettings: {
        destination: new apigw.LogGroupLogDestination(this.#accessLog(stage)),
        format: accessLogFormat,
      },
      ...(domain && { domainMapping: { domainName: this.#ownDomain(domain) } }),
    });
    this.#live = live.node.defaultChild as apigw.CfnStage;
    this.publicUrl = stage.publicUrl ?? (domain ? `https://${domain.name}` : this.#api.apiEndpoint);
    new CfnOutput(this, 'url', { value: this.publicUrl });

    const sum = { statistic: 'Sum', period: Duration.minutes(5) };
    this.metrics = {
      requests: this.#api.metricCount(sum),
      refused: this.#api.metricClientError(sum),
      faults: this.#api.metricServerError(sum),
      p50: this.#api.metricLatency({ ...sum, statistic: 'p50', label: 'p50' }),
      p99: this.#api.metricLatency({ ...sum, statistic: 'p99', label: 'p99' }),
    };
    alarms.watch('api-faults', 'api', this.metrics.faults);
    // Without a dimension: all functions of the account, which share one limit.
    alarms.watch('throttling', 'functions', new Metric({ namespace: 'AWS/Lambda', metricName: 'Throttles', ...sum }));
  }

  /** Takes the function that knows callers by their keys. It is asked even without a header and not cached: the
   *  answer to an unknown caller is the hub's own, and a revoked key ends at once. */
  authorizeWith(fn: HubFunction): void {
    this.#authorizer = new HttpLambdaAuthorizer('authorizer', fn, {
      responseTypes: [HttpLambdaResponseType.SIMPLE],
      identitySource: [],
      resultsCacheTtl: Duration.seconds(0),
    });
  }

  /** Serves a function's routes. */
  serve(fn: HubFunction, { routes, access }: HttpEntry): void {
    const open = access === 'public' || access === 'session';
    if (!open && !this.#authorizer) throw new Error('The authorizer must be there before the first guarded route');
    const integration = new Served(fn, this.#role);
    for (const key of routes) {
      const [method = '', path = ''] = key.split(' ');
      const authorizer = open ? new apigw.HttpNoneAuthorizer() : this.#authorizer;
      const [route] =
        key === '$default'
          ? [
              new apigw.HttpRoute(this, 'default', {
                httpApi: this.#api,
                routeKey: apigw.HttpRouteKey.DEFAULT,
                integration,
              }),
            ]
          : this.#api.addRoutes({ path, methods: [method as apigw.HttpMethod], integration, authorizer });
      if (!route) continue;
      if (open) accept(route, { 'AwsSolutions-APIG4': 'for browsers, providers and monitors, which hold no API key' });
      if (path.startsWith('/webhooks/')) this.#pace(key, route, this.#webhooks);
      if (key === SIGN_IN) this.#pace(key, route, guesses);
    }
  }

  /** A pace of its own: webhooks come in bursts, which must not starve the API, nor it them. */
  #pace(key: string, route: apigw.HttpRoute, { rate, burst }: Stage['throttling']['webhooks']): void {
    const settings = { ThrottlingRateLimit: rate, ThrottlingBurstLimit: burst };
    this.#live.routeSettings = { ...this.#live.routeSettings, [key]: settings };
    this.#live.node.addDependency(route); // a stage cannot name a route that is not there yet
  }

  #accessLog({ logRetentionDays }: Stage): LogGroup {
    return new LogGroup(this, 'access-log', { retention: logRetentionDays, removalPolicy: RemovalPolicy.DESTROY });
  }

  /** The owner points the name at `domain-target`. */
  #ownDomain({ name, certificateArn }: NonNullable<Stage['domain']>): apigw.DomainName {
    const domain = new apigw.DomainName(this, 'domain', {
      domainName: name,
      certificate: Certificate.fromCertificateArn(this, 'certificate', certificateArn),
      securityPolicy: apigw.SecurityPolicy.TLS_1_2,
    });
    new CfnOutput(this, 'domain-target', { value: domain.regionalDomainName });
    return domain;
  }
}
