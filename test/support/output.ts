import { vi } from 'vitest';

/** Takes what is logged and measured from now on, instead of printing it: Powertools writes past `console`. */
export function captureOutput() {
  const out = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  const err = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  return {
    /** JSON lines so far. */
    lines: (): Record<string, unknown>[] =>
      [...out.mock.calls, ...err.mock.calls]
        .flatMap(([text]) => String(text).split('\n'))
        .filter((line) => line.startsWith('{'))
        .map((line) => JSON.parse(line)),
    restore: () => {
      out.mockRestore();
      err.mockRestore();
    },
  };
}
