import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, CfnElement, type Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { functionNames } from '../../infra/contracts.ts';
import { DataStack } from '../../infra/data-stack.ts';
import { HubStack } from '../../infra/hub-stack.ts';
import { featureFlags, readStage, type Stage } from '../../infra/stage.ts';

interface Resource {
  readonly Type: string;
  readonly Properties?: Record<string, unknown>;
  readonly DeletionPolicy?: string;
}

/** Returns both stacks of a stage, made from stub bundles: what a function does is no part of a template. */
export function makeStacks(name = 'local', changes: Partial<Stage> = {}) {
  const bundles = mkdtempSync(join(tmpdir(), 'patchbay-stubs-'));
  for (const each of functionNames()) {
    mkdirSync(join(bundles, each), { recursive: true });
    writeFileSync(join(bundles, each, 'index.mjs'), `export const handler = () => '${each}';\n`);
  }
  try {
    const stage = { ...readStage(name, { CDK_DEFAULT_ACCOUNT: '222222222222' }), bundles, ...changes };
    const app = new App({ context: featureFlags, builtinCloudFormationValidation: false });
    const env = { account: stage.account, region: stage.region };
    const hubStackName = `patchbay-${stage.name}-hub`;
    const data = new DataStack(app, `patchbay-${stage.name}-data`, { env, stage, hubStackName });
    const hub = new HubStack(app, hubStackName, { env, stage, data });
    return { app, stage, data: openStack(data), hub: openStack(hub), pathOf: pathsIn(data, hub) };
  } finally {
    rmSync(bundles, { recursive: true });
  }
}

function openStack(stack: Stack) {
  const template = Template.fromStack(stack);
  const resources: Record<string, Resource> = template.toJSON().Resources;
  const paths = pathsOf(stack);
  const all = (type: string) =>
    Object.entries(resources)
      .filter(([, resource]) => resource.Type === type)
      .map(([id, { Properties = {}, DeletionPolicy }]) => ({
        path: paths.get(id) ?? id,
        properties: Properties,
        deletion: DeletionPolicy,
      }));
  return {
    stack,
    template,
    /** Every resource of a type, with its path in the stack (`calls/queue/dead`). */
    all,
    /** The properties of the only resource of a type. */
    one(type: string): Record<string, unknown> {
      const [only, ...others] = all(type);
      if (!only || others.length > 0) throw new Error(`There are ${all(type).length} of ${type}`);
      return only.properties;
    },
  };
}

function pathsOf(stack: Stack): Map<string, string> {
  const elements = stack.node.findAll().filter((node) => CfnElement.isCfnElement(node));
  return new Map(
    elements.map((element) => {
      const path = element.node.path.slice(stack.node.path.length + 1).replace(/\/(Resource|Default)$/, '');
      return [stack.resolve((element as CfnElement).logicalId) as string, path];
    }),
  );
}

/** Returns the names that stand for a reference: `calls`, `calls/index/by-due`, `payloads/*`. */
function pathsIn(...stacks: readonly Stack[]) {
  const paths = new Map(stacks.flatMap((stack) => [...pathsOf(stack)]));
  const outputs: Record<string, { Value: unknown; Export?: { Name: string } }> = Object.assign(
    {},
    ...stacks.map((stack) => Template.fromStack(stack).toJSON().Outputs ?? {}),
  );
  const exported = new Map(Object.values(outputs).map(({ Value, Export }) => [Export?.Name, Value]));

  return function pathOf(value: unknown): string {
    if (typeof value === 'string') return value;
    const [[intrinsic, of] = []] = Object.entries(value as Record<string, unknown>);
    switch (intrinsic) {
      case 'Ref':
        return paths.get(of as string) ?? String(of);
      case 'Fn::GetAtt':
        return paths.get((of as string[])[0] ?? '') ?? String(of);
      case 'Fn::Join':
        return (of as [string, unknown[]])[1].map(pathOf).join('');
      case 'Fn::GetStackOutput':
        return pathOf(outputs[(of as { OutputName: string }).OutputName]?.Value);
      case 'Fn::ImportValue':
        return pathOf(exported.get(of as string));
      default:
        throw new Error(`The tests do not know ${intrinsic}`);
    }
  };
}
