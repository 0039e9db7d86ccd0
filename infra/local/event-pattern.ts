type Rule = Readonly<Record<string, unknown>>;

/** Throws where a pattern uses an operator that is not known here. */
export function checkPattern(pattern: unknown): void {
  for (const [name, wanted] of Object.entries(pattern as Rule)) {
    if (name === '$or') for (const one of wanted as readonly unknown[]) checkPattern(one);
    else if (Array.isArray(wanted)) for (const rule of wanted) holds(rule, undefined);
    else checkPattern(wanted);
  }
}

/** Returns whether an EventBridge pattern covers the event.
 *  (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html) */
export function covers(pattern: unknown, event: unknown): boolean {
  const fields = Object.entries(pattern as Rule);
  return fields.every(([name, wanted]) => {
    if (name === '$or') return (wanted as readonly unknown[]).some((one) => covers(one, event));
    const value = (event as Rule | undefined)?.[name];
    if (!Array.isArray(wanted)) return covers(wanted, typeof value === 'object' ? (value ?? undefined) : undefined);
    const values = Array.isArray(value) ? value : [value];
    return wanted.some((rule) => values.some((one) => holds(rule, one)));
  });
}

const operators: Readonly<Record<string, (argument: unknown, value: unknown) => boolean>> = {
  exists: (argument, value) => (value !== undefined) === argument,
  prefix: (argument, value) => typeof value === 'string' && value.startsWith(String(argument)),
  suffix: (argument, value) => typeof value === 'string' && value.endsWith(String(argument)),
  wildcard: (argument, value) => typeof value === 'string' && wildcard(String(argument)).test(value),
  'equals-ignore-case': (argument, value) =>
    typeof value === 'string' && value.toLowerCase() === String(argument).toLowerCase(),
  'anything-but': (argument, value) => value !== undefined && ![argument].flat().some((rule) => holds(rule, value)),
};

function holds(rule: unknown, value: unknown): boolean {
  if (typeof rule !== 'object' || rule === null) return rule === value;
  const [[operator = '', argument] = []] = Object.entries(rule);
  const test = operators[operator];
  if (!test) throw new Error(`The event pattern operator ${operator} is not known on this computer`);
  return test(argument, value);
}

function wildcard(text: string): RegExp {
  return new RegExp(`^${text.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`, 's');
}
