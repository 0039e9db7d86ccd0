/** Returns the JSON value of the text, or nothing where it is none. Own `__proto__` keys are dropped (D-12). */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text, (key, value) => (key === '__proto__' ? undefined : value));
  } catch {
    return undefined; // "not JSON" is an answer here, and null is JSON
  }
}

/** Returns what stands at a path of dots (`team.id`, `items.0.id`) in a parsed JSON value; own properties alone. */
export function at(value: unknown, path: string): unknown {
  let here: unknown = value;
  for (const step of path.split('.')) {
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, step)) return undefined;
    here = (here as Record<string, unknown>)[step];
  }
  return here;
}

/** Returns the text at a path: strings as they are, numbers in decimal; nothing for all else and for ''. */
export function textAt(value: unknown, path: string): string | undefined {
  const found = at(value, path);
  if (typeof found === 'number') return String(found);
  return typeof found === 'string' && found !== '' ? found : undefined;
}
