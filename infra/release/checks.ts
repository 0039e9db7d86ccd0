import type { Stage } from '../stage.ts';
import { type Aws, complaint } from './shell.ts';

/** AWS keeps so many environments for functions without a reserve. */
const LEAST_UNRESERVED = 100;

/** Who is signed in. */
export interface Identity {
  readonly account: string;
}

/** Returns the account of the AWS profile in use, or why there is none: what to do about it. */
export async function whoIsSignedIn(aws: Aws): Promise<Identity | { readonly fault: string }> {
  const answer = await aws('sts', 'get-caller-identity');
  if (answer.missing) {
    return {
      fault:
        'The AWS command line is not installed: https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html',
    };
  }
  if (!answer.ok) {
    const how =
      'run "aws configure sso" or "aws login" once, then "aws sso login", and name the profile in AWS_PROFILE';
    return { fault: `Nobody is signed in to AWS (${complaint(answer)}): ${how}.` };
  }
  return { account: String(JSON.parse(answer.stdout).Account) };
}

/** Returns all that would let the deployment fail, each with what to do; it is found here, since CloudFormation would find it
 *  after minutes. What may not be asked is left to CloudFormation. */
export async function findObstacles(aws: Aws, stage: Stage, { account }: Identity): Promise<string[]> {
  if (stage.account !== account) {
    return [
      `You are signed in to account ${account}, but stage "${stage.name}" is of account ${stage.account} (cdk.json).`,
    ];
  }
  const faults = [
    certificateFits(stage),
    await isBootstrapped(aws, stage),
    await hasRoomFor(aws, stage),
    await hasNoRemains(aws, stage),
  ];
  return faults.filter((fault) => fault !== undefined);
}

async function isBootstrapped(aws: Aws, { account, region }: Stage): Promise<string | undefined> {
  const answer = await aws('ssm', 'get-parameter', '--name', '/cdk-bootstrap/hnb659fds/version');
  if (answer.ok || !answer.stderr.includes('ParameterNotFound')) return undefined;
  const where = `aws://${account}/${region}`;
  return `The CDK has nothing in ${where} yet. Once per account and region: npx cdk bootstrap ${where}`;
}

async function hasRoomFor(aws: Aws, stage: Stage): Promise<string | undefined> {
  const reserved = Object.values(stage.reservedConcurrency).reduce((sum, count) => sum + count, 0);
  if (reserved === 0) return undefined;
  const answer = await aws('lambda', 'get-account-settings');
  if (!answer.ok) return undefined;
  const limit = Number(JSON.parse(answer.stdout).AccountLimit?.ConcurrentExecutions);
  if (!(limit < reserved + LEAST_UNRESERVED)) return undefined;
  const asked = `reservedConcurrency of stage "${stage.name}" sets ${reserved} environments aside`;
  const raise = `raise it under Service Quotas, "Concurrent executions"`;
  return `${asked}, and ${LEAST_UNRESERVED} must stay free, but the account has ${limit}: make it {} in cdk.json, or ${raise}.`;
}

function certificateFits({ domain, region }: Stage): string | undefined {
  const [, , , of] = domain?.certificateArn.split(':') ?? [];
  if (!domain || of === region) return undefined;
  return `The certificate of ${domain.name} is in ${of}; it has to be in ${region}, like the hub.`;
}

/** What an earlier stage of this name, or a first attempt, has left. A stack whose creation was rolled back cannot be deployed again,
 *  and the CDK may not delete a protected one; the name of a secret stays taken until it is gone for good. */
async function hasNoRemains(aws: Aws, { name, region }: Stage): Promise<string | undefined> {
  const stack = `patchbay-${name}-data`;
  const answer = await aws('cloudformation', 'describe-stacks', '--stack-name', stack);
  if (!answer.ok) return hasNoSecret(aws, `patchbay/${name}/operator`);
  if (!/^ROLLBACK_(COMPLETE|FAILED)$/.test(String(JSON.parse(answer.stdout).Stacks?.[0]?.StackStatus)))
    return undefined;
  const steps = [
    'update-termination-protection --no-enable-termination-protection',
    'delete-stack',
    'wait stack-delete-complete',
  ];
  const commands = steps
    .map((one) => `aws cloudformation ${one} --stack-name ${stack} --region ${region}`)
    .join(' && ');
  return `The first deployment of ${stack} failed; it holds nothing, and has to go before the next: ${commands}`;
}

async function hasNoSecret(aws: Aws, secret: string): Promise<string | undefined> {
  const answer = await aws('secretsmanager', 'describe-secret', '--secret-id', secret);
  if (!answer.ok) return undefined;
  const { DeletedDate } = JSON.parse(answer.stdout) as { DeletedDate?: string };
  const how = DeletedDate === undefined ? 'is there already' : 'waits to be deleted';
  const away =
    'delete it and its like for good: aws secretsmanager delete-secret --force-delete-without-recovery --secret-id …';
  return `${secret}, of an earlier stage of this name, ${how}: take another name for the stage, or ${away}`;
}
