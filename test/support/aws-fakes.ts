import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import {
  GetSecretValueCommand,
  ResourceNotFoundException,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { mockClient } from 'aws-sdk-client-mock';
import type { HubEvent } from '../../shared/core/event.ts';

export { fakeKms } from './kms.ts';

/** A Secrets Manager with these secrets, as JSON; they may change meanwhile. */
export function fakeSecrets(secrets: Record<string, unknown>) {
  const mock = mockClient(SecretsManagerClient);
  mock.on(GetSecretValueCommand).callsFake(({ SecretId }) => {
    if (SecretId in secrets) return { SecretString: JSON.stringify(secrets[SecretId]) };
    throw new ResourceNotFoundException({ message: 'no such secret', $metadata: {} });
  });
  return mock;
}

/** A bus that takes every event; `events` are their details. */
export function fakeBus() {
  const events: (Pick<HubEvent, 'id' | 'type' | 'time' | 'tenant' | 'connection'> & {
    data: Record<string, unknown>;
  })[] = [];
  const mock = mockClient(EventBridgeClient);
  mock.on(PutEventsCommand).callsFake(({ Entries }: { Entries: { Detail: string }[] }) => {
    events.push(...Entries.map(({ Detail }) => JSON.parse(Detail)));
    return { FailedEntryCount: 0, Entries: Entries.map(() => ({ EventId: 'x' })) };
  });
  return { mock, events };
}
