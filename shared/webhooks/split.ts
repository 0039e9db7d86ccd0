import { sha256 } from '../core/crypto.ts';
import { at, textAt } from '../core/json.ts';
import type { Place, Webhooks } from '../providers/webhooks.ts';
import { readDocument } from './document.ts';
import type { Incoming } from './verify.ts';

/** One event as the provider tells it, before anybody is known to own it. */
export interface ProviderEvent {
  /** The same whenever the provider sends it again. */
  readonly id: string;
  readonly type: string;
  /** Ms since the epoch, by the provider's clock. */
  readonly occurredAtMs?: number;
  /** Whose account it may be, the likeliest first. */
  readonly accountIds: readonly string[];
  /** Why the connection ends with it. */
  readonly ending?: string;
  readonly bodyHash: string;
  readonly data: unknown;
}

/** Returns the events of one verified request. */
export function split(webhooks: Webhooks, request: Incoming): ProviderEvent[] {
  const bodyHash = sha256(request.bytes);
  const document = readDocument(webhooks, request);
  const data = document === undefined ? new TextDecoder().decode(request.bytes) : document;
  const type = readType(webhooks, request, document);
  const ending = webhooks.lifecycle?.[type];
  const ends = ending && (ending.when === undefined || at(document, ending.when) !== undefined);
  const id = firstText(webhooks.eventId, request, document);
  return [
    {
      id: id === undefined || id.length > MAX_ID_LENGTH ? bodyHash : id,
      type,
      occurredAtMs: readTime(webhooks, document),
      accountIds: readAccounts(webhooks, type, document),
      ...(ends && { ending: ending.reason }),
      bodyHash,
      data,
    },
  ];
}

const MAX_ID_LENGTH = 300;
const MAX_TYPE_LENGTH = 100;

/** Returns the ids of the first group of paths that says anything; see `Webhooks.accounts`. */
export function readAccounts(webhooks: Webhooks, type: string, document: unknown): string[] {
  const groups = webhooks.accountsOf?.[type] ?? webhooks.accounts;
  for (const group of groups) {
    const ids = group.flatMap((path) => textAt(document, path) ?? []);
    if (ids.length > 0) return ids;
  }
  return [];
}

/** Returns the event's type in the provider's own words; `unknown` where it has none. */
export function readType(webhooks: Webhooks, request: Incoming, document: unknown): string {
  const place = webhooks.eventType.find((candidate) => textIn(candidate, request, document) !== undefined);
  const type = place && (place.as ?? textIn(place, request, document));
  const action = webhooks.eventAction && textIn(webhooks.eventAction, request, document);
  return (action ? `${type ?? 'unknown'}.${action}` : (type ?? 'unknown')).slice(0, MAX_TYPE_LENGTH);
}

function readTime({ occurredAt }: Webhooks, document: unknown): number | undefined {
  const text = occurredAt && textAt(document, occurredAt.at);
  if (!occurredAt || text === undefined) return undefined;
  const ms = occurredAt.unit === 'iso' ? Date.parse(text) : Number(text) * (occurredAt.unit === 's' ? 1000 : 1);
  return Number.isFinite(ms) && Math.abs(ms) <= 8.64e15 ? Math.trunc(ms) : undefined; // else no date can hold it
}

function firstText(places: readonly Place[], request: Incoming, document: unknown): string | undefined {
  for (const place of places) {
    const text = textIn(place, request, document);
    if (text !== undefined) return text;
  }
  return undefined;
}

function textIn(place: Place, { headers }: Incoming, document: unknown): string | undefined {
  return 'header' in place ? headers[place.header] : textAt(document, place.body);
}
