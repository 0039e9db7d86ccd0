import { randomInt, randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { AwsError, type Input, jsonService, type Service, text, writePrivate } from './service.ts';
import type { Resource, Template } from './template.ts';

interface Version {
  readonly id: string;
  readonly value: string;
  readonly createdMs: number;
}

/** The staged versions of one secret, as kept in the file. */
interface Kept {
  readonly AWSCURRENT?: Version;
  readonly AWSPREVIOUS?: Version;
}

interface SecretProperties {
  readonly SecretString?: string;
  readonly GenerateSecretString?: {
    readonly SecretStringTemplate?: string;
    readonly GenerateStringKey?: string;
    readonly PasswordLength?: number;
    readonly ExcludeCharacters?: string;
    readonly ExcludePunctuation?: boolean;
  };
}

const PREFIX = 'patchbay/local/';

/** Returns Secrets Manager with the template's secrets, kept in one 0600 file. A value in `seeds` (by provider) becomes
 *  the current one; the others keep what they have, or what the template says the first time. */
export function openSecrets(template: Template, file: string, seeds: Readonly<Record<string, unknown>>): Service {
  const secrets = template.all<SecretProperties>('AWS::SecretsManager::Secret');
  const kept = new Map<string, Kept>(existsSync(file) ? Object.entries(JSON.parse(readFileSync(file, 'utf8'))) : []);
  const store = () => writePrivate(file, JSON.stringify(Object.fromEntries(kept)));

  function put(name: string, value: string, id: string = randomUUID()): Version {
    const before = kept.get(name);
    if (before?.AWSCURRENT?.id === id && before.AWSCURRENT.value !== value) {
      throw new AwsError('ResourceExistsException', `Version ${id} of ${name} holds another value`);
    }
    if (before?.AWSCURRENT?.id === id) return before.AWSCURRENT;
    const version = { id, value, createdMs: Date.now() };
    kept.set(name, { AWSCURRENT: version, ...(before?.AWSCURRENT && { AWSPREVIOUS: before.AWSCURRENT }) });
    store();
    return version;
  }

  const names = secrets.map(({ name }) => name);
  const stray = Object.keys(seeds).find((id) => !names.includes(PREFIX + id));
  if (stray) throw new Error(`There is no secret ${PREFIX}${stray} in the template; there are ${names.join(', ')}`);
  for (const { name, properties } of secrets) {
    const current = kept.get(name)?.AWSCURRENT?.value;
    const seed = name.startsWith(PREFIX) ? seeds[name.slice(PREFIX.length)] : undefined;
    const wanted = seed ? JSON.stringify(seed) : (current ?? initialValue(properties));
    if (wanted !== undefined && wanted !== current) put(name, wanted);
  }

  function find(input: Input): Resource<SecretProperties> {
    const wanted = text(input, 'SecretId');
    const found = secrets.find(({ name, ref }) => wanted === name || wanted === ref || wanted === ref.slice(0, -7));
    if (!found) throw new AwsError('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
    return found;
  }

  function read(input: Input) {
    const { name, ref } = find(input);
    const staged = kept.get(name) ?? {};
    const wanted = input.VersionId;
    const stage = input.VersionStage ?? 'AWSCURRENT';
    const entry = Object.entries(staged).find(([label, { id }]) => (wanted ? id === wanted : label === stage));
    if (!entry) {
      const what = wanted ? `VersionId: ${wanted}` : `staging label: ${stage}`;
      throw new AwsError(
        'ResourceNotFoundException',
        `Secrets Manager can't find the specified secret value for ${what}`,
      );
    }
    const [label, { id, value, createdMs }] = entry;
    const identity = { ARN: ref, Name: name, VersionId: id, VersionStages: [label] };
    return { ...identity, SecretString: value, CreatedDate: createdMs / 1000 };
  }

  const operations = {
    GetSecretValue: read,
    PutSecretValue(input: Input) {
      const { name, ref } = find(input);
      const token = input.ClientRequestToken;
      const { id } = put(name, text(input, 'SecretString'), typeof token === 'string' ? token : undefined);
      return { ARN: ref, Name: name, VersionId: id, VersionStages: ['AWSCURRENT'] };
    },
    DescribeSecret(input: Input) {
      const { name, ref } = find(input);
      const versions = Object.entries(kept.get(name) ?? {}).map(([label, { id }]) => [id, [label]] as const);
      return { ARN: ref, Name: name, VersionIdsToStages: Object.fromEntries(versions) };
    },
  };

  return jsonService(operations, (operation, input) => [
    { action: `secretsmanager:${operation}`, resource: find(input).ref },
  ]);
}

function initialValue({ SecretString, GenerateSecretString: rule }: SecretProperties): string | undefined {
  if (!rule) return SecretString;
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
  const allowed = [...letters, ...(rule.ExcludePunctuation ? '' : '!#$%&*+-./:;=?@_~')].filter(
    (character) => !rule.ExcludeCharacters?.includes(character),
  );
  const password = Array.from({ length: rule.PasswordLength ?? 32 }, () => allowed[randomInt(allowed.length)]).join('');
  if (!rule.GenerateStringKey) return password;
  return JSON.stringify({ ...JSON.parse(rule.SecretStringTemplate ?? '{}'), [rule.GenerateStringKey]: password });
}
