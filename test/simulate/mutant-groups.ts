export interface Group {
  readonly modules: readonly string[];
  /** Those that are to notice: the quickest first, for the first that fails ends the rest. */
  readonly tests: readonly string[];
}

const modules = (feature: string, ...names: string[]) => names.map((name) => `shared/${feature}/${name}.ts`);
const tests = (feature: string, ...names: string[]) => names.map((name) => `test/shared/${feature}/${name}.test.ts`);

/** What a mutation score is asked of (design §9). */
export const groups: Readonly<Record<string, Group>> = {
  verify: {
    modules: modules('webhooks', 'verify', 'shown', 'signed', 'believe'),
    tests: [...tests('webhooks', 'claim', 'verify', 'believe'), ...tests('providers', 'webhooks-conformance')],
  },
  session: {
    modules: modules('connections', 'session', 'session-store', 'claim-state'),
    tests: tests('connections', 'session', 'session-store', 'claim-state', 'end-sessions'),
  },
  refresh: {
    modules: modules('connections', 'credential', 'refresh', 'lease', 'exchange', 'token-answer', 'keep'),
    tests: tests('connections', 'lease', 'token-answer', 'refresh', 'credential', 'aside'),
  },
  vault: {
    modules: modules('connections', 'vault', 'seal', 'data-key-store'),
    tests: tests('connections', 'vault', 'seal'),
  },
  'de-duplication': {
    modules: modules('webhooks', 'keep', 'store'),
    tests: tests('webhooks', 'store'),
  },
};
