import type { Webhooks } from '../../../shared/providers/webhooks.ts';
import type { Incoming, verify } from '../../../shared/webhooks/verify.ts';
import { sign } from '../../support/samples.ts';

/** What a verifier did wrong: forgeries it took, genuine requests it refused, requests it broke at. */
export interface Verdict {
  readonly accepted: Record<string, number>;
  readonly refused: string[];
  readonly crashed: string[];
  readonly mutants: number;
}

type Dice = (below: number) => number;

interface Genuine {
  readonly request: Incoming;
  readonly secrets: readonly string[];
  readonly nowMs: number;
}

const NOW_MS = 1_700_000_000_000;
const SECRET = 'the-secret-that-is-used-now';
const OLDER = 'the-secret-that-was-used-before';
const FOREIGN = 'the-secret-of-somebody-else';

/** Runs one verifier over `mutants` forgeries and `genuine` real requests; the same seed gives the same run. */
export function campaign(
  webhooks: Webhooks,
  verifier: typeof verify,
  { seed, mutants, genuine }: { readonly seed: number; readonly mutants: number; readonly genuine: number },
): Verdict {
  const dice = diceOf(seed);
  const verdict: Verdict = { accepted: {}, refused: [], crashed: [], mutants };
  const judge = (request: Incoming, secrets: readonly string[], nowMs: number, name: string) => {
    try {
      return verifier(webhooks, request, secrets, nowMs).ok;
    } catch {
      verdict.crashed.push(name);
      return undefined;
    }
  };
  for (let n = 0; n < genuine; n++) {
    const { request, secrets, nowMs } = genuineOf(webhooks, dice);
    if (judge(request, secrets, nowMs, 'genuine') === false)
      verdict.refused.push(request.bytes.toString('hex').slice(0, 40));
  }
  const names = Object.keys(mutators).filter((name) => webhooks.signature.timestamp || !timed.has(name));
  for (let n = 0; n < mutants; ) {
    const name = names[n % names.length] ?? '';
    const original = genuineOf(webhooks, dice);
    const mutant = { ...original, ...mutators[name]?.(original, webhooks, dice) };
    if (sameClaim(webhooks, original, mutant)) continue; // the dice changed nothing: not a forgery
    n++;
    if (judge(mutant.request, mutant.secrets, mutant.nowMs, name))
      verdict.accepted[name] = (verdict.accepted[name] ?? 0) + 1;
  }
  return verdict;
}

/** A provider's request: a body of any shape, signed with either secret, now or within the tolerance. */
function genuineOf(webhooks: Webhooks, dice: Dice): Genuine {
  const bytes = bodies[dice(bodies.length)]?.(dice) ?? Buffer.alloc(0);
  const ageS = webhooks.signature.timestamp ? dice(601) - 300 : 0;
  const timestamp = String(NOW_MS / 1000 - ageS);
  const request = {
    headers: {
      'content-type': 'application/json',
      'x-github-event': 'issues',
      'x-github-delivery': `72d3162e-cc78-11e3-81ab-${dice(10 ** 9)}`,
      ...sign(webhooks, dice(4) === 0 ? OLDER : SECRET, bytes, { timestamp }),
    },
    bytes,
  };
  return { request, secrets: [SECRET, OLDER], nowMs: NOW_MS };
}

const bodies: ((dice: Dice) => Buffer)[] = [
  (dice) =>
    Buffer.from(JSON.stringify({ id: dice(10 ** 9), text: 'Grüße 👋', nested: { list: [1, 2.5, null, true] } })),
  (dice) => Buffer.from(`{ "b" : ${dice(100)} ,\n "a":"\\u00fc", "a": 2, "big": 123456789012345678901234567890 }`),
  (dice) => Buffer.from(`\ufeff{"bom":${dice(100)}}`),
  (dice) =>
    Buffer.concat([Buffer.from('{"raw":"'), Buffer.from([0xff, 0xfe, 0xc3, 0x28, dice(256)]), Buffer.from('"}')]),
  (dice) => Buffer.from(`payload=${encodeURIComponent(JSON.stringify({ n: dice(10 ** 6), s: 'a & b' }))}`),
  (dice) => Buffer.from(Array.from({ length: 1 + dice(200) }, () => dice(256))),
];

