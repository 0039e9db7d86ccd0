import type { Browser } from '../browser.ts';
import type { EventInbox } from '../event-inbox.ts';
import type { OwnerApp } from '../owner-app.ts';
import type { DemoProvider } from '../provider.ts';
import type { Arrived } from '../rehearsal.ts';
import type { Sender } from '../senders.ts';
import type { ThirdParties } from '../third-parties.ts';
import type { HubProcess } from './hub-process.ts';

/** One step of the tour. It went well when what happened reads exactly like what was expected. */
export interface Step {
  readonly step: string;
  readonly expected: string;
  readonly happen: (scene: Scene) => Promise<string>;
}

/** All who take part, and what the steps before left behind. */
export interface Scene {
  readonly demo: DemoProvider;
  readonly thirdParties: ThirdParties;
  /** The providers that send webhooks. */
  readonly senders: readonly Sender[];
  readonly startHub: () => Promise<HubProcess>;
  hub: HubProcess;
  tenantKey: string;
  ownerApp: OwnerApp;
  browser: Browser;
  inbox?: EventInbox;
  subscription?: string;
  /** The call that cannot succeed. */
  broken?: string;
  /** The call that waits for the end of an outage. */
  waiting?: string;
  /** The call whose event the receiver did not want. */
  missed?: string;
}

export const TENANT = 'acme';

/** What the steps read of the hub's answers; each has some of it. */
export interface Body {
  readonly id: string;
  readonly key: string;
  readonly url: string;
  readonly secret?: string;
  readonly enabled?: boolean;
  readonly event?: string;
  readonly reason?: string;
  readonly status: string;
  readonly stage: string;
  readonly code: string;
  readonly detail: string;
  readonly provider: string;
  readonly account?: { readonly name?: string };
  readonly attempts: readonly {
    readonly at: string;
    readonly status?: number;
    readonly error?: { readonly code: string };
  }[];
  readonly calls: readonly Body[];
  readonly connection?: { readonly state: string };
  readonly data: { readonly name: string };
  readonly result?: unknown;
  readonly items: readonly Body[];
  readonly cursor?: string;
}

interface Answer {
  readonly status: number;
  readonly body: Body;
}

/** Returns the hub's answer. Without a key the tenant's own is sent. */
export async function ask(
  { hub, tenantKey }: Scene,
  route: `${'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'} /${string}`,
  { body, key = tenantKey, headers }: { body?: object; key?: string; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const [method = '', path = ''] = route.split(' ');
  const response = await fetch(hub.url + path, {
    method,
    headers: { authorization: `Bearer ${key}`, ...(body && { 'content-type': 'application/json' }), ...headers },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? {} : JSON.parse(text) };
}

/** Returns what the probe finds, as soon as it finds something; throws after `withinMs`. */
export async function until<Found>(probe: () => Promise<Found | undefined | false>, withinMs = 15_000): Promise<Found> {
  for (const giveUp = Date.now() + withinMs; Date.now() < giveUp; ) {
    const found = await probe();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`not within ${withinMs / 1000} s`);
}

/** Makes an API go wrong, forget, or expire tokens: the demo provider's, where no other is named. */
export async function rehearse(
  { demo }: Scene,
  path: '/_faults' | '/_expire' | '/_reset',
  fault?: object,
  url = demo.apiUrl,
) {
  await fetch(url + path, { method: 'POST', ...(fault && { body: JSON.stringify(fault) }) });
}

/** Returns what arrived at an API since the last reset, as `GET /me 200`. */
export async function arrivals({ demo }: Scene, url = demo.apiUrl): Promise<string[]> {
  const log = (await (await fetch(`${url}/_log`)).json()) as Arrived[];
  return log.map(({ method, path, status }) => `${method} ${path} ${status}`);
}

/** Returns all items of a list, page by page. */
export async function all(scene: Scene, path: `/${string}`): Promise<Body[]> {
  const items: Body[] = [];
  for (let cursor = ''; ; ) {
    const next = `${path}${path.includes('?') ? '&' : '?'}limit=100${cursor && `&cursor=${cursor}`}` as const;
    const { body } = await ask(scene, `GET ${next}`);
    items.push(...body.items);
    if (!body.cursor) return items;
    cursor = body.cursor;
  }
}
