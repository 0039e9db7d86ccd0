import type { Mac, PublicKeySignature } from '../../../shared/providers/webhooks.ts';
import type { Incoming } from '../../../shared/webhooks/verify.ts';
import { type Dice, type Form, type Genuine, genuineOf, keyOf, NOW_MS, signed } from './genuine.ts';
import { headerOf, type Mark, markOf, seconds, withHeader, withTimes } from './marks.ts';

/** Makes a forgery of a genuine request. */
type Mutator = (genuine: Genuine, form: Form, dice: Dice) => Partial<Genuine>;
type Change = (request: Incoming, form: Form, dice: Dice) => Partial<Incoming>;

const change =
  (make: Change): Mutator =>
  (genuine, form, dice) => ({ request: { ...genuine.request, ...make(genuine.request, form, dice) } });

const pick = <T>(dice: Dice, from: readonly T[]): T => from[dice(from.length)] as T;
const flip = (bytes: Buffer, dice: Dice): Buffer => {
  const flipped = Buffer.from(bytes);
  const at = dice(flipped.length);
  flipped[at] = (flipped[at] ?? 0) ^ (1 << dice(8));
  return flipped;
};

const marked = (make: (mark: Mark, form: Form, dice: Dice) => string | undefined): Mutator =>
  change((request, form, dice) => {
    const mark = markOf(form, request);
    return mark.write(make(mark, form, dice));
  });

const oddTimes = (form: Form): string[] => {
  const now = seconds(form, NOW_MS / 1000);
  const other = now.length > 10 ? now.slice(0, 10) : `${now}000`; // s for ms, ms for s
  return [
    other,
    `0x${Number(now).toString(16)}`,
    `${now}.0`,
    '1.7e9',
    ` ${now}`,
    `+${now}`,
    `0${now}`,
    `${now}abc`,
    `-${now}`,
    '',
  ];
};

/** Fits any form. */
const ofAll: Record<string, Mutator> = {
  'mark dropped': marked(() => undefined),
  'mark emptied': marked(({ prefix }, _form, dice) => pick(dice, ['', ' ', prefix])),
  'mark truncated': marked(({ prefix, text }, _form, dice) => prefix + text.slice(0, dice(text.length))),
  'mark extended': marked(({ prefix, text }, { signature }, dice) => {
    const more = pick(dice, ['0', '00', 'zz', '=', ' ', '%00', 'f'.repeat(10_000)]);
    const isEmptyEntry = 'list' in signature && signature.list === more;
    return prefix + text + (isEmptyEntry ? '!' : more);
  }),
  'mark in other case': marked(({ prefix, text }) => prefix + text.toUpperCase()),
  'bit flipped in the mark': marked(({ prefix, text }, _form, dice) => prefix + flip(Buffer.from(text), dice)),
  'mark behind another prefix': marked(
    ({ text }, _form, dice) =>
      pick(dice, ['sha1=', 'sha512=', 'v2=', 'v0,', 'v1a,', 'none=', 'V0=', 'SHA256=', 'bearer ', 'Digest ']) + text,
  ),
  'header smuggled': marked(
    ({ prefix, text }, _form, dice) => `${prefix}${text}${pick(dice, ['\r\nx: y', '\0', '\n', '\t'])}`,
  ),
  'foreign key': (genuine, form) => resigned(genuine, form, 'foreign'),
  'keys of another tenant': (_genuine, { signature }) => ({ secrets: [keyOf(signature, 'foreign').known] }),
  'no key set': () => ({ secrets: [] }),
  'empty key': (genuine, form) =>
    form.signature.kind === 'ed25519' || form.signature.kind === 'ecdsa'
      ? { secrets: [''] }
      : { ...resigned(genuine, form, { signs: '' }), secrets: [''] },
};

/** Fits where the mark stands in a header. */
const ofHeaders: Record<string, Mutator> = {
  'header twice': change((request, { signature }) => {
    const name = headerOf(signature);
    return withHeader(request, name, `${request.headers[name]},${request.headers[name]}`);
  }),
  'required header dropped': change((request, form, dice) =>
    withHeader(request, pick(dice, requiredHeaders(form)), undefined),
  ),
  'required header twice': change((request, form, dice) => {
    const name = pick(dice, requiredHeaders(form));
    return withHeader(request, name, `${request.headers[name]},${request.headers[name]}`);
  }),
};