type Mutator = (genuine: Genuine, webhooks: Webhooks, dice: Dice) => Partial<Genuine>;

const withHeader = ({ request }: Genuine, name: string, value: string | undefined): Partial<Genuine> => ({
  request: { ...request, headers: { ...request.headers, [name]: value } },
});
const withBody = ({ request }: Genuine, bytes: Buffer): Partial<Genuine> => ({ request: { ...request, bytes } });
const macOf = ({ request }: Genuine, { signature }: Webhooks) =>
  (request.headers[signature.header] ?? '').slice(signature.prefix?.length ?? 0);
const withMac = (genuine: Genuine, webhooks: Webhooks, mac: string) =>
  withHeader(genuine, webhooks.signature.header, `${webhooks.signature.prefix ?? ''}${mac}`);
const timeHeader = ({ signature }: Webhooks) => signature.timestamp?.header ?? '';
const resigned = (genuine: Genuine, webhooks: Webhooks, secret: string, timestamp?: string): Partial<Genuine> => ({
  request: {
    ...genuine.request,
    headers: {
      ...genuine.request.headers,
      ...sign(webhooks, secret, genuine.request.bytes, {
        timestamp: timestamp ?? genuine.request.headers[timeHeader(webhooks)],
      }),
    },
  },
});

/** Only where the scheme signs a time. */
const timed = new Set([
  'time changed',
  'time too old',
  'time too new',
  'time in another form',
  'time dropped',
  'time twice',
]);

