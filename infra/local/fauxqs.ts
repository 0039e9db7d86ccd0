import { type BuildAppOptions, buildApp } from 'fauxqs';

// The emulator of SQS and S3, with two things that it can do and shows to nobody but itself. Its version is pinned.

type Stores = NonNullable<BuildAppOptions['stores']>;
type Made<Store extends keyof Stores> = new () => Stores[Store];

/** What fauxqs writes to a file, by the words of its own `startFauxqs`, which would listen on every interface. */
interface Persistence {
  load(sqs: Stores['sqsStore'], sns: Stores['snsStore'], s3: Stores['s3Store']): void;
  close(): void;
}

/** Returns fauxqs without a port of its own. `folder`: where messages and objects are kept; default: in memory. */
export async function openFauxqs(defaultRegion: string, folder: string | undefined) {
  const kept = folder === undefined ? undefined : await openStores(folder);
  await allowAllOfUnicode();
  const app = buildApp({ logger: false, defaultRegion, stores: kept?.stores });
  await app.ready();
  return {
    app,
    async stop(): Promise<void> {
      await app.close();
      kept?.close();
    },
  };
}

/** SQS takes every character from U+10000 on (SendMessage, "MessageBody"); fauxqs's test for others was written without them. */
async function allowAllOfUnicode(): Promise<void> {
  const { INVALID_MESSAGE_BODY_CHAR: refused } = await inside<{ INVALID_MESSAGE_BODY_CHAR: RegExp }>('sqs/sqsTypes.js');
  refused.test = (body) => RegExp.prototype.test.call(refused, body.replaceAll(/[\u{10000}-\u{10FFFF}]/gu, ''));
}

/** Returns what fauxqs keeps messages and objects in: each is in a file of `folder` before its request is answered, and all
 *  are there again at the next start. */
async function openStores(folder: string): Promise<{ readonly stores: Stores; close(): void }> {
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

function inside<Module>(file: string): Promise<Module> {
  return import(new URL(file, import.meta.resolve('fauxqs')).href) as Promise<Module>;
}
