import { at, textAt } from '../core/json.ts';
import type { ErrorShape } from './provider.ts';

// What the words of an `ErrorShape` mean, for all that reads a provider's answers.

/** Returns whether an answer with a good status is a failure all the same. */
export function failedIn200({ failureIn200 }: ErrorShape, body: unknown): boolean {
  if (!failureIn200) return false;
  const found = at(body, failureIn200.field);
  if (failureIn200.unless !== undefined && (at(body, failureIn200.unless) ?? null) !== null) return false;
  return failureIn200.equals === undefined ? found !== undefined && found !== null : found === failureIn200.equals;
}

/** Returns the provider's own code, or its words, where the body has them. */
export function saidIn(errors: ErrorShape, what: 'code' | 'message', body: unknown): string | undefined {
  const given = errors[what];
  if (given === undefined) return undefined;
  for (const path of typeof given === 'string' ? [given] : given) {
    const text = textAt(body, path);
    if (text !== undefined) return text;
  }
  return undefined;
}

/** Returns the elements of an XML error by their names (S3: `Code`, `Message`). */
export function readXml(text: string): Record<string, string> {
  const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' };
  return Object.fromEntries(
    [...text.matchAll(/<(\w+)>([^<]{0,2000})<\/\1>/g)].map(([, name = '', value = '']) => [
      name,
      value.replace(/&(lt|gt|quot|apos|amp);/g, (whole, entity: string) => entities[entity] ?? whole),
    ]),
  );
}
