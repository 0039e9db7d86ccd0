import { unmarshall } from '@aws-sdk/util-dynamodb';
import type { Ask } from '../core/service.ts';
import type { EndpointRow } from './endpoint.ts';
import { toEndpoint } from './endpoint-store.ts';

type Attributes = Parameters<typeof unmarshall>[0];

/** Returns the one read that the intake makes: an endpoint by its id alone, over an index. Throws where the table cannot
 *  be asked. */
export function endpointLookup(table: string, dynamodb: Ask) {
  return async (id: string): Promise<EndpointRow | undefined> => {
    const answer = await dynamodb('Query', {
      TableName: table,
      IndexName: 'by-endpoint',
      KeyConditionExpression: '#endpoint = :id',
      ExpressionAttributeNames: { '#endpoint': 'endpoint' },
      ExpressionAttributeValues: { ':id': { S: id } },
    });
    const [item] = answer.Items as readonly Attributes[];
    return item && toEndpoint(unmarshall(item));
  };
}
