/** Nothing that is meant to be read is nested deeper; whatever walks the value later can do so without care. */
const MAX_DEPTH = 200;

/** Returns the JSON value of the text, or nothing where it is none, or nested too deep (E-08). Own `__proto__` keys are
 *  dropped (D-12). */
export function parseJson(text: string): unknown {
  if (isDeep(text)) return undefined;
  try {
    return JSON.parse(text, (key, value) => (key === '__proto__' ? undefined : value));
  } catch {
    return undefined; // "not JSON" is an answer here, and null is JSON
  }
}

function isDeep(text: string): boolean {
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (quoted) {
      if (char === '\\') at++;
      else if (char === '"') quoted = false;
    } else if (char === '"') quoted = true;
    else if (char === '[' || char === '{') {
      if (++depth > MAX_DEPTH) return true;
    } else if (char === ']' || char === '}') depth--;
  }
  return false;
}

/** Returns what stands at a path of dots (`team.id`, `items.0.id`) in a parsed JSON value; own properties alone. */
export function at(value: unknown, path: string): unknown {
  return atSteps(value, path.split('.'));
}

/** The same by its steps, one by one: a field's name may hold a dot. */
export function atSteps(value: unknown, steps: readonly string[]): unknown {
  let here: unknown = value;
  for (const step of steps) {
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

/** Returns the one JSON text that equal values have: the fields of objects in the order of their names. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => {
    if (typeof part !== 'object' || part === null || Array.isArray(part)) return part;
    return Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
