import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { contracts, functionNames } from '../../infra/contracts.ts';
import { queries } from '../../infra/saved-queries.ts';
import type { FeatureContract } from '../../shared/core/contract.ts';
import { readSources } from '../support/sources.ts';
import { makeStacks } from './stacks.ts';

const { hub } = makeStacks();
const runbook = readFileSync(join(import.meta.dirname, '..', '..', 'infra', 'runbook.md'), 'utf8')
  .replace(/```[\s\S]*?```/g, '')
  .replace(/\s+/g, ' ');
const [alarms = ''] = runbook.split(' # Upgrade, go back, end ');
const sections = alarms.split(' ## ').slice(1);
const sources = ['shared', 'functions']
  .flatMap((folder) => readSources(folder))
  .map(({ text }) => text)
  .join('\n');
const code = [...runbook.matchAll(/`([^`]+)`/g)].map(([, text = '']) => text);

describe('the runbook', () => {
  test('says under each heading what it means, how to look, with something to look at, and how to mend it', () => {
    for (const section of sections) {
      const [meaning = '', rest = ''] = section.split(' **Look.** ');
      const [look = '', mend = ''] = rest.split(' **Mend.** ');
      expect(meaning.length, meaning).toBeGreaterThan(120);
      expect(look, meaning).toMatch(/`(hub|peek|aws|what was measured|what went wrong|refusals of the API)/);
      expect(mend.length, meaning).toBeGreaterThan(60);
    }
  });

  test('asks the saved queries by names that they have, and names every one', () => {
    const asked = code.filter((text) => /^(what w|one id|refusals)/.test(text));
    expect([...new Set(asked)].sort()).toEqual(Object.keys(queries).sort());
  });

  test('quotes lines that the hub writes', () => {
    const quoted = code.filter((text) => /^(an? |syncs were |unexpected )[a-z ]+$/.test(text));
    expect(new Set(quoted).size).toBeGreaterThanOrEqual(10);
    for (const line of quoted) expect(sources, line).toContain(`'${line}'`);
  });

  test('names metrics that are measured and events that are told', () => {
    const metrics = code.filter((text) => /^(Webhook|Call|Circuit|Token|Needs|Sync)[A-Z]\w+$/.test(text));
    expect(new Set(metrics).size).toBeGreaterThanOrEqual(8);
    for (const metric of metrics) expect(sources, metric).toContain(`measure('${metric}'`);
    const events = code.filter((text) => /^(connection|webhook)\.[a-z_]+$/.test(text));
    for (const event of events) expect(sources, event).toContain(`'${event}'`);
  });

  test('asks routes of the API, and functions, that there are', () => {
    const all = Object.values(contracts).flatMap((contract: FeatureContract) => Object.values(contract));
    const routes = all.flatMap(({ entry }) => (entry.kind === 'http' ? entry.routes : []));
    const shapes = routes.map((route) => route.replace(/\{\w+\}/g, '<>'));
    const asked = code.flatMap((text) => [...text.matchAll(/\bhub ([A-Z]+) '?(\/[^ '?]+)/g)]);
    expect(asked.length).toBeGreaterThan(15);
    for (const [, method, path = ''] of asked) expect(shapes).toContain(`${method} ${path.replace(/<\w+>/g, '<>')}`);
    const named = code.flatMap((text) => [...text.matchAll(/(?:\$\(fn|\binvoke) ([a-z-]+\/[a-z-]+)/g)]);
    expect(named.length).toBeGreaterThan(4);
    for (const [, name] of named) expect(functionNames()).toContain(name);
  });

  test('peeks into queues that there are', () => {
    const ids = Object.keys(hub.template.findResources('AWS::SQS::Queue'));
    const named = code.flatMap((text) => [...text.matchAll(/(?:\bpeek|\bback|\$\(queue) ([a-z/]+)/g)]);
    expect(named.length).toBeGreaterThanOrEqual(5);
    for (const [, name = ''] of named) {
      expect(
        ids.filter((id) => id.startsWith(name.replaceAll('/', ''))),
        name,
      ).toHaveLength(1);
    }
  });

  test('has queries on the fields that lines have, of the groups that have such lines', () => {
    const saved = hub.all('AWS::Logs::QueryDefinition').map(({ properties }) => properties);
    expect(saved.map(({ Name }) => Name).sort()).toEqual(
      Object.keys(queries)
        .map((name) => `patchbay-local/${name}`)
        .sort(),
    );
    const groups = hub.all('AWS::Logs::LogGroup').length;
    expect(saved.map(({ LogGroupNames }) => (LogGroupNames as unknown[]).length).sort()).toEqual([
      1,
      groups - 1,
      groups - 1,
      groups - 1,
    ]);
    const fields = queries['what went wrong'].text.match(/fields ([\s\S]+?)\n\|/)?.[1]?.split(/,\s+/) ?? [];
    const own = fields.filter((field) => !field.startsWith('@') && !['level', 'service', 'message'].includes(field));
    for (const field of own) expect(sources, field).toMatch(new RegExp(`'${field}'|\\b${field}:`));
    const { Format } = hub.one('AWS::ApiGatewayV2::Stage').AccessLogSettings as { Format: string };
    for (const field of ['requestId', 'route', 'status', 'integrationError', 'authorizerError', 'error']) {
      expect(queries['refusals of the API'].text).toContain(field);
      expect(JSON.parse(Format)).toHaveProperty(field);
    }
  });
});
