import { describe, expect, test } from 'vitest';
import { pacesOf } from '../../../shared/calls/admit.ts';
import { catalogue } from '../../../shared/providers/catalogue.ts';
import type { Limit } from '../../../shared/providers/provider.ts';
import { limits } from './limits.ts';

// What each request counts under, written down beside the data from the providers' pages.

const spelled = ({ requests, perS, of, perInput }: Limit) =>
  [`${requests}/${perS}s`, of && `per ${of}`, perInput && `per ${perInput}`].filter(Boolean).join(' ');

/** The limits that hold for a request, as admission itself chooses them. */
const limitsOf = (all: readonly Limit[], action: string | undefined) =>
  pacesOf(all, { action })
    .map(({ name }) => all[Number(/\d+/.exec(name)?.[0])])
    .flatMap((limit) => (limit ? [spelled(limit)] : []))
    .sort();

const found: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = Object.fromEntries(
  Object.entries(catalogue).map(([id, { provider, actions, syncs }]) => [
    id,
    {
      '': limitsOf(provider.limits, undefined),
      ...Object.fromEntries(Object.keys(actions).map((name) => [name, limitsOf(provider.limits, name)])),
      ...Object.fromEntries(
        Object.entries(syncs).map(([name, { limitedAs }]) => [`sync ${name}`, limitsOf(provider.limits, limitedAs)]),
      ),
    },
  ]),
);

test('every provider has its limits here, and the reverse', () => {
  expect(Object.keys(limits)).toEqual(Object.keys(found));
});

describe.each(Object.entries(found))('%s', (id, byRequest) => {
  test('counts each of its requests under the documented limits, and under no other (E-29)', () => {
    const { others = [], ...own } = limits[id] ?? {};
    const usual = Object.entries(byRequest).filter(([name]) => !Object.hasOwn(own, name));
    expect(Object.fromEntries(Object.keys(own).map((name) => [name, byRequest[name]]))).toEqual(own);
    for (const [name, limit] of usual) expect(limit, name || 'a raw request').toEqual(others);
  });
});
