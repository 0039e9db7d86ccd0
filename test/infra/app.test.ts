import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';

const root = join(import.meta.dirname, '..', '..');
const outdir = mkdtempSync(join(tmpdir(), 'patchbay-app-'));
afterAll(() => rmSync(outdir, { recursive: true }));

test('a stage that cannot be used is one line on stderr and no template', () => {
  const { status, stderr } = spawnSync(process.execPath, ['infra/launch.mjs', 'infra/app.ts'], {
    cwd: root,
    env: { PATH: process.env.PATH, PATCHBAY_STAGE: 'staging', CDK_OUTDIR: outdir },
    encoding: 'utf8',
  });
  expect(status).toBe(1);
  expect(stderr).toBe(
    'There is no stage "staging": add it to cdk.json under context.stages (there are: local, prod).\n',
  );
  expect(existsSync(join(outdir, 'manifest.json'))).toBe(false);
});
