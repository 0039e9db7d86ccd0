import { afterAll, beforeAll, test, vi } from 'vitest';
import { agreesWithModel } from '../../simulate/connect-model.ts';
import { type ConnectWorld, startConnectWorld } from '../../support/connect-world.ts';

let world: ConnectWorld;
beforeAll(async () => {
  world = await startConnectWorld();
});
afterAll(async () => {
  vi.useRealTimers();
  await world.stop();
});

test('50 orders of events on the deployed handlers agree with the model (A-36)', { timeout: 120_000 }, async () => {
  const realNow = Date.now;
  const setNow = (nowMs: number) => void vi.useFakeTimers({ toFake: ['Date'], now: nowMs });
  const reset = () => {
    world.provider.reset();
    world.provider.alive.clear();
  };
  await agreesWithModel({ ...world, setNow, reset }, () => realNow(), 50);
});
