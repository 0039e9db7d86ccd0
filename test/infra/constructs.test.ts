import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { Alarms } from '../../infra/alarms.ts';
import { Api } from '../../infra/api.ts';
import { binding } from '../../infra/constructs/binding.ts';
import { type Environment, HubFunction } from '../../infra/constructs/hub-function.ts';
import { DeadLetterQueue } from '../../infra/constructs/hub-queue.ts';
import { readStage } from '../../infra/stage.ts';
import type { FunctionContract } from '../../shared/core/contract.ts';

const contract = {
  env: z.object({ STAGE: z.string(), CALLS_TABLE: z.string() }),
  timeoutS: 10,
  entry: { kind: 'http', routes: ['GET /try'], access: 'tenant', summary: 'Try' },
} as const satisfies FunctionContract;
const table = binding('calls', { actions: ['dynamodb:GetItem'], resources: ['arn:aws:dynamodb:::table/calls'] });

const bundles = mkdtempSync(join(tmpdir(), 'patchbay-constructs-'));
beforeAll(() => {
  mkdirSync(join(bundles, 'calls', 'try'), { recursive: true });
  writeFileSync(join(bundles, 'calls', 'try', 'index.mjs'), 'export const handler = () => 0;\n');
});
afterAll(() => rmSync(bundles, { recursive: true }));

function open() {
  const stage = { ...readStage('local', {}), bundles };
  const stack = new Stack(new App(), 'stack', { env: { account: stage.account, region: stage.region } });
  const alarms = new Alarms(stack, 'alarms', stage);
  return {
    logs: new LogGroup(stack, 'logs'),
    stage,
    stack,
    alarms,
    failed: new DeadLetterQueue(stack, 'failed', alarms, 'failed'),
  };
}

describe('a function', () => {
  test('takes exactly the settings of its contract: one forgotten or misspelt does not compile', () => {
    const good: Environment<typeof contract> = { STAGE: 'local', CALLS_TABLE: table };
    // @ts-expect-error a setting is missing
    const less: Environment<typeof contract> = { STAGE: 'local' };
    // @ts-expect-error there is no such setting
    const more: Environment<typeof contract> = { STAGE: 'local', CALLS_TABLE: table, CALL_TABLE: table };
    expect([good, less, more]).toHaveLength(3);
  });

  test('refuses a setting that came along unseen', () => {
    const { stack, stage, logs, failed } = open();
    const environment = { STAGE: 'local', CALLS_TABLE: table, LIMITS_TABLE: table };
    expect(
      () => new HubFunction(stack, 'try', { feature: 'calls', contract, environment, stage, logs, failed }),
    ).toThrow('calls/try: the contract has no LIMITS_TABLE');
  });
});

test('no guarded route is made before there is somebody to guard it', () => {
  const { stack, stage, alarms, logs, failed } = open();
  const environment = { STAGE: 'local', CALLS_TABLE: table };
  const fn = new HubFunction(stack, 'try', { feature: 'calls', contract, environment, stage, logs, failed });
  expect(() => new Api(stack, 'api', stage, alarms).serve(fn, contract.entry)).toThrow('The authorizer must be there');
});
