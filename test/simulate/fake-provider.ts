/** How a provider treats refresh tokens (requirements C.1). */
export interface Behaviour {
  readonly name: string;
  readonly rotates: 'always' | 'sometimes' | 'never';
  /** How long a used refresh token is still taken, in ms. */
  readonly graceMs: number;
  /** Within the grace: a new pair, or the one that was given before. */
  readonly graceReturns: 'new' | 'same';
  /** A used token beyond the grace: refused, or the whole family with it. */
  readonly reuse: 'refuse' | 'revoke family';
  /** Whether a revoked token takes its family along. */
  readonly revokes: 'token' | 'family';
}

export const behaviours: readonly Behaviour[] = [
  { name: 'strict', rotates: 'always', graceMs: 0, graceReturns: 'new', reuse: 'refuse', revokes: 'family' },
  { name: 'strict family', rotates: 'always', graceMs: 0, graceReturns: 'new', reuse: 'revoke family', revokes: 'token' },
  { name: 'grace 30 s', rotates: 'always', graceMs: 30_000, graceReturns: 'new', reuse: 'revoke family', revokes: 'family' },
  { name: 'grace 60 s', rotates: 'always', graceMs: 60_000, graceReturns: 'new', reuse: 'revoke family', revokes: 'token' },
  { name: 'grace 10 min', rotates: 'always', graceMs: 600_000, graceReturns: 'new', reuse: 'revoke family', revokes: 'family' },
  { name: 'same pair', rotates: 'always', graceMs: 600_000, graceReturns: 'same', reuse: 'refuse', revokes: 'family' },
  { name: 'sometimes', rotates: 'sometimes', graceMs: 0, graceReturns: 'new', reuse: 'refuse', revokes: 'family' },
  { name: 'never', rotates: 'never', graceMs: 0, graceReturns: 'new', reuse: 'refuse', revokes: 'family' },
]; // biome-ignore format: a table

interface Token {
  readonly kind: 'access' | 'refresh';
  readonly family: number;
  /** Greater for a later one. */
  readonly issue: number;
  usedAtMs?: number;
  successor?: Pair;
  dead: boolean;
}

export interface Pair {
  readonly access: string;
  readonly refresh?: string;
}

const LIFE_S = 3_600;

/** The authorization server and its memory: exact, and never at fault itself. */
export class FakeProvider {
  readonly behaviour: Behaviour;
  readonly tokens = new Map<string, Token>();
  readonly deadFamilies = new Set<number>();
  /** How often each refresh token was presented. */
  readonly presented = new Map<string, number>();
  refreshes = 0;
  #issue = 0;
  #family = 0;
  readonly #chance: () => number;

  constructor(behaviour: Behaviour, chance: () => number) {
    this.behaviour = behaviour;
    this.#chance = chance;
  }

  /** A new authorization. */
  authorize(): Required<Pair> {
    this.#family += 1;
    return { access: this.#give('access', this.#family), refresh: this.#give('refresh', this.#family) };
  }

  refresh(text: string, nowMs: number): { readonly status: number; readonly json: unknown } {
    this.refreshes += 1;
    this.presented.set(text, (this.presented.get(text) ?? 0) + 1);
    const token = this.tokens.get(text);
    if (!token || !this.accepts(text, nowMs)) {
      const reused = token?.usedAtMs !== undefined && this.behaviour.rotates !== 'never';
      if (token && reused && this.behaviour.reuse === 'revoke family') this.deadFamilies.add(token.family);
      return { status: 400, json: { error: 'invalid_grant' } };
    }
    const pair = this.#successorOf(token, nowMs);
    const answer = { access_token: pair.access, refresh_token: pair.refresh, token_type: 'bearer', expires_in: LIFE_S };
    return { status: 200, json: answer };
  }

  #successorOf(token: Token, nowMs: number): Pair {
    if (token.successor && this.behaviour.graceReturns === 'same') return token.successor;
    const { rotates } = this.behaviour;
    const rotated =
      token.usedAtMs !== undefined || rotates === 'always' || (rotates === 'sometimes' && this.#chance() < 0.4);
    const access = this.#give('access', token.family);
    if (rotates === 'never' || !rotated) return { access };
    token.usedAtMs ??= nowMs;
    token.successor = { access, refresh: this.#give('refresh', token.family) };
    return token.successor;
  }

  /** Whether this refresh token would be taken now. */
  accepts(text: string, nowMs: number): boolean {
    const token = this.tokens.get(text);
    if (!token || token.dead || token.kind !== 'refresh' || this.deadFamilies.has(token.family)) return false;
    return token.usedAtMs === undefined || nowMs - token.usedAtMs < this.behaviour.graceMs;
  }

  isAlive(text: string): boolean {
    const token = this.tokens.get(text);
    return token !== undefined && !token.dead && !this.deadFamilies.has(token.family);
  }

  revoke(text: string): void {
    const token = this.tokens.get(text);
    if (!token) return;
    token.dead = true;
    if (this.behaviour.revokes === 'family') this.deadFamilies.add(token.family);
  }

  issueOf(text: string): number {
    return this.tokens.get(text)?.issue ?? -1;
  }

  /** Refresh tokens that could still be used. */
  usable(nowMs: number): string[] {
    return [...this.tokens.keys()].filter((text) => this.accepts(text, nowMs));
  }

  #give(kind: Token['kind'], family: number): string {
    this.#issue += 1;
    const text = `${kind}-${this.#issue}`;
    this.tokens.set(text, { kind, family, issue: this.#issue, dead: false });
    return text;
  }
}
