import type { BuildAppOptions } from 'fauxqs';

type Stores = NonNullable<BuildAppOptions['stores']>;
type Made<Store extends keyof Stores> = new () => Stores[Store];

/** What fauxqs writes to a file, by the words of its own `startFauxqs`, which would listen on every interface. */
interface Persistence {
  load(sqs: Stores['sqsStore'], sns: Stores['snsStore'], s3: Stores['s3Store']): void;
  close(): void;
}

/** Returns what fauxqs keeps messages and objects in: each is in a file of `folder` before its request is answered, and all
 *  are there again at the next start. */
export async function openStores(folder: string): Promise<{ readonly stores: Stores; close(): void }> {
  const [{ SqsStore }, { SnsStore }, { S3Store }, { PersistenceManager }] = await Promise.all([
    inside<{ SqsStore: Made<'sqsStore'> }>('sqs/sqsStore.js'),
    inside<{ SnsStore: Made<'snsStore'> }>('sns/snsStore.js'),
    inside<{ S3Store: Made<'s3Store'> }>('s3/s3Store.js'),
    inside<{ PersistenceManager: new (folder: string) => Persistence }>('persistence.js'),
  ]);
  const stores = { sqsStore: new SqsStore(), snsStore: new SnsStore(), s3Store: new S3Store() };
  const persistence = new PersistenceManager(folder);
  persistence.load(stores.sqsStore, stores.snsStore, stores.s3Store); // before they write: loading is no change
  for (const store of [...Object.values(stores), ...stores.sqsStore.allQueues()]) Object.assign(store, { persistence });
  return { stores, close: () => persistence.close() };
}

/** fauxqs shows its parts to nobody but itself; its version is pinned. */
function inside<Module>(file: string): Promise<Module> {
  return import(new URL(file, import.meta.resolve('fauxqs')).href) as Promise<Module>;
}