/** Fits where what was sent is signed. */
const ofSigned: Record<string, Mutator> = {
  'bit flipped in the body': change(({ bytes }, _form, dice) => ({ bytes: flip(bytes, dice) })),
  'body truncated': change(({ bytes }, _form, dice) => ({ bytes: bytes.subarray(0, dice(bytes.length)) })),
  'body extended': change(({ bytes }, _form, dice) => ({ bytes: Buffer.concat([bytes, Buffer.from([dice(256)])]) })),
  'body in other JSON spelling': change(({ bytes }) => ({ bytes: respell(bytes) })),
  'body decoded and encoded': change(({ bytes }) => ({ bytes: Buffer.from(bytes.toString('utf8').normalize('NFD')) })),
  'body as base64': change(({ bytes }) => ({ bytes: Buffer.from(bytes.toString('base64')) })),
  'body of another request': change((_request, form, dice) => ({ bytes: genuineOf(form, dice).request.bytes })),
  'body emptied': change(() => ({ bytes: Buffer.alloc(0) })),
  'bit flipped in the signature': marked(({ prefix, text }, { signature }, dice) => {
    const { encoding } = signature as Mac;
    return prefix + flip(Buffer.from(text, encoding), dice).toString(encoding);
  }),
  'signature in other encoding': marked(({ prefix, text }, { signature }) => {
    const { encoding } = signature as Mac;
    return prefix + Buffer.from(text, encoding).toString(encoding === 'hex' ? 'base64' : 'hex');
  }),
  'signature of zeros': marked(({ prefix, text }) => prefix + '0'.repeat(text.length)),
  'signature of another hash': (genuine, form) =>
    'hash' in form.signature ? resigned(genuine, form, 'now', form.signature.hash === 'sha1' ? 'sha256' : 'sha1') : {},
  'list of wrong signatures': marked(({ prefix, text }, { signature }, dice) => {
    const { list = ',' } = signature as Mac;
    const wrong = prefix + '0'.repeat(text.length);
    return pick(dice, [[wrong, wrong], [wrong, ''], Array(12).fill(wrong)]).join(list);
  }),
  'list where there is none, or too long': marked(({ prefix, text }, { signature }, dice) => {
    const { list } = signature as Mac;
    const right = prefix + text;
    if (list) return [right, ...Array(10 + dice(1000)).fill(right)].join(list);
    return pick(dice, [`${right},${right}`, `${right} ${right}`, `${right};`, `x=1,${right}`]);
  }),
};

/** Fits where a time is signed. */
const ofTimed: Record<string, Mutator> = {
  'time changed': change((request, form, dice) =>
    withTimes(request, form, seconds(form, NOW_MS / 1000 + 301 - dice(602))),
  ),
  'time too old': (genuine, _form, dice) => ({ ...genuine, nowMs: NOW_MS + (601 + dice(10 ** 6)) * 1000 }),
  'time too new': (genuine, _form, dice) => ({ ...genuine, nowMs: NOW_MS - (601 + dice(10 ** 6)) * 1000 }),
  'time in another form': (genuine, form, dice) =>
    resigned(genuine, form, 'now', undefined, pick(dice, oddTimes(form))),
  'time dropped': change((request, form) => withTimes(request, form)),
  'time twice': change((request, form) => {
    const now = seconds(form, NOW_MS / 1000);
    return withTimes(request, form, now, now);
  }),
};

/** Fits where a header is signed before the time (D-09). */
const ofIds: Record<string, Mutator> = {
  'sign moved over the separator': (genuine, form, dice) => {
    const [now, next] = [0, 1 + dice(200)].map((more) => seconds(form, NOW_MS / 1000 + more)) as [string, string];
    const [id = ''] = form.signature.requires ?? [];
    const bytes = Buffer.from(`${next}.${genuine.request.bytes.toString('latin1')}`, 'latin1');
    const { headers, ...request } = signed(form, { ...genuine.request, bytes }, 'now', now);
    const moved = { ...request, headers: { ...headers, [id]: `${headers[id]}.${now}` } };
    return { request: { ...moved, ...withTimes(moved, form, next), bytes: bytes.subarray(next.length + 1) } };
  },
};

