import { createConfig, lintFromString } from '@redocly/openapi-core';
import { beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { contracts } from '../../../infra/contracts.ts';
import { features } from '../../../shared/console/features.ts';
import type { OpenApi, Operation } from '../../../shared/console/openapi.ts';
import { setEnv } from '../../support/dynamo.ts';
import { lambdaContext } from '../../support/http-event.ts';
import { readEvent } from '../../support/samples.ts';

interface Answer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}
type Handler = (event: never, context: ReturnType<typeof lambdaContext>) => Promise<unknown>;

const handlers: { openapi?: Handler; docs?: Handler } = {};
let api: OpenApi;
const show = async (verb: 'openapi' | 'docs') =>
  (await handlers[verb]?.(readEvent(`console/${verb}`) as never, lambdaContext())) as Answer;

beforeAll(async () => {
  setEnv({ STAGE: 'prod', VERSION: '1.2.3', PUBLIC_URL: 'https://hub.patchbay.test/' });
  handlers.openapi = (await import('../../../functions/console/openapi.ts')).handler;
  handlers.docs = (await import('../../../functions/console/docs.ts')).handler;
  api = JSON.parse((await show('openapi')).body);
});

const operations = () =>
  Object.entries(api.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): [string, Operation] => [
      `${method.toUpperCase()} ${path}`,
      operation,
    ]),
  );

describe('the API description', () => {
  test("has every route of every contract but the console's pages, and no other", () => {
    const routes = Object.values(contracts).flatMap((contract) =>
      Object.values(contract).flatMap(({ entry }) =>
        entry.kind === 'http' && entry.access !== 'session'
          ? entry.routes.filter((route: string) => route !== '$default')
          : [],
      ),
    );
    expect(
      operations()
        .map(([route]) => route)
        .sort(),
    ).toEqual([...routes].sort());
    expect(features.map(({ name, contract }) => [name, contract])).toEqual(
      expect.arrayContaining(Object.entries(contracts)),
    );
  });

  test('names each operation once, says who may call it, and names its server', () => {
    const ids = operations().map(([, { operationId }]) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
    expect(api.servers).toEqual([{ url: 'https://hub.patchbay.test' }]);
    expect(api.paths['/v1/tenants']?.post?.security).toEqual([{ key: [] }]);
    expect(api.paths['/health']?.get?.security).toEqual([]);
  });

  test('every placeholder of a path is a parameter of it', () => {
    for (const [route, { parameters }] of operations()) {
      const holes = [...route.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      expect([route, parameters.filter((one) => one.in === 'path').map(({ name }) => name)]).toEqual([route, holes]);
    }
  });

  test('every refusal is problem details, every good answer and every body has an example that fits its schema', () => {
    const faults: string[] = [];
    for (const { name, contract, answers } of features) {
      for (const [verb, described] of Object.entries(answers)) {
        const entry = contract[verb]?.entry;
        if (entry?.kind !== 'http') continue;
        const check = (what: string, schema: z.ZodType | undefined, example: unknown) => {
          const judged = schema?.safeParse(example);
          if (judged && !judged.success) faults.push(`${name}/${verb} ${what}: ${z.prettifyError(judged.error)}`);
        };
        check('body', entry.body, described.body);
        if (described.answer !== 'page' && described.example !== undefined) {
          check('answer', described.answer, described.example);
        }
      }
    }
    expect(faults).toEqual([]);
    const create = api.paths['/v1/tenants']?.post;
    expect(Object.keys(create?.responses ?? {})).toEqual([
      ...['201', '400', '401', '403', '409', '413', '415', '429', '500', '503'],
    ]);
    expect(create?.responses['409']?.content).toHaveProperty(['application/problem+json']);
  });

  test('a public linter finds nothing', async () => {
    const config = await createConfig({
      extends: ['recommended-strict'],
      rules: { 'operation-4xx-response': 'error' },
    });
    const found = await lintFromString({ source: JSON.stringify(api), absoluteRef: 'openapi.json', config });
    expect(found.map(({ ruleId, message, location }) => `${ruleId}: ${message} at ${location[0]?.pointer}`)).toEqual(
      [],
    );
  });

  test('may be cached and read from any page: it holds nothing of anybody', async () => {
    expect((await show('openapi')).headers).toMatchObject({
      'cache-control': 'public, max-age=300',
      'access-control-allow-origin': '*',
    });
  });
});

describe('the page', () => {
  test('shows every operation, without a script', async () => {
    const { statusCode, headers, body } = await show('docs');
    expect(statusCode).toBe(200);
    expect(headers['content-security-policy']).toContain("default-src 'none'");
    expect(body).not.toContain('<script');
    for (const [route, { operationId }] of operations()) {
      expect(body).toContain(`<code>${route}</code>`);
      expect(body).toContain(`id="${operationId}"`);
    }
  });
});
