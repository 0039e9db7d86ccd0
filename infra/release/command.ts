import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readStage, type Stage, StageError } from '../stage.ts';
import { findObstacles, whoIsSignedIn } from './checks.ts';
import { guide } from './guide.ts';
import { openAws, type Shell } from './shell.ts';
import { teardown } from './teardown.ts';

export const usage = `PATCHBAY_STAGE=<stage> npm run deploy [-- …]: bundles the functions of a stage of cdk.json, deploys both stacks, and says what
is left to do.

  (nothing)            checks what would stand in the way, then deploys; further options go to "cdk deploy"
  --hub-only           leaves the data as it is: how to go back to an older release (infra/runbook.md)
  --guide [url]        what is left to do once the hub is deployed, without deploying
  --teardown           ends the stage: deletes its hub, keeps its data
  --delete-data        with --teardown: deletes its data too, after showing what that is
  --yes <stage>        with --teardown: does not ask for the stage's name
  --help               this

For the first time:

  1. Sign in to AWS: "aws configure sso", then AWS_PROFILE=<profile>. Functions need an account, best one for each stage.
  2. npx cdk bootstrap aws://<account>/<region>, once per account and region.
  3. Change the stage "prod" in cdk.json, or add your own beside it: region, owner, providers, alarmEmail; in a new account also
     "reservedConcurrency": {}. A domain needs a certificate in the same region.
  4. PATCHBAY_STAGE=prod npm run deploy. It takes some minutes, and shows what rights it gives before it does.
  5. Do what it says at the end, for each provider.

An upgrade is the same command on newer sources; infra/runbook.md says what to know before going back to older ones.`;

const HUB_ONLY = '--hub-only';
const flags = ['--guide', '--teardown', '--delete-data', '--yes', '--help'];

/** Returns whether what was asked for was done. `build` makes the bundles. Throws `StageError`. */
export async function command(
  args: readonly string[],
  {
    shell,
    stageName,
    build,
  }: { readonly shell: Shell; readonly stageName: string; readonly build: () => Promise<unknown> },
): Promise<boolean> {
  const { say } = shell;
  const after = (flag: string) => {
    const next = args[args.indexOf(flag) + 1];
    return args.includes(flag) && next !== undefined && !next.startsWith('-') ? next : undefined;
  };
  if (args.includes('--help')) {
    say(usage);
    return true;
  }
  if (stageName === 'local') {
    throw new StageError(
      'The local stage runs by "npm start". To deploy, name another: PATCHBAY_STAGE=prod npm run deploy (or -- --help)',
    );
  }
  const tearsDown = args.includes('--teardown');
  const alone = ['--delete-data', '--yes'].find((flag) => args.includes(flag) && !tearsDown);
  if (alone) throw new StageError(`${alone} goes with --teardown alone.`);
  if (args.includes('--yes') && !after('--yes')) throw new StageError('--yes wants the name of the stage behind it.');

  const draft = stageOf(stageName, '000000000000');
  if (args.includes('--guide')) {
    const url = after('--guide') ?? (draft.domain ? `https://${draft.domain.name}` : 'https://<hub>');
    for (const line of guide(draft, url)) say(line);
    return true;
  }

  const aws = openAws(shell, draft.region);
  const identity = await whoIsSignedIn(aws);
  if ('fault' in identity) throw new StageError(identity.fault);
  const stage = stageOf(stageName, identity.account);
  if (tearsDown) {
    if (stage.account !== identity.account)
      throw new StageError((await findObstacles(aws, stage, identity)).join('\n'));
    const odd = args.find((arg) => !flags.includes(arg) && arg !== after('--yes'));
    if (odd) throw new StageError(`--teardown knows no ${odd}.`);
    return teardown(shell, aws, stage, { deletesData: args.includes('--delete-data'), yes: after('--yes') });
  }
  const obstacles = await findObstacles(aws, stage, identity);
  if (obstacles.length > 0) throw new StageError(obstacles.join('\n'));

  say(`Stage ${stage.name}: account ${stage.account}, ${stage.region}, providers ${stage.providers.join(', ')}.`);
  await build();
  return deploy(shell, stage, args);
}

function stageOf(name: string, account: string): Stage {
  return readStage(name, { CDK_DEFAULT_ACCOUNT: account });
}

async function deploy(shell: Shell, stage: Stage, args: readonly string[]): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'patchbay-deploy-'));
  const outputs = join(folder, 'outputs.json');
  try {
    const hub = `patchbay-${stage.name}-hub`;
    const stacks = args.includes(HUB_ONLY) ? [hub, '--exclusively'] : ['--all'];
    const others = args.filter((arg) => arg !== HUB_ONLY);
    if (!(await shell.show('cdk', ['deploy', ...stacks, '--outputs-file', outputs, ...others]))) {
      shell.say(
        'The deployment did not end well: the reason stands above, of CloudFormation in the first line that says FAILED. What ran before ' +
          'runs on, and data is as it was. Mend the cause and repeat the command.',
      );
      return false;
    }
    const { url, target } = readOutputs(outputs, hub);
    if (url) for (const line of ['', ...guide(stage, url, target)]) shell.say(line);
    return true;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** CDK names an output by its construct's path and a hash. Nothing was written where nothing was deployed. */
function readOutputs(file: string, stack: string): { readonly url?: string; readonly target?: string } {
  if (!existsSync(file)) return {};
  const all: Record<string, Record<string, string>> = JSON.parse(readFileSync(file, 'utf8'));
  const find = (start: string) => Object.entries(all[stack] ?? {}).find(([name]) => name.startsWith(start))?.[1];
  return { url: find('apiurl'), target: find('apidomaintarget') };
}
