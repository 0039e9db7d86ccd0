import { AwsError, type Demand } from './service.ts';
import type { Resource, Template } from './template.ts';

interface Statement {
  readonly Effect: 'Allow' | 'Deny';
  readonly Action?: string | readonly string[];
  readonly NotAction?: unknown;
  readonly Resource?: string | readonly string[];
  readonly NotResource?: unknown;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

interface Document {
  readonly Statement: Statement | readonly Statement[];
}

interface RoleProperties {
  readonly Policies?: readonly { readonly PolicyDocument: Document }[];
  readonly ManagedPolicyArns?: readonly string[];
}

interface PolicyProperties {
  readonly PolicyDocument: Document;
  readonly Roles?: readonly string[];
}

/** AWS's own policies a role may name: they give rights over logs and traces only, which nothing here asks for. */
const harmless = /:policy\/service-role\/AWSLambdaBasicExecutionRole$|:policy\/AWSXRayDaemonWriteAccess$/;

/** Returns the check of one function's requests against its role in the template: it throws
 *  `AccessDeniedException` naming function, action and resource. Only KMS encryption contexts are read of conditions. */
export function readGrants(
  template: Template,
  { properties, id }: Pick<Resource<{ readonly Role?: string }>, 'properties' | 'id'>,
) {
  const role = template.all<RoleProperties>('AWS::IAM::Role').find(({ arn }) => arn === properties.Role);
  if (!role) throw new Error(`${id} has no role in the template (${properties.Role})`);
  const managed = template.all<PolicyProperties>('AWS::IAM::ManagedPolicy');
  const documents = [
    ...(role.properties.Policies ?? []).map((policy) => policy.PolicyDocument),
    ...[...template.all<PolicyProperties>('AWS::IAM::Policy'), ...managed]
      .filter((policy) => policy.properties.Roles?.includes(role.name))
      .map((policy) => policy.properties.PolicyDocument),
  ];
  for (const named of role.properties.ManagedPolicyArns ?? []) {
    const own = managed.find(({ ref }) => ref === named);
    if (own) documents.push(own.properties.PolicyDocument);
    else if (!harmless.test(named))
      throw new Error(`Role ${role.id}: the policy ${named} is not known on this computer`);
  }
  const statements = documents.flatMap((document) => document.Statement);
  const odd = statements.find(({ NotAction, NotResource }) => NotAction || NotResource);
  if (odd) throw new Error(`Role ${role.id}: NotAction and NotResource are not known on this computer`);

  const granted = new Set<string>(); // a role does not change while the hub runs
  return (label: string, demand: Demand): void => {
    const asked = JSON.stringify(demand);
    if (granted.has(asked)) return;
    const applying = statements.filter((statement) => applies(statement, demand));
    const denied = applying.some(({ Effect }) => Effect === 'Deny');
    if (denied || applying.length === 0) {
      const message = `${label} is not authorized to perform ${demand.action} on ${demand.resource}`;
      throw new AwsError('AccessDeniedException', `${message}${denied ? ' (a Deny applies)' : ''}`);
    }
    granted.add(asked);
  };
}

function applies({ Action = [], Resource: resources = [], Condition = {} }: Statement, demand: Demand): boolean {
  return (
    [Action].flat().some((pattern) => matches(pattern.toLowerCase(), demand.action.toLowerCase())) &&
    [resources].flat().some((pattern) => matches(pattern, demand.resource)) &&
    Object.entries(Condition).every(([operator, keys]) => holds(operator, keys, demand.context ?? {}))
  );
}

function holds(
  operator: string,
  keys: Readonly<Record<string, string | readonly string[]>>,
  context: Readonly<Record<string, string>>,
): boolean {
  return Object.entries(keys).every(([key, wanted]) => {
    if (!key.startsWith('kms:EncryptionContext:')) return true;
    const given = context[key];
    if (given === undefined) return false;
    return [wanted].flat().some((one) => (operator === 'StringLike' ? matches(one, given) : one === given));
  });
}

/** Returns whether an IAM pattern (`*` any run, `?` one character) covers the text. */
export function matches(pattern: string, text: string): boolean {
  const literal = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${literal.replaceAll('*', '.*').replaceAll('?', '.')}$`, 's').test(text);
}
