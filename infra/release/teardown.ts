import type { Stage } from '../stage.ts';
import { type Aws, complaint, type Ran, type Shell } from './shell.ts';

export interface Teardown {
  readonly deletesData: boolean;
  /** The stage's name, given beforehand in place of the question. */
  readonly yes?: string;
}

interface Kept {
  readonly type: string;
  readonly id: string;
}

/** How long what was deleted can be had back. */
const SECRET_DAYS = '7';
const KEY_DAYS = '30';
const BACKUP_DAYS = '35';

/** What outlives its stack, since the template says so: its name to people, what becomes of it, and the commands that do it. */
const kinds: Readonly<Record<string, { name: string; fate: string; remove: (aws: Aws, id: string) => Promise<Ran> }>> =
  {
    'AWS::DynamoDB::GlobalTable': {
      name: 'table',
      fate: `gone at once; of a restorable one AWS keeps a last backup for ${BACKUP_DAYS} days`,
      remove: removeTable,
    },
    'AWS::S3::Bucket': {
      name: 'bucket',
      fate: 'gone at once, with all in it',
      remove: (aws, id) => aws('s3', 'rb', `s3://${id}`, '--force'),
    },
    'AWS::SecretsManager::Secret': {
      name: 'secret',
      fate: `for ${SECRET_DAYS} days "aws secretsmanager restore-secret" brings it back`,
      remove: (aws, id) =>
        aws('secretsmanager', 'delete-secret', '--secret-id', id, '--recovery-window-in-days', SECRET_DAYS),
    },
    'AWS::KMS::Key': {
      name: 'key',
      fate: `for ${KEY_DAYS} days "aws kms cancel-key-deletion" keeps it`,
      remove: (aws, id) => aws('kms', 'schedule-key-deletion', '--key-id', id, '--pending-window-in-days', KEY_DAYS),
    },
  };

/** A second attempt meets what the first one has done. */
const goneAlready =
  /ResourceNotFoundException|NoSuchBucket|NotFoundException|pending deletion|marked for deletion|scheduled for deletion/;

/** Ends a stage, and with `deletesData` all that it knows; returns whether that came to its end. Nothing is touched before the
 *  stage's name was given; no data before the hub is gone. It may be repeated until it succeeds. */
export async function teardown(shell: Shell, aws: Aws, stage: Stage, { deletesData, yes }: Teardown): Promise<boolean> {
  const { say } = shell;
  const hub = `patchbay-${stage.name}-hub`;
  const data = `patchbay-${stage.name}-data`;
  const kept = deletesData ? await keptBy(aws, data) : [];
  if ('fault' in kept) return refuse(say, kept.fault);

  say(`Stage ${stage.name} in account ${stage.account}, ${stage.region}. This will go:`);
  say(`  stack   ${hub}: its address, its functions, its queues with what waits in them`);
  if (deletesData)
    say(`  stack   ${data}, and all that it keeps: every connection, event, call, record and subscription`);
  for (const { type, id } of kept) say(`  ${kinds[type]?.name.padEnd(7)} ${id}: ${kinds[type]?.fate}`);
  if (!deletesData) say(`Stack ${data} stays with all data: "npm run deploy" goes on with it.`);

  const given = yes ?? (await shell.ask(`Type the name of the stage to go on: `));
  if (given === undefined) return refuse(say, `Nobody is here to ask. To go on unasked: --yes ${stage.name}`);
  if (given !== stage.name) return refuse(say, `"${given}" is not "${stage.name}": nothing was done.`);

  if (!(await deleteStack(shell, aws, hub))) return refuse(say, `${hub} could not be deleted; no data was touched.`);
  if (!deletesData) return true;
  for (const { type, id } of kept) {
    const ran = await kinds[type]?.remove(aws, id);
    const isGone = ran && (ran.ok || goneAlready.test(ran.stderr));
    if (!isGone)
      return refuse(say, `${kinds[type]?.name} ${id}: ${ran && complaint(ran)}. Mend that, then repeat the command.`);
    say(`${kinds[type]?.name} ${id}: ${ran.ok ? 'deleted' : 'was gone already'}`);
  }
  const unlocked = ['update-termination-protection', '--no-enable-termination-protection'];
  await aws('cloudformation', ...unlocked, '--stack-name', data);
  if (!(await deleteStack(shell, aws, data))) return refuse(say, `${data} could not be deleted: repeat the command.`);
  say(
    `Stage ${stage.name} is no more. Without its data keys, which are gone, no backup of a table opens a credential.`,
  );
  return true;
}

/** The stack is the list of what it keeps, so it goes last. */
async function keptBy(aws: Aws, stackName: string): Promise<readonly Kept[] | { readonly fault: string }> {
  const answer = await aws('cloudformation', 'list-stack-resources', '--stack-name', stackName);
  if (!answer.ok) return { fault: `${stackName}: ${complaint(answer)}. Nothing was done.` };
  const { StackResourceSummaries = [] } = JSON.parse(answer.stdout) as {
    StackResourceSummaries?: { ResourceType: string; PhysicalResourceId: string }[];
  };
  return StackResourceSummaries.filter(({ ResourceType }) => Object.hasOwn(kinds, ResourceType)).map(
    ({ ResourceType: type, PhysicalResourceId: id }) => ({ type, id }),
  );
}

async function deleteStack({ say }: Shell, aws: Aws, name: string): Promise<boolean> {
  say(`Deleting ${name} …`);
  const begun = await aws('cloudformation', 'delete-stack', '--stack-name', name);
  const ended = begun.ok ? await aws('cloudformation', 'wait', 'stack-delete-complete', '--stack-name', name) : begun;
  if (!ended.ok) say(complaint(ended));
  return ended.ok;
}

async function removeTable(aws: Aws, id: string): Promise<Ran> {
  const described = await aws('dynamodb', 'describe-table', '--table-name', id);
  if (!described.ok) return described;
  if (JSON.parse(described.stdout).Table?.DeletionProtectionEnabled) {
    const opened = await aws('dynamodb', 'update-table', '--table-name', id, '--no-deletion-protection-enabled');
    if (!opened.ok) return opened;
    await aws('dynamodb', 'wait', 'table-exists', '--table-name', id); // until the change is through
  }
  return aws('dynamodb', 'delete-table', '--table-name', id);
}

function refuse(say: Shell['say'], why: string): false {
  say(why);
  return false;
}
