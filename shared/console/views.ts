import type * as z from 'zod';
import type { callsAnswers } from '../calls/answers.ts';
import type { connectionsAnswers } from '../connections/answers.ts';
import type { deliveriesAnswers } from '../deliveries/answers.ts';
import type { syncsAnswers } from '../syncs/answers.ts';
import type { tenantsAnswers } from '../tenants/answers.ts';
import type { webhooksAnswers } from '../webhooks/answers.ts';

// What the pages are handed: what the API answers, and so nothing that it would not.

type ReadOnly<Value> = Value extends object ? { readonly [Name in keyof Value]: ReadOnly<Value[Name]> } : Value;
type View<Schema extends z.ZodType> = ReadOnly<z.output<Schema>>;
type ItemView<Schema extends z.ZodType<{ items: unknown[] }>> = View<Schema>['items'][number];

export type TenantView = View<(typeof tenantsAnswers)['get']['answer']>;
export type ConnectionView = View<(typeof connectionsAnswers)['get']['answer']>;
export type EndpointView = ItemView<(typeof webhooksAnswers)['list-endpoints']['answer']>;
export type EventView = ItemView<(typeof webhooksAnswers)['list']['answer']>;
export type ReplayView = View<(typeof webhooksAnswers)['get-replay']['answer']>;
export type CallView = View<(typeof callsAnswers)['get']['answer']>;
export type CircuitsView = View<(typeof callsAnswers)['circuit']['answer']>;
export type SyncView = ItemView<(typeof syncsAnswers)['list']['answer']>;
export type SubscriptionView = View<(typeof deliveriesAnswers)['get']['answer']>;
export type DeliveryView = ItemView<(typeof deliveriesAnswers)['list-deliveries']['answer']>;

/** One page of a list, and where the next begins. */
export interface Listed<View> {
  readonly items: readonly View[];
  readonly cursor?: string;
}
