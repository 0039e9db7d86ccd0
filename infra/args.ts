import { type ParseArgsConfig, parseArgs } from 'node:util';

/** Returns what the command line says; where that is not understood, one line says so and the process ends with 2. */
export function readArgs<const Config extends ParseArgsConfig>(config: Config): ReturnType<typeof parseArgs<Config>> {
  try {
    return parseArgs(config);
  } catch (error) {
    const [what] = (error instanceof Error ? error.message : String(error)).split('. ');
    console.error(`${what}; --help lists what there is`);
    process.exit(2);
  }
}
