import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startHub } from './hub.ts';
import { synthesize } from './synth.ts';

const usage = `npm run invoke -- <feature>/<verb> [event.json]

Runs one function with its sample event (events/<feature>/<verb>.json) or the given one, on the data folder of
npm start, which must not be running. Prints the answer on stdout, what the function wrote on stderr.`;

async function main([wanted, file = join('events', `${wanted}.json`)]: readonly string[]): Promise<void> {
  if (!wanted || wanted.startsWith('-')) return console.log(usage);
  const data = process.env.PATCHBAY_DATA ?? '.patchbay';
  const hub = await startHub({
    assembly: () => synthesize(join(data, 'cdk.out')),
    data,
    dynamoDbUrl: process.env.AWS_ENDPOINT_URL_DYNAMODB,
    say: console.error,
  });
  try {
    if (!hub.functions.includes(wanted)) {
      throw new Error(`There is no function ${wanted}; there are:\n  ${[...hub.functions].sort().join('\n  ')}`);
    }
    if (!existsSync(file)) throw new Error(`There is no event ${file}: write it, or name another file`);
    const outcome = await hub.invoke(wanted, JSON.parse(readFileSync(file, 'utf8')));
    for (const { text } of hub.logs()) console.error(text);
    if (!outcome.ok) throw new Error(`${wanted} failed: ${outcome.error.errorType}: ${outcome.error.errorMessage}`);
    const answer = JSON.parse(outcome.payload);
    console.log(JSON.stringify(answer, null, 2));
    const left = answer?.batchItemFailures?.length ?? 0;
    if (left > 0) throw new Error(`${wanted} did not process ${left} of its messages: why is above`);
  } finally {
    await hub.stop();
  }
}

main(process.argv.slice(2)).catch((error) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
