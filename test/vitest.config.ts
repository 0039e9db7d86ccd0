import { defineConfig } from 'vitest/config';
import { LongFirst } from './support/long-first.ts';

export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/support/setup.ts'],
    sequence: { sequencer: LongFirst },
    pool: 'forks',
    maxWorkers: 4, // twice the cores they are budgeted for: many wait, for queues and retries
    testTimeout: 60_000, // a slow machine is no fault of the code
    hookTimeout: 60_000,
    coverage: {
      provider: 'v8',
      include: ['shared/**/*.ts', 'functions/**/*.ts', 'infra/**/*.ts'],
      exclude: ['infra/local/demo/tour/**'], // a program of its own, and what it shows is its test
      thresholds: {
        ...{ lines: 90, branches: 90 },
        'shared/**': { lines: 95, branches: 90 },
        'functions/**': { lines: 95, branches: 90 },
      },
    },
  },
});
