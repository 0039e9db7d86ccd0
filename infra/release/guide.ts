import type { Way } from '../../shared/providers/auth.ts';
import { findProvider } from '../../shared/providers/definitions.ts';
import type { Provider } from '../../shared/providers/provider.ts';
import { webhooksOf } from '../../shared/providers/senders.ts';
import { findSetup } from '../../shared/providers/setups.ts';
import type { Webhooks } from '../../shared/providers/webhooks.ts';
import type { Stage } from '../stage.ts';

/** What is to be filled in. */
const BLANK = '…';

/** Returns exactly the fields that this provider takes of the owner's app, empty; none where it takes nothing of it. */
export function secretSkeleton({ id, auth }: Provider): Record<string, unknown> {
  const has = (field: string) => auth.some((way) => fieldsOf(way).includes(field));
  const variables = auth.flatMap((way) => (way.kind === 'oauth2' ? Object.entries(way.variables ?? {}) : []));
  const webhooks = ownIntake(id);
  return {
    ...Object.fromEntries(['clientId', 'clientSecret', 'privateKey'].filter(has).map((field) => [field, BLANK])),
    ...(variables.length > 0 && {
      variables: Object.fromEntries(variables.map(([name, { default: usual }]) => [name, usual])),
    }),
    ...(webhooks && findSetup(id)?.secret !== 'none' && { webhookSecrets: [BLANK] }),
    ...(webhooks?.settings === 'senders' && { webhookSettings: { senders: [BLANK] } }),
  };
}

/** Which fields of the owner's app a way takes. */
function fieldsOf(way: Way): string[] {
  if (way.kind === 'oauth2') return way.clientAuth === 'none' ? ['clientId'] : ['clientId', 'clientSecret'];
  const text = JSON.stringify(way);
  const named = ['clientId', 'clientSecret'].filter((field) => text.includes(`{app.${field}}`));
  return way.kind === 'app_jwt' && way.jwt && way.jwt.key === undefined ? [...named, 'privateKey'] : named;
}

/** A provider that sends to the address of the owner's app; others send to addresses of tenants alone. */
function ownIntake(id: string): Webhooks | undefined {
  const all: Readonly<Record<string, Webhooks>> = webhooksOf;
  const webhooks = Object.hasOwn(all, id) ? all[id] : undefined;
  return webhooks?.endpointsOnly ? undefined : webhooks;
}

/** Returns what is left to do once the hub of this stage is at `hubUrl`, line by line: where it is, where the operator's key
 *  lies, and for each provider what to enter there, and what to put into its secret here. */
export function guide(stage: Stage, hubUrl: string, domainTarget?: string): string[] {
  const hub = hubUrl.replace(/\/+$/, '');
  const secret = (verb: string, name: string) =>
    `aws secretsmanager ${verb} --region ${stage.region} --secret-id patchbay/${stage.name}/${name}`;
  return [
    `The hub of stage ${stage.name}: ${hub}`,
    `  does it live?      curl ${hub}/health`,
    `  its API            ${hub}/docs   ${hub}/openapi.json`,
    `  the operator key   ${secret('get-secret-value', 'operator')} --query SecretString --output text`,
    ...(domainTarget && stage.domain ? [`  in the DNS         ${stage.domain.name}  CNAME  ${domainTarget}`] : []),
    ...(stage.alarmEmail ? [`  alarms             confirm the mail that AWS has sent to ${stage.alarmEmail}`] : []),
    ...stage.providers.flatMap((id) => {
      const provider = findProvider(id, stage.name)?.provider;
      return provider ? ['', ...ofProvider(provider, hub, secret)] : [];
    }),
  ];
}

function ofProvider(provider: Provider, hub: string, secret: (verb: string, name: string) => string): string[] {
  const { id, name, docs, auth } = provider;
  const oauth = auth.find(({ kind }) => kind === 'oauth2');
  const setup = ownIntake(id) && findSetup(id);
  const url = `${hub}/webhooks/${id}`;
  const skeleton = secretSkeleton(provider);
  const hints = hintsOf(skeleton, setup?.secret, Object.keys(setup?.subscriptions ?? {}));
  return [
    `${name}: ${oauth ? `register an app, see ${oauth.docs ?? docs}` : `connected by keys, see ${docs}`}`,
    ...(oauth ? [`  redirect URI       ${hub}/oauth/${id}/callback`] : []),
    ...(setup ? [`  webhook URL        ${url}`] : []),
    ...(setup?.steps.map((step) => `    - ${step.replaceAll('{url}', url)}`) ?? []),
    ...(Object.keys(skeleton).length === 0
      ? ['  its secret         nothing: stays as it is']
      : [`  its secret         ${secret('put-secret-value', id)} --secret-string '${JSON.stringify(skeleton)}'`]),
    ...hints.map((hint) => `    - ${hint}`),
  ];
}

function hintsOf(skeleton: Record<string, unknown>, secret: string | undefined, subscriptions: readonly string[]) {
  const length = 'at least 16 characters; leave it out as long as you want no webhooks';
  return [
    ...(skeleton.webhookSecrets && secret === 'chosen' ? [`webhookSecrets: chosen by you, ${length}.`] : []),
    ...(skeleton.webhookSecrets && secret === 'issued' ? [`webhookSecrets: issued by the provider, ${length}.`] : []),
    ...(skeleton.privateKey
      ? ['privateKey: the PEM with its line breaks as \\n; leave it out where no way needs it.']
      : []),
    ...(skeleton.variables ? ['variables: as they are unless you choose otherwise.'] : []),
    ...(subscriptions.length > 0
      ? [`subscriptions, if the hub shall keep some alive: {${subscriptions.map((one) => `"${one}": {}`).join(', ')}}.`]
      : []),
  ];
}
