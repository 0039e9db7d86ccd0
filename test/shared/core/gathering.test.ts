import { expect, test } from 'vitest';
import { gathering } from '../../../shared/core/bus.ts';
import { type HubEvent, hubEvent } from '../../../shared/core/event.ts';

function setUp() {
  const published: HubEvent[][] = [];
  const state: { failing: boolean; ring: () => void } = { failing: false, ring: () => undefined };
  const bus = {
    publish: async (events: readonly HubEvent[]) => {
      if (state.failing) throw new Error('down');
      published.push([...events]);
    },
  };
  const sleep = () =>
    new Promise<void>((resolve) => {
      state.ring = resolve;
    });
  return { published, state, publish: gathering(bus, sleep) };
}

const event = (id: string) => hubEvent('tenant.removed', { tenant: 'acme', id }, {}, { nowMs: 0, token: () => '' });

test('those who publish in the same moment share one request; the next moment has its own', async () => {
  const { published, publish, state } = setUp();
  const both = [publish([event('a')]), publish([event('b'), event('c')])];
  state.ring();
  await Promise.all(both);
  const later = publish([event('d')]);
  state.ring();
  await later;
  expect(published.map((events) => events.map(({ id }) => id))).toEqual([['a', 'b', 'c'], ['d']]);
});

test('a failure reaches everyone who shared it, and is over then', async () => {
  const { published, publish, state } = setUp();
  state.failing = true;
  const both = [publish([event('a')]), publish([event('b')])];
  state.ring();
  for (const one of both) await expect(one).rejects.toThrow('down');
  state.failing = false;
  const next = publish([event('c')]);
  state.ring();
  await next;
  expect(published).toHaveLength(1);
});
