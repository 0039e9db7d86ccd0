import { createHash } from 'node:crypto';
import type { Moment } from '../core/clock.ts';
import { at, textAt } from '../core/json.ts';
import type { About, Action, ApiRequest } from '../providers/actions.ts';
import { findActions } from '../providers/callees.ts';
import { type AttemptOutcome, type Job, type Mocks, noMocks } from './attempt.ts';
import type { LimitStore } from './limit-store.ts';
import type { Fields, MockKey, MockStore } from './mock-store.ts';

/** Returns what mock connections answer: the action's example, with what was sent in it; what one call made or changed, the
 *  next one finds. Nothing leaves the hub. */
export function openMocks(
  store: Pick<MockStore, 'recall' | 'remember'>,
  { circuits }: Pick<LimitStore, 'circuits'>,
): Mocks {
  return {
    answer: (job, moment) => answer(job, store, moment),
    async isHeldBack({ tenantId, id }, { nowMs }) {
      const { connection, provider } = await circuits(tenantId, id, nowMs);
      return connection.state !== 'closed' || provider.state !== 'closed';
    },
  };
}

async function answer(
  job: Job,
  store: Pick<MockStore, 'recall' | 'remember'>,
  moment: Moment,
): Promise<AttemptOutcome> {
  const { tenantId, id, action: name = '', input, request, idempotencyKey = '' } = job;
  const actions = findActions(id.provider);
  const action = input !== undefined && Object.hasOwn(actions, name) ? actions[name] : undefined;
  if (!action) return noMocks.answer(job, moment);
  const { about, effect, example } = action;
  const sent = effect === 'write' ? { ...fieldsOf(input), ...fieldsOf(request.json), ...fieldsOf(request.form) } : {};
  if (!about) return succeeded(overlaid(example.output, sent));

  const objectId =
    about.by === undefined ? madeUp(at(example.output, about.id), idempotencyKey) : textAt(input, about.by);
  const key: MockKey = { tenantId, id, object: about.object, objectId: String(objectId) };
  const known = about.by === undefined ? {} : await recalled(key, action, about, request, store);
  if (!known) return missing(id.provider, about.object);
  const fields = { ...known, ...sent, ...(effect === 'write' && about.sets), [lastOf(about.id)]: objectId };
  if (effect === 'write') await store.remember(key, fields, moment.nowMs);
  return succeeded(within(example.output, about.id, (object) => overlaid(object, fields)));
}

/** The object of the example is always there; and what is put exists from then on (RFC 9110 §9.3.4). */
async function recalled(
  key: MockKey,
  { example }: Action,
  { by = '' }: About,
  { method }: ApiRequest,
  store: Pick<MockStore, 'recall'>,
): Promise<Fields | undefined> {
  const isExample = textAt(example.input, by) === key.objectId;
  return (await store.recall(key)) ?? (isExample || method === 'PUT' ? {} : undefined);
}

function succeeded(body: unknown): AttemptOutcome {
  return { kind: 'succeeded', status: 200, headers: {}, body, mocked: true };
}

function missing(provider: string, object: string): AttemptOutcome {
  const message = `There is no ${object} of this id.`;
  return { kind: 'failed', error: { provider, status: 404, code: 'not_found', message, retryable: false } };
}

/** Returns a value with those of the fields that it has too, and in the same form; what is within an object is kept. */
function overlaid(value: unknown, fields: Fields): unknown {
  if (!isObject(value)) return value;
  const fitting = Object.entries(fields).flatMap(([name, given]): [string, unknown][] => {
    const own = Object.hasOwn(value, name) ? value[name] : undefined;
    if (typeof own !== typeof given || Array.isArray(own) !== Array.isArray(given)) return [];
    return [[name, isObject(own) && isObject(given) ? { ...own, ...given } : given]];
  });
  return { ...value, ...Object.fromEntries(fitting) };
}

/** Returns a value, changed in the object that the path's last step belongs to. */
function within(value: unknown, path: string, change: (object: unknown) => unknown): unknown {
  const [first = '', ...rest] = path.split('.');
  if (rest.length === 0 || !isObject(value)) return change(value);
  return { ...value, [first]: within(value[first], rest.join('.'), change) };
}

/** Returns an id in the form of the example's, the same for the same call: prefix, signs and kinds of characters stay. */
function madeUp(example: unknown, seed: string): string | number {
  const hash = createHash('sha512').update(`patchbay/mock/v1:${seed}`).digest();
  const number = String(100_000_000 + (hash.readUInt32BE(0) % 900_000_000));
  if (typeof example === 'number') return Number(number);
  const text = String(example);
  if (/^\d+$/.test(text)) return number;
  if (text.length < 8) return text + number;
  const prefix = text.match(/^(?:[a-z]+_|[A-Z]{2}(?=[0-9a-f]{32}$))/i)?.[0] ?? '';
  const isUuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i.test(text);
  const spelled = (char: string, place: number) => {
    const fixed = place < prefix.length || (isUuid && (place === 14 || place === 19));
    const byte = hash[place % hash.length] ?? 0;
    if (fixed || !/[A-Za-z0-9]/.test(char)) return char;
    if (/\d/.test(char)) return String(byte % 10);
    return (/[a-z]/.test(char) ? 'abcdef' : 'ABCDEF')[byte % 6] ?? char;
  };
  return [...text].map(spelled).join('');
}

/** What is undefined is not sent, so it changes nothing. */
function fieldsOf(value: unknown): Fields {
  return isObject(value) ? Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) : {};
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const lastOf = (path: string) => path.split('.').at(-1) ?? path;
