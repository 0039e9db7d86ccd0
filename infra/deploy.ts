import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { bundleFunctions } from './build.ts';
import { StageError, stageName } from './stage.ts';

// npm run deploy: one stage's bundles and both stacks; what follows `--` goes to the CDK's command line.

async function deploy(): Promise<number> {
  if (stageName() === 'local') {
    throw new StageError(
      'The local stage runs by "npm start". To deploy, name another: PATCHBAY_STAGE=prod npm run deploy',
    );
  }
  await bundleFunctions();
  const cdk = join(import.meta.dirname, '..', 'node_modules', 'aws-cdk', 'bin', 'cdk');
  const { status } = spawnSync(process.execPath, [cdk, 'deploy', '--all', ...process.argv.slice(2)], {
    stdio: 'inherit',
  });
  return status ?? 1;
}

deploy().then(
  (status) => {
    process.exitCode = status;
  },
  (error: Error) => {
    console.error(error.message);
    process.exitCode = 1;
  },
);
