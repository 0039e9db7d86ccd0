import { buildAhead } from './synth.ts';

// What npm runs after an install. Nothing depends on it: npm start builds what is not there.
buildAhead().catch((error: unknown) => {
  console.error(`The hub will be built at the first start: ${error instanceof Error ? error.message : error}`);
});
