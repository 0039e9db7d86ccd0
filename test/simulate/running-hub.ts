import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import type { Hub } from '../../infra/local/hub.ts';

// What the load runs have in common: they speak to the services of a running hub from outside.

/** Lets the stores of this process reach the hub's services. */
export function outside({ awsUrl }: Hub): void {
  Object.assign(process.env, {
    ...{ AWS_ENDPOINT_URL: awsUrl, AWS_REGION: 'us-east-1' },
    ...{ AWS_ACCESS_KEY_ID: 'outside', AWS_SECRET_ACCESS_KEY: 'made-up' },
  });
}

/** Returns the name of the table whose name has this word. */
export async function tableOf(word: string): Promise<string> {
  const { TableNames = [] } = await new DynamoDBClient({}).send(new ListTablesCommand({}));
  return TableNames.find((name) => name.includes(word)) ?? word;
}

/** Hears every event on the bus: what it is about, and under which ids. The local bus itself keeps the latest alone. */
export function listen<Event>(
  busEvents: () => readonly { readonly detail: unknown }[],
  read: (event: Event) => { readonly about: string; readonly id: string } | undefined,
) {
  const told = new Map<string, Set<string>>();
  function hear(): void {
    for (const { detail } of busEvents()) {
      const one = read(detail as Event);
      if (one) told.set(one.about, (told.get(one.about) ?? new Set()).add(one.id));
    }
  }
  const timer = setInterval(hear, 2_000);
  return {
    stop(): ReadonlyMap<string, ReadonlySet<string>> {
      clearInterval(timer);
      hear();
      return told;
    },
  };
}

/** Returns the value below which this part of all lies. */
export function percentile(values: readonly number[], part: number): number {
  return values.toSorted((a, b) => a - b)[Math.ceil(values.length * part) - 1] ?? 0;
}
