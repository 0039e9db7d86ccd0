import type { Moment } from '../core/clock.ts';
import { parseJson } from '../core/json.ts';
import { OWNER } from '../core/keys.ts';
import type { Objects } from '../core/objects.ts';
import { openService } from '../core/service.ts';
import { readData } from './content.ts';
import type { Sealed } from './endpoint.ts';
import { type EndpointVault, openEndpointVault } from './endpoint-vault.ts';
import type { InboxEvent } from './event.ts';
import { SECRET_KEPT_MS } from './store.ts';

/** The request that brought a secret. */
export interface Bringer {
  readonly provider: string;
  readonly requestId: string;
}

export type Captured = ReturnType<typeof openCaptured>;

/** Returns what holds the requests that bring the secret they are signed with, on their way to the operator: in no queue
 *  and no table do they lie open. Throws when KMS cannot be asked. */
export function openCaptured(vault: EndpointVault) {
  const open = async (by: Bringer, sealed: Sealed): Promise<Buffer | undefined> => {
    const [body] = await vault.open(holderOf(by), sealed);
    return body === undefined ? undefined : Buffer.from(body, 'base64');
  };
  return {
    seal: (by: Bringer, body: Buffer, moment: Moment): Promise<Sealed> =>
      vault.seal(holderOf(by), [body.toString('base64')], moment),

    /** Returns the request's body; nothing where it does not open. */
    open,

    /** Returns what the request said; null once its time is over. */
    async show(event: Bringer & Pick<InboxEvent, 'receivedAtMs'>, sealed: Sealed, nowMs: number): Promise<unknown> {
      const body = nowMs < event.receivedAtMs + SECRET_KEPT_MS ? await open(event, sealed) : undefined;
      return body ? parseJson(body.toString('utf8')) : null;
    },
  };
}

function holderOf({ provider, requestId }: Bringer) {
  return { tenantId: OWNER, provider, id: requestId, generation: 1 };
}

export function capturedFromEnv({ ENDPOINT_KEY_ID }: { readonly ENDPOINT_KEY_ID: string }): Captured {
  return openCaptured(openEndpointVault(ENDPOINT_KEY_ID, openService('kms')));
}

/** Returns the event's data, also where that is a secret: for the operator alone. */
export async function readForOperator(
  event: InboxEvent,
  { objects, captured }: { readonly objects: Pick<Objects, 'get'>; readonly captured: Pick<Captured, 'show'> },
  nowMs: number,
): Promise<unknown> {
  const { content } = event;
  return 'sealed' in content ? captured.show(event, content.sealed, nowMs) : readData(event, objects);
}
