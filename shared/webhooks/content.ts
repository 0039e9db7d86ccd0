import { sha256 } from '../core/crypto.ts';
import { parseJson } from '../core/json.ts';
import type { Objects } from '../core/objects.ts';
import type { Content, InboxEvent } from './event.ts';
import type { ProviderEvent } from './split.ts';

/** An item may have 400 kB; the rest of it is small. */
const MAX_ROW_BYTES = 300_000;

/** Returns where the data lies; large ones have an object of their own for each tenant, which goes with the tenant. */
export async function place(
  event: Pick<ProviderEvent, 'id' | 'bodyHash' | 'data'>,
  provider: string,
  tenantId: string,
  objects: Pick<Objects, 'put'>,
): Promise<Content> {
  const json = JSON.stringify(event.data);
  const bytes = Buffer.from(json);
  if (bytes.length <= MAX_ROW_BYTES) return { json };
  const object = `inbox/${tenantId}/${sha256(`${provider}#${event.id}#${event.bodyHash}`)}`;
  await objects.put(object, bytes);
  return { object, bytes: bytes.length };
}

/** Returns the event's data. An object that is gone went with its tenant or its time: the event stays, its data is null; so
 *  is a secret's, see `Captured`. */
export async function readData({ content }: Pick<InboxEvent, 'content'>, objects: Pick<Objects, 'get'>) {
  if ('sealed' in content) return null;
  if ('json' in content) return parseJson(content.json);
  const bytes = await objects.get(content.object);
  return bytes ? parseJson(bytes.toString('utf8')) : null;
}
