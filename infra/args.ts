import { type ParseArgsConfig, parseArgs } from 'node:util';

/** Returns what the command line says; where that is not understood, one line says so and the process ends with 2. */
export function readArgs<const Config extends ParseArgsConfig>(config: Config): ReturnType<typeof parseArgs<Config>> {
  try {
    return parseArgs(config);
  } catch (error) {
    console.error(`${oddity(error)}; --help lists what there is`);
    process.exit(2);
  }
}

/** Returns what `parseArgs` did not understand, without its advice. */
export function oddity(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('. ')[0] ?? '';
}
