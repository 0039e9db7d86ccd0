import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type HubOptions, startHub } from '../../../infra/local/hub.ts';

type Properties = Readonly<Record<string, unknown>>;
type Grant = readonly [action: string | readonly string[], resource: unknown, condition?: unknown];

export const ref = (id: string) => ({ Ref: id });
export const att = (id: string, name = 'Arn') => ({ 'Fn::GetAtt': [id, name] });
/** A placeholder of `Fn::Sub`. */
export const hole = (name: string) => `$\{${name}}`;
/** Where a fixture's function finds an SDK client. */
export const sdk = (client: string) => JSON.stringify(import.meta.resolve(`@aws-sdk/client-${client}`));

/** A cloud assembly written by hand, shaped as the CDK shapes it: one stack `fix`, each function with role and policy. */
export function newAssembly() {
  const bundles: Record<string, string> = {};
  const resources: Record<string, { Type: string; Properties: Properties }> = {};

  const app = {
    add(id: string, type: string, properties: Properties = {}) {
      resources[id] = { Type: `AWS::${type}`, Properties: properties };
      return app;
    },
    fn(id: string, code: string, { grants = [], ...properties }: Properties & { grants?: readonly Grant[] } = {}) {
      bundles[id.toLowerCase()] = code;
      const Statement = grants.map(([Action, Resource, Condition]) => ({
        ...{ Effect: 'Allow', Action, Resource },
        ...(Condition ? { Condition } : {}),
      }));
      app.add(`${id}Role`, 'IAM::Role', { AssumeRolePolicyDocument: {} });
      if (Statement.length > 0) {
        const policy = { PolicyName: `${id}Policy`, PolicyDocument: { Statement }, Roles: [ref(`${id}Role`)] };
        app.add(`${id}Policy`, 'IAM::Policy', policy);
      }
      const Code = {
        S3Bucket: { 'Fn::Sub': `cdk-assets-${hole('AWS::AccountId')}` },
        S3Key: `${id.toLowerCase()}.zip`,
      };
      const fixed = {
        Handler: 'index.handler',
        Runtime: 'nodejs24.x',
        Role: att(`${id}Role`),
        Timeout: 10,
        MemorySize: 256,
      };
      return app.add(id, 'Lambda::Function', { ...fixed, Code, ...properties });
    },
    api(properties: Properties = {}) {
      app.add('Api', 'ApiGatewayV2::Api', { Name: 'api', ProtocolType: 'HTTP', ...properties });
      return app.add('Stage', 'ApiGatewayV2::Stage', { ApiId: ref('Api'), StageName: '$default', AutoDeploy: true });
    },
    route(key: string, fn: string, properties: Properties = {}) {
      const id = `Route${Object.keys(resources).length}`;
      app.add(`${id}Integration`, 'ApiGatewayV2::Integration', {
        ...{ ApiId: ref('Api'), IntegrationType: 'AWS_PROXY', IntegrationUri: att(fn), PayloadFormatVersion: '2.0' },
      });
      const Target = { 'Fn::Join': ['', ['integrations/', ref(`${id}Integration`)]] };
      return app.add(id, 'ApiGatewayV2::Route', { ApiId: ref('Api'), RouteKey: key, Target, ...properties });
    },
    write() {
      if (!resources.Api) app.api();
      app.add('Operator', 'SecretsManager::Secret', { Name: 'patchbay/local/operator' });
      const outdir = mkdtempSync(join(tmpdir(), 'patchbay-assembly-'));
      const files: Record<string, { source: { path: string; packaging: string } }> = {};
      for (const [hash, code] of Object.entries(bundles)) {
        mkdirSync(join(outdir, `asset.${hash}`));
        writeFileSync(join(outdir, `asset.${hash}`, 'index.mjs'), code);
        files[hash] = { source: { path: `asset.${hash}`, packaging: 'zip' } };
      }
      const write = (name: string, content: unknown) => writeFileSync(join(outdir, name), JSON.stringify(content));
      write('fix.template.json', { Resources: resources });
      write('fix.assets.json', { files });
      write('manifest.json', {
        artifacts: {
          'fix.assets': { type: 'cdk:asset-manifest', properties: { file: 'fix.assets.json' } },
          fix: { type: 'aws:cloudformation:stack', properties: { templateFile: 'fix.template.json' } },
        },
      });
      return { outdir };
    },
    /** Runs it; the assembly is gone when the hub stops. */
    async start(options: Partial<HubOptions> = {}) {
      const assembly = app.write();
      const remove = () => rmSync(assembly.outdir, { recursive: true, force: true });
      try {
        const hub = await startHub({ ...options, assembly });
        return { ...hub, stop: () => hub.stop().finally(remove) };
      } catch (error) {
        remove();
        throw error;
      }
    },
  };
  return app;
}

export const clientTo = (hub: { awsUrl: string }) => ({
  endpoint: hub.awsUrl,
  region: 'us-east-1',
  credentials: { accessKeyId: 'outside', secretAccessKey: 'made-up' },
  maxAttempts: 1,
});

/** Waits until `check` holds; fails after `withinMs`. */
export async function eventually(check: () => boolean | Promise<boolean>, withinMs = 8_000): Promise<void> {
  const until = Date.now() + withinMs;
  while (!(await check())) {
    if (Date.now() > until) throw new Error(`Not within ${withinMs} ms: ${check}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** The parsed answer of an invocation; throws what the function threw. */
export function answerOf(outcome: Awaited<ReturnType<Awaited<ReturnType<typeof startHub>>['invoke']>>) {
  if (!outcome.ok) throw new Error(`${outcome.error.errorType}: ${outcome.error.errorMessage}`);
  return JSON.parse(outcome.payload);
}
