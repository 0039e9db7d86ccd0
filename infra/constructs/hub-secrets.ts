import { ArnFormat, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { offeredProviders } from '../../shared/providers/definitions.ts';
import type { Stage } from '../stage.ts';
import { accept } from './accept.ts';
import { type Binding, binding } from './binding.ts';

const noRotation = {
  'AwsSolutions-SMG4': 'the provider issues it: the owner replaces it there and here, old and new together for a while',
};
const action = 'secretsmanager:GetSecretValue';

/** What the owner registered at each provider, empty at first, and the operator's key, made here. Their names are
 *  the owner's way to them, so they are the only ones that are chosen. */
export class HubSecrets extends Construct {
  readonly #prefix: string;
  readonly #operator: Secret;
  readonly #apps: readonly string[];

  constructor(scope: Construct, id: string, stage: Stage) {
    super(scope, id);
    this.#prefix = `patchbay/${stage.name}/`;

    this.#operator = new Secret(this, 'operator', {
      secretName: `${this.#prefix}operator`,
      description: 'The key that may do everything: {"key": "..."}',
      generateSecretString: {
        secretStringTemplate: '{}',
        generateStringKey: 'key',
        passwordLength: 64,
        excludePunctuation: true,
      },
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    });
    accept(this.#operator, { 'AwsSolutions-SMG4': 'backends hold it: it is replaced when they are, not by a clock' });

    this.#apps = offeredProviders(stage.name).map(({ provider }) =>
      stage.providers.includes(provider.id) ? this.#keep(provider.id) : this.#absent(provider.id),
    );
  }

  /** Returns the prefix of the providers' secrets with the right to read each. */
  apps(): Binding {
    return binding(this.#prefix, { actions: [action], resources: [...this.#apps] });
  }

  /** Returns the name of the operator's secret with the right to read it. */
  operator(): Binding {
    return binding(`${this.#prefix}operator`, { actions: [action], resources: [this.#operator.secretArn] });
  }

  #keep(provider: string): string {
    const secret = new Secret(this, provider, {
      secretName: `${this.#prefix}${provider}`,
      description: `The owner's app at ${provider}: {"clientId", "clientSecret", "webhookSecrets", "webhookSettings", "subscriptions", "privateKey", "variables"}`,
      secretObjectValue: {},
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    });
    accept(secret, noRotation);
    return secret.secretArn;
  }

  /** A provider that is switched off has no secret; with this right, reading it says so instead of being refused. */
  #absent(provider: string): string {
    return Stack.of(this).formatArn({
      service: 'secretsmanager',
      resource: 'secret',
      resourceName: `${this.#prefix}${provider}-??????`,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
  }
}
