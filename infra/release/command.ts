import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { oddity } from '../args.ts';
import { readStage, type Stage, StageError } from '../stage.ts';
import { findObstacles, whoIsSignedIn } from './checks.ts';
import { guide } from './guide.ts';
import { openAws, type Shell } from './shell.ts';
import { teardown } from './teardown.ts';

export const usage = `PATCHBAY_STAGE=<stage> npm run deploy [-- …]: bundles the functions of a stage of cdk.json, deploys both stacks, and says what
is left to do.

  (nothing)            checks what would stand in the way, then deploys
  --hub-only           leaves the data as it is: how to go back to an older release (infra/runbook.md)
  --guide [url]        what is left to do once the hub is deployed, without deploying
  --teardown           ends the stage: deletes its hub, keeps its data
  --delete-data        with --teardown: deletes its data too, after showing what that is
  --yes <stage>        with --teardown: does not ask for the stage's name
  -- …                 what is behind a further "--" goes to "cdk deploy": npm run deploy -- -- --require-approval never
  -h, --help           this

For the first time:

  1. Sign in to AWS: "aws configure sso", then AWS_PROFILE=<profile>. Use a separate AWS account for each stage if you can.
  2. npx cdk bootstrap aws://<account>/<region>, once per account and region.
  3. Change the stage "prod" in cdk.json, or add your own beside it: region, owner, providers, alarmEmail; in a new account also
     "reservedConcurrency": {}. A domain needs a certificate in the same region.
  4. PATCHBAY_STAGE=prod npm run deploy. It takes some minutes, and shows what rights it gives before it does.
  5. Do what it says at the end, for each provider.

An upgrade is the same command on newer sources; infra/runbook.md says what to know before going back to older ones.`;

const flag = { type: 'boolean', default: false } as const;
const options = {
  'hub-only': flag,
  guide: flag,
  teardown: flag,
  'delete-data': flag,
  yes: { type: 'string' },
  help: { type: 'boolean', default: false, short: 'h' },
} as const;

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
  const { wishes, url, forCdk } = readArgs(args);
  if (wishes.help) {
    say(usage);
    return true;
  }
  if (stageName === 'local') {
    throw new StageError(
      'The local stage runs by "npm start". To deploy, name another: PATCHBAY_STAGE=prod npm run deploy (or -- --help)',
    );
  }

  const draft = stageOf(stageName, '000000000000');
  if (wishes.guide) {
    const address = url ?? (draft.domain ? `https://${draft.domain.name}` : 'https://<hub>');
    for (const line of guide(draft, address)) say(line);
    return true;
  }

  const aws = openAws(shell, draft.region);
  const identity = await whoIsSignedIn(aws);
  if ('fault' in identity) throw new StageError(identity.fault);
  const stage = stageOf(stageName, identity.account);
  if (wishes.teardown) {
    if (stage.account !== identity.account)
      throw new StageError((await findObstacles(aws, stage, identity)).join('\n'));
    return teardown(shell, aws, stage, { deletesData: wishes['delete-data'], yes: wishes.yes });
  }
  const obstacles = await findObstacles(aws, stage, identity);
  if (obstacles.length > 0) throw new StageError(obstacles.join('\n'));

  say(`Stage ${stage.name}: account ${stage.account}, ${stage.region}, providers ${stage.providers.join(', ')}.`);
  await build();
  return deploy(shell, stage, wishes['hub-only'], forCdk);
}

/** Returns what is wished for. A mistyped flag is refused: passed on, it would be ignored, and everything deployed. */
function readArgs(args: readonly string[]) {
  const end = args.includes('--') ? args.indexOf('--') : args.length;
  const forCdk = args.slice(end + 1);
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(args.slice(0, end));
  } catch (error) {
    throw new StageError(
      `${oddity(error)}. "npm run deploy -- --help" lists them; options of "cdk deploy" go behind a further "--".`,
    );
  }
  const { values: wishes, positionals } = parsed;
  const [url, ...more] = positionals;
  const stray = wishes.guide ? more[0] : url;
  if (stray !== undefined) throw new StageError(`Nothing is known of "${stray}": see "npm run deploy -- --help".`);
  if (url !== undefined && !/^https:\/\/[^/\s]+\/?$/.test(url))
    throw new StageError(`--guide wants the address of the hub, like https://hub.example.com; "${url}" is none.`);
  if (!wishes.teardown && wishes['delete-data']) throw new StageError('--delete-data goes with --teardown alone.');
  if (!wishes.teardown && wishes.yes !== undefined) throw new StageError('--yes goes with --teardown alone.');
  if (wishes.teardown && forCdk.length > 0) throw new StageError('--teardown passes nothing on to "cdk deploy".');
  return { wishes, url: url?.replace(/\/$/, ''), forCdk };
}

const parse = (args: string[]) => parseArgs({ args, options, allowPositionals: true });

function stageOf(name: string, account: string): Stage {
  return readStage(name, { CDK_DEFAULT_ACCOUNT: account });
}

async function deploy(shell: Shell, stage: Stage, isHubOnly: boolean, forCdk: readonly string[]): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'patchbay-deploy-'));
  const outputs = join(folder, 'outputs.json');
  try {
    const hub = `patchbay-${stage.name}-hub`;
    const stacks = isHubOnly ? [hub, '--exclusively'] : ['--all'];
    if (!(await shell.show('cdk', ['deploy', ...stacks, '--outputs-file', outputs, ...forCdk]))) {
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
