import { sha256 } from '../core/crypto.ts';
import { at, atSteps, canonicalJson, textAt } from '../core/json.ts';
import type { Ending, Webhooks } from '../providers/webhooks.ts';
import { holds, readDocument, textIn } from './document.ts';
import type { Incoming } from './verify.ts';

/** One event as the provider tells it, before anybody is known to own it. */
export interface ProviderEvent {
  /** The same whenever the provider sends it again. */
  readonly id: string;
  readonly type: string;
  /** Ms since the epoch, by the provider's clock. */
  readonly occurredAtMs?: number;
  /** How often the provider had sent it before this one came in. */
  readonly retries?: number;
  /** Whose account it may be, the likeliest first. */
  readonly accountIds: readonly string[];
  /** The connections that end with it, and why. */
  readonly ending?: Ending;
  /** The subscription that brought it is to be prolonged. */
  readonly renews?: true;
  /** It holds a secret: kept for the operator, and told to nobody. */
  readonly secret?: true;
  /** Of what the provider says the same of whenever it sends it again. */
  readonly bodyHash: string;
  readonly data: unknown;
}

/** Returns the events of one verified request that came at `receivedAtMs`. */
export function split(webhooks: Webhooks, request: Incoming, receivedAtMs: number): ProviderEvent[] {
  const document = readDocument(webhooks, request);
  return itemsOf(webhooks, document).map((item) => readEvent(webhooks, request, item, receivedAtMs));
}

/** Returns the account that a verified request is about, as far as its first event tells. */
export function readAccount(webhooks: Webhooks, request: Incoming, document: unknown): string | undefined {
  const [item] = itemsOf(webhooks, document);
  return readAccounts(webhooks, readType(webhooks, request, item), item)[0];
}

function readEvent(webhooks: Webhooks, request: Incoming, item: unknown, receivedAtMs: number): ProviderEvent {
  const bodyHash = hashOf(webhooks, request, item);
  const type = readType(webhooks, request, item);
  const ending = named(webhooks.lifecycle, type);
  const ends = ending && (ending.when === undefined || at(item, ending.when) !== undefined);
  const captured = webhooks.replies?.find(({ handshake }) => handshake === 'captured')?.when;
  const id = readId(webhooks, request, item);
  return {
    id: id === undefined || id.length > MAX_ID_LENGTH ? hashedId(webhooks, item, bodyHash, receivedAtMs) : id,
    type,
    occurredAtMs: readTime(webhooks, item),
    ...retriesIn(webhooks, request, item),
    accountIds: readAccounts(webhooks, type, item),
    ...(ends && { ending }),
    ...(webhooks.renewedOn?.includes(type) && { renews: true }),
    ...(captured && holds(captured, request, item) && { secret: true }),
    bodyHash,
    data: item === undefined ? new TextDecoder().decode(request.bytes) : without(item, webhooks.withheld),
  };
}

/** Types are the sender's words: `constructor` is one that no record means. */
function named<T>(record: Readonly<Record<string, T>> = {}, type: string): T | undefined {
  return Object.hasOwn(record, type) ? record[type] : undefined;
}

const MAX_ID_LENGTH = 300;
const MAX_TYPE_LENGTH = 100;

/** Returns what stands at the first of the paths that leads to anything; else the document, as the one event. */
function itemsOf({ events = [] }: Webhooks, document: unknown): readonly unknown[] {
  for (const { at: path, inherit = [] } of events) {
    const items = walk(document, path.split('.'), inherit, {});
    if (items.length > 0) return items;
  }
  return [document];
}

function walk(
  value: unknown,
  [step, ...rest]: readonly string[],
  inherit: readonly string[],
  around: Readonly<Record<string, unknown>>,
): unknown[] {
  if (typeof value !== 'object' || value === null) return [];
  if (step === undefined) return [{ ...around, ...value }];
  const more = inherit.filter((field) => Object.hasOwn(value, field)).map((field) => [field, at(value, field)]);
  const known = { ...around, ...Object.fromEntries(more) };
  if (step !== '*') return walk(at(value, step), rest, inherit, known);
  return Array.isArray(value) ? value.flatMap((item) => walk(item, rest, inherit, known)) : [];
}

/** The bytes' own hash where they are the event; several in one request come in other company another time. */
function hashOf({ events, volatile }: Webhooks, { bytes }: Incoming, item: unknown): string {
  if ((!events && !volatile) || item === undefined) return sha256(bytes);
  return sha256(canonicalJson(without(item, volatile)));
}

function without(item: unknown, fields: readonly string[] = []): unknown {
  if (fields.length === 0 || typeof item !== 'object' || item === null || Array.isArray(item)) return item;
  return Object.fromEntries(Object.entries(item).filter(([field]) => !fields.includes(field)));
}

/** Returns the ids of the first group of paths that says anything; see `Webhooks.accounts`. */
function readAccounts(webhooks: Webhooks, type: string, item: unknown): string[] {
  const groups = named(webhooks.accountsOf, type) ?? webhooks.accounts;
  for (const group of groups) {
    const ids = group.flatMap((path) => textAt(item, path) ?? []);
    if (ids.length > 0) return ids;
  }
  return [];
}

/** Returns the event's type in the provider's own words; `unknown` where it has none. */
function readType(webhooks: Webhooks, request: Incoming, item: unknown): string {
  const place = webhooks.eventType.find((candidate) => holds(candidate, request, item));
  const type = place && (place.as ?? textIn(place, request, item));
  const action = webhooks.eventAction && textIn(webhooks.eventAction, request, item);
  return (action ? `${type ?? 'unknown'}.${action}` : (type ?? 'unknown')).slice(0, MAX_TYPE_LENGTH);
}

function readTime({ occurredAt = [] }: Webhooks, item: unknown): number | undefined {
  for (const { at: path, unit } of occurredAt) {
    const text = textAt(item, path);
    const ms = unit === 'iso' ? Date.parse(text ?? '') : Number(text) * (unit === 's' ? 1000 : 1);
    if (Number.isFinite(ms) && Math.abs(ms) <= 8.64e15) return Math.trunc(ms); // else no date can hold it
  }
  return undefined;
}

function retriesIn({ retries }: Webhooks, request: Incoming, item: unknown): Pick<ProviderEvent, 'retries'> {
  const count = Number(retries && textIn(retries, request, item));
  return Number.isSafeInteger(count) && count > 0 ? { retries: count } : {};
}

/** Returns the id of an event that has none: its body's hash, and of a mere signal the time too, in steps. */
function hashedId({ signals }: Webhooks, item: unknown, bodyHash: string, receivedAtMs: number): string {
  if (!signals || atSteps(item, signals.unless) !== undefined) return bodyHash;
  return `${bodyHash}:${Math.floor(receivedAtMs / (signals.apartS * 1000))}`;
}

/** The first of several parts has to be there; one that is not always there leaves a gap. */
function readId({ eventId }: Webhooks, request: Incoming, item: unknown): string | undefined {
  for (const place of eventId) {
    const parts = [place].flat().map((part) => textIn(part, request, item));
    if (parts[0] !== undefined) return parts.map((part) => part ?? '').join(':');
  }
  return undefined;
}
