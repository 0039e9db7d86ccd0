import { bundleFunctions } from './build.ts';
import { command } from './release/command.ts';
import { realShell } from './release/shell.ts';
import { stageName } from './stage.ts';

// npm run deploy: see "npm run deploy -- --help".

command(process.argv.slice(2), { shell: realShell, stageName: stageName(), build: bundleFunctions }).then(
  (isDone) => {
    process.exitCode = isDone ? 0 : 1;
  },
  (error: Error) => {
    console.error(error.message);
    process.exitCode = 1;
  },
);
