import { App, Validations } from 'aws-cdk-lib';
import { DataStack } from './data-stack.ts';
import { HubStack } from './hub-stack.ts';
import { featureFlags, readStage, StageError } from './stage.ts';

// One source of feature flags, whether the CDK's command line runs this or Node alone.
const app = new App({ context: featureFlags });
try {
  const stage = readStage(app.node.tryGetContext('stage'));
  const env = { account: stage.account, region: stage.region };
  const hubStackName = `patchbay-${stage.name}-hub`;
  const data = new DataStack(app, `patchbay-${stage.name}-data`, { env, stage, hubStackName });
  new HubStack(app, hubStackName, { env, stage, data });
  if (stage.checks) {
    const { AwsSolutionsChecks, ServerlessChecks } = await import('cdk-nag'); // a quarter of a second, where it is wanted
    Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new ServerlessChecks(app));
  }
} catch (error) {
  if (!(error instanceof StageError)) throw error;
  console.error(error.message);
  process.exit(1);
}
app.synth();
