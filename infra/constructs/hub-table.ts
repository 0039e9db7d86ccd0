import { RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, Billing, ProjectionType, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import type { Construct } from 'constructs';
import { accept } from './accept.ts';
import { type Binding, binding } from './binding.ts';

export interface HubTableProps<Index extends string> {
  /** Whether rows have a sort key `sk` beside `pk`. */
  readonly sorted: boolean;
  /** Whether rows expire, by `ttl`. Default false. */
  readonly expires?: boolean;
  /** Name → its keys. A number sorts; `pk` and `sk` are text. */
  readonly indexes?: Readonly<Record<Index, HubIndex>>;
  /** Not restorable to a point in time: why. */
  readonly withoutRecovery?: { readonly reason: string };
  /** Refuses to be deleted by mistake. Default false. */
  readonly locked?: boolean;
}

export interface HubIndex {
  readonly by: string;
  readonly sortedBy: string;
  /** What stands in it beside the keys: each write of a row pays for its copy here too. Default: all of the row. */
  readonly holds?: readonly string[];
}

type Action = 'GetItem' | 'PutItem' | 'UpdateItem' | 'DeleteItem' | 'Query' | 'Scan';

/** One table for one lifecycle: on demand, without streams, kept when its stack goes, unless that was never made whole. */
export class HubTable<Index extends string = never> extends TableV2 {
  constructor(scope: Construct, id: string, props: HubTableProps<Index>) {
    const { sorted, expires, withoutRecovery, locked = false } = props;
    const indexes: [string, HubIndex][] = Object.entries(props.indexes ?? {});
    super(scope, id, {
      partitionKey: { name: 'pk', type: AttributeType.STRING },
      ...(sorted && { sortKey: { name: 'sk', type: AttributeType.STRING } }),
      globalSecondaryIndexes: indexes.map(([indexName, { by, sortedBy, holds }]) => ({
        indexName,
        partitionKey: { name: by, type: AttributeType.STRING },
        sortKey: { name: sortedBy, type: sortedBy === 'pk' ? AttributeType.STRING : AttributeType.NUMBER },
        ...(holds && projection(holds)),
      })),
      ...(expires && { timeToLiveAttribute: 'ttl' }),
      billing: Billing.onDemand(),
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: !withoutRecovery },
      deletionProtection: locked,
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    });
    if (withoutRecovery) accept(this, { 'AwsSolutions-DDB3': withoutRecovery.reason });
  }

  /** Returns the table's name with the right to these actions on its rows, and to query these indexes. */
  use(actions: readonly Action[], indexes: readonly Index[] = []): Binding {
    const rights = [
      { actions: actions.map((action) => `dynamodb:${action}`), resources: [this.tableArn] },
      { actions: ['dynamodb:Query'], resources: indexes.map((index) => `${this.tableArn}/index/${index}`) },
    ];
    return binding(this.tableName, ...rights.filter((right) => right.actions.length > 0 && right.resources.length > 0));
  }
}

function projection(holds: readonly string[]) {
  if (holds.length === 0) return { projectionType: ProjectionType.KEYS_ONLY };
  return { projectionType: ProjectionType.INCLUDE, nonKeyAttributes: [...holds] };
}
