import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Returns what an expression over a module of this folder comes to, in a process of its own: its logs and metrics are made,
 *  and go nowhere. */
export function runApart<T>(file: string, exported: string, expression: string): T {
  const module = pathToFileURL(join(import.meta.dirname, file)).href;
  const probe = `
const { ${exported} } = await import('${module}');
process.stderr.write('\\n' + JSON.stringify(${expression}));`;
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', probe], {
    env: { POWERTOOLS_SERVICE_NAME: 'webhooks', POWERTOOLS_METRICS_NAMESPACE: 'Patchbay' },
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
  });
  if (status !== 0)
    throw new Error(`${file} does not run: ${stderr.match(/^\w*Error: .*/m)?.[0] ?? stderr.slice(-500)}`);
  return JSON.parse(stderr.trim().split('\n').at(-1) ?? '');
}
