import { verify } from '../../shared/webhooks/verify.ts';
import { diceOf, type Form, genuineOf, NOW_MS } from '../shared/webhooks/genuine.ts';
import { formOf, official } from '../shared/webhooks/official.ts';

export interface Verified {
  readonly sender: string;
  /** Requests judged in a second of CPU time, one after the other. */
  readonly ours: number;
  readonly theirs: number;
  readonly ratio: number;
}

const BODY_BYTES = 2_000;
const ROUNDS = 15;
/** Judged between two looks at the clock. */
const STRIDE = 10;

/** Returns how many genuine requests of 2 kB the hub's verifier judges in a second, and the provider's own: medians of turns
 *  that the two take, `turnMs` each, over the same requests. */
export async function verifiedPerSecond(turnMs = 30): Promise<readonly Verified[]> {
  const { now } = Date;
  Date.now = () => NOW_MS; // when the requests were signed
  try {
    const results: Verified[] = [];
    for (const [sender, theirs] of Object.entries(official)) results.push(await compare(sender, theirs, turnMs));
    return results;
  } finally {
    Date.now = now;
  }
}

async function compare(sender: string, theirs: (typeof official)[string], turnMs: number): Promise<Verified> {
  const form = formOf(sender);
  const { request, secrets } = genuineOf(form, diceOf(1), bodyFor(form));
  const secret = secrets.find((one) => verify(form.webhooks, request, [one], NOW_MS).ok) ?? '';
  const judges = {
    ours: () => verify(form.webhooks, request, [secret], NOW_MS).ok,
    theirs: () => theirs(request, secret),
  };
  const turns = { ours: [] as number[], theirs: [] as number[] };
  for (let round = 0; round < ROUNDS; round++) {
    for (const side of ['ours', 'theirs'] as const) turns[side].push(await perSecond(judges[side], turnMs));
  }
  const [ours, other] = [median(turns.ours), median(turns.theirs)];
  return { sender, ours: Math.round(ours), theirs: Math.round(other), ratio: ours / other };
}

/** Of CPU time: whatever else the computer does is no matter then. */
async function perSecond(judge: () => boolean | Promise<boolean>, turnMs: number): Promise<number> {
  const before = process.cpuUsage();
  for (let count = 0; ; count++) {
    const { user, system } = process.cpuUsage(before);
    if (count > 0 && user + system >= turnMs * 1000) return (count * STRIDE * 1e6) / (user + system);
    for (let n = 0; n < STRIDE; n++) {
      const verdict = judge();
      if (!(typeof verdict === 'boolean' ? verdict : await verdict)) throw new Error('a genuine request was refused');
    }
  }
}

/** As such bodies are: a form has some twenty short fields. */
function bodyFor({ signature }: Form): Buffer {
  const isForm = 'signed' in signature && signature.signed.includes('form');
  const text = 'Größe geändert 📏, '.repeat(BODY_BYTES / (isForm ? 240 : 24));
  if (!isForm) return Buffer.from(JSON.stringify({ text }));
  const fields = Array.from({ length: 20 }, (_, n): [string, string] => [`Field${n}`, `value of this field, ${n}`]);
  return Buffer.from(new URLSearchParams([...fields, ['Body', text]]).toString());
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
