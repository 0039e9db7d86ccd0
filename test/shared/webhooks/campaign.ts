import type { verify } from '../../../shared/webhooks/verify.ts';
import { type Dice, diceOf, type Form, type Genuine, genuineOf } from './genuine.ts';
import { mutatorsOf, sameClaim } from './mutators.ts';

/** What a verifier did wrong: forgeries it took, genuine requests it refused, requests it broke at. */
export interface Verdict {
  readonly accepted: Record<string, number>;
  readonly refused: string[];
  readonly crashed: string[];
  readonly mutants: number;
}

/** Mutants of one genuine request: signing costs more than judging. */
const LITTER = 24;

/** Runs one verifier over `mutants` forgeries of one form and `genuine` real requests; the same seed gives the same run. */
export function campaign(
  form: Form,
  verifier: typeof verify,
  { seed, mutants, genuine }: { readonly seed: number; readonly mutants: number; readonly genuine: number },
): Verdict {
  const dice = diceOf(seed);
  const verdict: Verdict = { accepted: {}, refused: [], crashed: [], mutants };
  const judge = ({ request, secrets, nowMs }: Genuine, name: string) => {
    try {
      return verifier(form.webhooks, request, secrets, nowMs).ok;
    } catch {
      verdict.crashed.push(name);
      return undefined;
    }
  };
  for (let n = 0; n < genuine; n++) {
    const one = genuineOf(form, dice);
    if (judge(one, 'genuine') === false) verdict.refused.push(one.request.bytes.toString('hex').slice(0, 40));
  }
  for (const [name, mutant] of forgeries(form, dice, mutants)) {
    if (judge(mutant, name)) verdict.accepted[name] = (verdict.accepted[name] ?? 0) + 1;
  }
  return verdict;
}

/** Returns forgeries of one form, and what was done to each. */
export function* forgeries(form: Form, dice: Dice, count: number): Generator<readonly [name: string, mutant: Genuine]> {
  const mutators = Object.entries(mutatorsOf(form));
  let original = genuineOf(form, dice);
  for (let n = 0, turn = 0; n < count; turn++) {
    if (turn % LITTER === 0) original = genuineOf(form, dice);
    const [name, mutate] = mutators[dice(mutators.length)] ?? [];
    if (!name || !mutate) return;
    const mutant = { ...original, ...mutate(original, form, dice) };
    if (sameClaim(form, original, mutant)) continue;
    n += 1;
    yield [name, mutant];
  }
}