/** Fits where the URL is signed. */
const ofUrl: Record<string, Mutator> = {
  'URL changed': change(({ url = '' }, _form, dice) => ({
    url: pick(dice, [
      `${url}&x=1`,
      url.replace('?', '/?'),
      url.replace('https:', 'http:'),
      url.replace('.com', '.com.evil.example'),
      url.replace('.com', '.com:8443'),
      url.replace('sender', 'other'),
      url.split('?')[0] ?? '',
      `${url}#x`,
      url.toUpperCase(),
    ]),
  })),
  'URL unknown': change(() => ({ url: undefined })),
};

const ofMethod: Record<string, Mutator> = {
  'method changed': change((_request, _form, dice) => ({ method: pick(dice, ['PUT', 'GET', 'post']) })),
};

/** Fits where the hub's address may be asked in a stronger form too. */
const ofWeaker: Record<string, Mutator> = {
  'a stronger form shown, and wrong': change((request, { webhooks, index }) => {
    const [stronger] = webhooks.signatures.slice(0, index);
    if (stronger?.when || !stronger || !('header' in stronger || 'at' in stronger)) return {};
    const name = 'header' in stronger ? stronger.header : headerOf(stronger as Form['signature']);
    const entry = `${stronger.prefix ?? ''}${'0'.repeat(64)}`;
    const time =
      'timestamp' in stronger && stronger.timestamp ? { [stronger.timestamp.header]: String(NOW_MS / 1000) } : {};
    return { headers: { ...request.headers, [name]: entry, ...time } };
  }),
};

/** Returns what fits this form. */
export function mutatorsOf({ signature, index }: Form): Record<string, Mutator> {
  const parts = 'signed' in signature ? signature.signed : [];
  const isTimed = 'timestamp' in signature && signature.timestamp !== undefined;
  return {
    ...ofAll,
    ...(headerOf(signature) && ofHeaders),
    ...('signed' in signature && ofSigned),
    ...(isTimed && ofTimed),
    ...(parts.some((part) => typeof part === 'object' && 'header' in part) && ofIds),
    ...(parts.includes('url') && ofUrl),
    ...(parts.includes('method') && ofMethod),
    ...(index > 0 && ofWeaker),
  };
}

function resigned(
  { request }: Genuine,
  form: Form,
  key: Parameters<typeof signed>[2],
  hash?: Mac['hash'],
  time = seconds(form, NOW_MS / 1000),
): Partial<Genuine> {
  return { request: signed(form, request, key, time, hash) };
}

function requiredHeaders({ signature }: Form): string[] {
  const time = 'timestamp' in signature ? signature.timestamp?.header : undefined;
  const shown = signature.when && 'header' in signature.when ? [signature.when.header] : [];
  return [headerOf(signature), ...(time ? [time] : []), ...(signature.requires ?? []), ...shown];
}

function respell(bytes: Buffer): Buffer {
  try {
    return Buffer.from(JSON.stringify(JSON.parse(bytes.toString('utf8')), null, 1));
  } catch {
    return Buffer.from(` ${bytes.toString('latin1')}`, 'latin1');
  }
}

/** Returns whether the dice changed nothing that the sender vouches for: that is no forgery. */
export function sameClaim({ signature }: Form, before: Genuine, after: Genuine): boolean {
  if (before.nowMs !== after.nowMs || before.secrets !== after.secrets) return false;
  const [a, b] = [before.request, after.request];
  if (passwordOf(signature, a) !== undefined) return passwordOf(signature, a) === passwordOf(signature, b);
  const names = new Set([...Object.keys(a.headers), ...Object.keys(b.headers)]);
  if ([...names].some((name) => a.headers[name] !== b.headers[name])) return false;
  if (a.url !== b.url || a.method !== b.method) return false;
  const isForm = 'signed' in signature && (signature as PublicKeySignature).signed.includes('form');
  return isForm ? fieldsOf(a) === fieldsOf(b) : a.bytes.equals(b.bytes);
}

/** All that counts of Basic: not the name before it. */
function passwordOf(signature: Form['signature'], { headers }: Incoming): string | undefined {
  if (signature.kind !== 'token' || signature.form !== 'basic') return undefined;
  const text = headers[headerOf(signature)] ?? '';
  const prefix = signature.prefix ?? '';
  const password = Buffer.from(text.slice(prefix.length), 'base64').toString().split(':').slice(1).join(':');
  return JSON.stringify([text.startsWith(prefix), password]);
}

function fieldsOf({ bytes }: Incoming): string {
  return JSON.stringify([...new URLSearchParams(bytes.toString('utf8'))].sort());
}