const mutators: Record<string, Mutator> = {
  'bit flipped in the body': (genuine, _webhooks, dice) => {
    const bytes = Buffer.from(genuine.request.bytes);
    const at = dice(bytes.length);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << dice(8));
    return withBody(genuine, bytes);
  },
  'body truncated': (genuine, _webhooks, dice) =>
    withBody(genuine, genuine.request.bytes.subarray(0, dice(genuine.request.bytes.length))),
  'body extended': (genuine, _webhooks, dice) =>
    withBody(genuine, Buffer.concat([genuine.request.bytes, Buffer.from([dice(256)])])),
  'body in other JSON spelling': (genuine) => withBody(genuine, respell(genuine.request.bytes)),
  'body decoded and encoded': (genuine) =>
    withBody(genuine, Buffer.from(genuine.request.bytes.toString('utf8').normalize('NFD'))),
  'body as base64': (genuine) => withBody(genuine, Buffer.from(genuine.request.bytes.toString('base64'))),
  'body of another request': (genuine, webhooks, dice) => withBody(genuine, genuineOf(webhooks, dice).request.bytes),
  'body emptied': (genuine) => withBody(genuine, Buffer.alloc(0)),
  'bit flipped in the signature': (genuine, webhooks, dice) => {
    const { encoding } = webhooks.signature;
    const mac = Buffer.from(macOf(genuine, webhooks), encoding);
    const at = dice(mac.length);
    mac[at] = (mac[at] ?? 0) ^ (1 << dice(8));
    return withMac(genuine, webhooks, mac.toString(encoding));
  },
  'signature truncated': (genuine, webhooks, dice) =>
    withMac(genuine, webhooks, macOf(genuine, webhooks).slice(0, dice(64))),
  'signature extended': (genuine, webhooks, dice) =>
    withMac(
      genuine,
      webhooks,
      macOf(genuine, webhooks) + ['0', '00', 'zz', '=', ' ', '%00', 'f'.repeat(10_000)][dice(7)],
    ),
  'signature in other case': (genuine, webhooks) => withMac(genuine, webhooks, macOf(genuine, webhooks).toUpperCase()),
  'signature in other encoding': (genuine, webhooks) =>
    withMac(genuine, webhooks, Buffer.from(macOf(genuine, webhooks), 'hex').toString('base64')),
  'signature of zeros': (genuine, webhooks) => withMac(genuine, webhooks, '0'.repeat(64)),
  'signature of a weaker hash': (genuine, webhooks) => ({
    ...genuine,
    request: {
      ...genuine.request,
      headers: { ...genuine.request.headers, ...sign(webhooks, SECRET, genuine.request.bytes, { hash: 'sha1' }) },
    },
  }),
  'signature prefix of another version': (genuine, webhooks, dice) =>
    withHeader(
      genuine,
      webhooks.signature.header,
      ['sha1=', 'sha512=', 'v1=', 'v1a,', 'none=', '', 'V0=', 'SHA256='][dice(8)] + macOf(genuine, webhooks),
    ),
  'signature list': (genuine, webhooks, dice) => {
    const right = genuine.request.headers[webhooks.signature.header] ?? '';
    const wrong = `${webhooks.signature.prefix ?? ''}${'0'.repeat(64)}`;
    return withHeader(
      genuine,
      webhooks.signature.header,
      [`${wrong},${right}`, `${right},${wrong}`, `${right} ${wrong}`, `${right};`][dice(4)],
    );
  },
  'signature dropped': (genuine, webhooks) => withHeader(genuine, webhooks.signature.header, undefined),
  'signature emptied': (genuine, webhooks, dice) =>
    withHeader(genuine, webhooks.signature.header, ['', ' ', webhooks.signature.prefix ?? ''][dice(3)]),
  'foreign secret': (genuine, webhooks) => resigned(genuine, webhooks, FOREIGN),
  'empty secret': (genuine, webhooks) => ({ ...resigned(genuine, webhooks, ''), secrets: [''] }),
  'no secret set': () => ({ secrets: [] }),
  'secret in other case': (genuine, webhooks) => resigned(genuine, webhooks, SECRET.toUpperCase()),
  'secrets swapped for those of another tenant': () => ({ secrets: [FOREIGN] }),
  'required header dropped': (genuine, webhooks, dice) => {
    const names = requiredHeaders(webhooks);
    return withHeader(genuine, names[dice(names.length)] ?? '', undefined);
  },
  'required header twice': (genuine, webhooks, dice) => {
    const names = requiredHeaders(webhooks);
    const name = names[dice(names.length)] ?? '';
    return withHeader(genuine, name, `${genuine.request.headers[name]},${genuine.request.headers[name]}`);
  },
  'header smuggled': (genuine, webhooks, dice) => {
    const name = webhooks.signature.header;
    return withHeader(genuine, name, `${genuine.request.headers[name]}${['\r\nx: y', '\0', '\n', '\t'][dice(4)]}`);
  },
  'time changed': (genuine, webhooks, dice) =>
    withHeader(genuine, timeHeader(webhooks), String(NOW_MS / 1000 + 1 + dice(299))),
  'time too old': (genuine, _webhooks, dice) => ({ ...genuine, nowMs: NOW_MS + (601 + dice(10 ** 6)) * 1000 }),
  'time too new': (genuine, _webhooks, dice) => ({ ...genuine, nowMs: NOW_MS - (601 + dice(10 ** 6)) * 1000 }),
  'time in another form': (genuine, webhooks, dice) =>
    resigned(
      genuine,
      webhooks,
      SECRET,
      [
        '1700000000000',
        '0x6553f100',
        '1700000000.0',
        '1.7e9',
        ' 1700000000',
        '+1700000000',
        '01700000000',
        '1700000000abc',
        '-1700000000',
        '',
      ][dice(10)],
    ),
  'time dropped': (genuine, webhooks) => withHeader(genuine, timeHeader(webhooks), undefined),
  'time twice': (genuine, webhooks) => withHeader(genuine, timeHeader(webhooks), '1700000000,1700000000'),
};

function requiredHeaders({ signature, eventId, eventType }: Webhooks): string[] {
  const named = [...eventId, ...eventType].flatMap((place) => ('header' in place ? [place.header] : []));
  return [signature.header, ...(signature.timestamp ? [signature.timestamp.header] : []), ...named];
}

function respell(bytes: Buffer): Buffer {
  try {
    return Buffer.from(JSON.stringify(JSON.parse(bytes.toString('utf8')), null, 1));
  } catch {
    return Buffer.from(` ${bytes.toString('latin1')}`, 'latin1');
  }
}

function sameClaim(webhooks: Webhooks, before: Genuine, after: Genuine): boolean {
  const same = requiredHeaders(webhooks).every((name) => before.request.headers[name] === after.request.headers[name]);
  const context = before.nowMs === after.nowMs && before.secrets === after.secrets;
  return same && context && before.request.bytes.equals(after.request.bytes);
}

/** mulberry32: small, seeded, good enough to spread mutants. */
function diceOf(seed: number): Dice {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % Math.max(1, below);
  };
}
