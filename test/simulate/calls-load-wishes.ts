import type { Fault } from '../../infra/local/demo/rehearsal.ts';
import type { Answer, Tenant } from '../integration/scene.ts';

/** One call as its owner wants it, once; `mark` tells it from all others, at the hub and at the provider. */
export interface Wish {
  readonly mark: string;
  readonly tenant: Tenant;
  readonly connection: 'demo' | 'github';
  readonly body: object;
  /** What the provider does at its asking: nothing, once under a key, once if at all. */
  readonly effect: 'read' | 'keyed' | 'unkeyed';
  readonly lane: 'interactive' | 'bulk';
  readonly mode: 'sync' | 'async';
  /** The owner's; without one he does not ask again. */
  readonly key?: string;
  /** What the hub said of it. */
  readonly said: { id: string; status: string }[];
}

/** One request to the hub: a call, or a hundred. */
export interface Asking {
  readonly route: `POST /${string}`;
  readonly key: string;
  readonly body: object;
  readonly headers?: Record<string, string>;
  readonly repeatable: boolean;
  readonly atOnce: boolean;
  /** Keeps what was answered, and returns what is wrong with it. */
  readonly take: (answer: Answer) => readonly string[];
}

/** Kinds of calls, and how many of twenty are of each. */
const kinds: readonly (readonly [share: number, Pick<Wish, 'connection' | 'effect'>, (mark: string) => object])[] = [
  [5, { connection: 'demo', effect: 'keyed' }, (mark) => ({ action: 'contacts.create', input: contact(mark) })],
  [4, { connection: 'demo', effect: 'keyed' }, (mark) => raw('POST', '/contacts', mark, contact(mark))],
  [3, { connection: 'demo', effect: 'read' }, (mark) => raw('GET', '/contacts', mark)],
  [1, { connection: 'demo', effect: 'read' }, (mark) => ({ action: 'contacts.search', input: { name: mark } })],
  [2, { connection: 'demo', effect: 'read' }, (mark) => ({ graphql: { query: `{ me { name } } # ${mark}` } })],
  [3, { connection: 'github', effect: 'unkeyed' }, (mark) => raw('POST', '/repos/o/r/issues', mark, { title: mark })],
  [2, { connection: 'github', effect: 'read' }, (mark) => raw('GET', '/issues', mark)],
];

const contact = (mark: string) => ({ name: mark, email: `${mark}@people.example` });
const raw = (method: string, path: string, mark: string, body?: object) => ({
  request: { method, path, query: { mark }, ...(body && { body }) },
});

/** Returns `count` calls of these tenants, of every kind and manner. */
export function wishes(count: number, tenants: readonly Tenant[], chance: () => number): Wish[] {
  const drawn = kinds.flatMap((kind) => Array.from({ length: kind[0] }, () => kind));
  return Array.from({ length: count }, (_, at) => {
    const mark = `mark-${at}`;
    const [, about, body] = pick(drawn, chance);
    const tenant = pick(tenants, chance);
    return {
      ...{ mark, tenant, ...about, body: body(mark) },
      lane: chance() < 0.3 ? 'bulk' : 'interactive',
      mode: chance() < 0.5 ? 'sync' : 'async',
      ...(chance() < 0.6 && { key: `owner-${mark}` }),
      said: [],
    };
  });
}

/** Returns the requests that ask for them: half of those that are queued come many at once. */
export function askings(all: readonly Wish[], chance: () => number): Asking[] {
  const single = all.filter(({ mode }) => mode === 'sync' || chance() < 0.5);
  const alone = new Set(single);
  const batches = Map.groupBy(
    all.filter((wish) => !alone.has(wish)),
    ({ tenant, connection }) => `${tenant.path}/connections/${connection}`,
  );
  return [...single.map(one), ...[...batches.values()].flatMap(hundreds).map(many)].sort(() => chance() - 0.5);
}

function one(wish: Wish): Asking {
  const { tenant, connection, body, lane, mode, key } = wish;
  return {
    route: `POST ${tenant.path}/connections/${connection}/calls`,
    key: tenant.key,
    body: { ...body, lane, mode },
    headers: key === undefined ? undefined : { 'idempotency-key': key },
    ...{ repeatable: key !== undefined, atOnce: mode === 'sync' },
    take: ({ body: { id, status } }) => {
      wish.said.push({ id, status });
      return [];
    },
  };
}

/** All of a batch under keys, or none of it: a batch is asked for again as a whole. */
function many(batch: readonly Wish[]): Asking {
  const [{ tenant, connection } = never()] = batch;
  return {
    route: `POST ${tenant.path}/connections/${connection}/calls`,
    key: tenant.key,
    body: { calls: batch.map(({ body, lane, key }) => ({ ...body, lane, idempotencyKey: key })) },
    ...{ repeatable: batch.every(({ key }) => key !== undefined), atOnce: false },
    take: (answer) => {
      const { calls } = answer.body as unknown as { calls: readonly { id: string; status: string }[] };
      batch.forEach((wish, at) => void wish.said.push(calls[at] ?? never()));
      return calls.length === batch.length ? [] : [`a batch of ${batch.length} was answered with ${calls.length}`];
    },
  };
}

function hundreds(batch: readonly Wish[]): Wish[][] {
  const [keyed, unkeyed] = [batch.filter(({ key }) => key), batch.filter(({ key }) => !key)];
  return [keyed, unkeyed].flatMap((part) =>
    Array.from({ length: Math.ceil(part.length / 100) }, (_, at) => part.slice(at * 100, at * 100 + 100)),
  );
}

function never(): never {
  throw new Error('there is nothing to choose from');
}

/** What goes wrong at a provider next. */
export function faultFor(chance: () => number): Fault {
  const faults: readonly Fault[] = [
    { lost: true },
    { lost: true, delayMs: 500 },
    { status: 500 },
    { status: 502 },
    { status: 429, retryAfterS: 1 },
    { delayMs: 2_000 },
  ];
  return pick(faults, chance);
}

function pick<T>(from: readonly T[], chance: () => number): T {
  return from[Math.floor(chance() * from.length)] ?? never();
}
