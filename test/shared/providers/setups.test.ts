import { describe, expect, test } from 'vitest';
import { namesIn } from '../../../shared/connections/template.ts';
import { definitions } from '../../../shared/providers/definitions.ts';
import { wayOf } from '../../../shared/providers/provider.ts';
import { otherSenders, webhooksOf } from '../../../shared/providers/senders.ts';
import { findSetup } from '../../../shared/providers/setups.ts';

const senders = Object.keys({ ...webhooksOf, ...otherSenders });
const subscriptions = senders.flatMap((id) =>
  Object.entries(findSetup(id)?.subscriptions ?? {}).map(([kind, one]) => [`${id} ${kind}`, id, one] as const),
);

test.each(senders)('%s: says what to do with the address, and whose the secret is', (id) => {
  const { steps = [], secret } = findSetup(id) ?? {};
  expect(steps.join(' ')).toContain('{url}');
  for (const step of steps) expect(namesIn(step).filter((name) => name !== 'url')).toEqual([]);
  const signatures = { ...webhooksOf, ...otherSenders }[id as 'hmac'].signatures as readonly { kind: string }[];
  const vouched = signatures.some(({ kind }) => ['jwt', 'sns'].includes(kind));
  if (secret === 'none') expect(vouched).toBe(true);
  if (signatures.some(({ kind }) => ['ed25519', 'ecdsa'].includes(kind))) expect(secret).toBe('issued');
});

describe.each(subscriptions)('%s', (_name, id, { options = {}, prepare, create, renew, remove, ...subscription }) => {
  const known = ['url', 'secret', 'unique', 'endsAt', 'endsAtMs', ...Object.keys(options)];
  const texts = ({ path = '', query = {}, json = {} }: Partial<typeof create> = {}) =>
    [path, ...Object.values(query), ...Object.values(json)].flatMap(namesIn);
  const kept = (request: typeof create | undefined) => Object.keys(request?.answer ?? {});

  test('names nothing that is not known by then', () => {
    expect(texts(prepare).filter((name) => !known.includes(name))).toEqual([]);
    expect(texts(create).filter((name) => ![...known, ...kept(prepare)].includes(name))).toEqual([]);
    expect(texts(renew).filter((name) => ![...known, ...kept(create)].includes(name))).toEqual([]);
    expect(texts(remove).filter((name) => !kept(create).includes(name))).toEqual([]);
  });

  test('brings the address and its secret, unless it goes to that of the owner’s app', () => {
    const brought = texts(create).filter((name) => ['url', 'secret'].includes(name));
    expect(new Set(brought).size).toBe(subscription.to === 'app' ? 0 : 2);
  });

  test('is renewed well before its end, by scopes that the provider has; its defaults fit', () => {
    expect(subscription.renewBeforeS).toBeGreaterThanOrEqual(3_600);
    expect(subscription.renewBeforeS).toBeLessThan(subscription.lastsS);
    if (options.resource?.default?.startsWith('me/')) expect(subscription.kinds).toEqual(['oauth2']);
    const way = definitions[id] && wayOf(definitions[id], 'oauth2');
    const offered = Object.keys({ ...way?.scopes, ...way?.moreScopes });
    expect(subscription.scopes.some((scope) => offered.includes(scope))).toBe(true);
    for (const { default: usual, pattern } of Object.values(options)) {
      if (usual !== undefined) expect(usual).toMatch(new RegExp(`^(?:${pattern})$`));
    }
    for (const { base } of [create, remove]) {
      if (base !== undefined) expect(definitions[id]?.api.bases?.[base]?.url).toEqual(expect.any(String));
    }
  });
});
