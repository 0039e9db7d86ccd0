import { isUtf8 } from 'node:buffer';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { verify } from '../../../shared/webhooks/verify.ts';
import { forgeries } from './campaign.ts';
import { diceOf, type Genuine, genuineOf } from './genuine.ts';
import { mutatorsOf } from './mutators.ts';
import { formOf, official } from './official.ts';

// The same requests, genuine and forged, before the hub's verifier and the provider's own: they must agree, apart from what is
// named here. `takes` and `refuses` are what the official one does otherwise, by what was done to the request.

interface Known {
  readonly takes?: Readonly<Record<string, string>>;
  readonly refuses?: Readonly<Record<string, string>>;
}

const decodes = { 'a body that is not UTF-8': 'it decodes the body before it signs it' };
const future = { 'time too new': 'it compares the age alone, and a time to come has none' };
const unread = {
  'required header dropped': 'it is not handed the header',
  'required header twice': 'it is not handed the header',
};
const emptyKey = { 'empty key': 'an empty secret signs' };
const severalHeaders = {
  'header twice': 'joined by a comma, it is one list',
  'required header twice': 'joined by a comma, it is one list',
  'list where there is none, or too long': 'a list has no end',
};
const standard: Known = {
  takes: { ...severalHeaders, 'sign moved over the separator': 'an id may hold the separator' },
  refuses: decodes,
};
const twilio = { 'URL changed': 'it takes the port away', ...emptyKey };

const exceptions: Readonly<Record<string, Known>> = {
  stripe: {
    takes: {
      ...future,
      ...severalHeaders,
      'mark extended': 'it drops what stands behind a second equals sign',
      'time in another form': 'it reads as much of a number as there is',
    },
    refuses: { ...decodes, 'a body with a byte order mark': 'it drops the mark before it signs' },
  },
  github: { takes: unread, refuses: decodes },
  slack: {
    takes: {
      ...future,
      'mark extended': 'it drops what stands behind a second equals sign',
      'time in another form': 'it compares the text as whatever number it is',
    },
    refuses: decodes,
  },
  'standard-webhooks': standard,
  resend: standard,
  'twilio, JSON': { takes: twilio, refuses: decodes },
  'twilio, form': { takes: twilio },
  sendgrid: {
    takes: {
      ...future,
      'time too old': 'it compares no time',
      'time in another form': 'it compares no time',
      'mark extended': 'it decodes the signature leniently',
      'header smuggled': 'it decodes the signature leniently',
      'header twice': 'it decodes the signature leniently, and reads the first',
      'required header twice': 'it decodes the signature leniently, and reads the first',
      'list where there is none, or too long': 'it decodes the signature leniently, and reads the first',
    },
    refuses: decodes,
  },
  'hubspot, v3': {
    takes: { ...future, ...emptyKey, 'time in another form': 'it compares the text as whatever number it is' },
    refuses: decodes,
  },
  'hubspot, v2': {
    takes: { ...unread, ...emptyKey, 'a stronger form shown, and wrong': 'it looks at the form it is told of alone' },
  },
  'hubspot, v1': {
    takes: { ...unread, ...emptyKey, 'a stronger form shown, and wrong': 'it looks at the form it is told of alone' },
  },
  discord: {
    takes: {
      ...future,
      'time too old': 'it compares no time',
      'time in another form': 'it compares no time',
      'header smuggled': 'it decodes the signature leniently',
      'mark in other case': 'it decodes the signature leniently',
    },
  },
  notion: {
    takes: {
      'mark in other case': 'it takes hex in either case',
      'bit flipped in the mark': 'it takes hex in either case, and that bit was the case',
    },
  },
};

/** Where one question takes milliseconds. */
const slow: Readonly<Record<string, number>> = { sendgrid: 80, discord: 200 };
const SEED = 20_261_120;

const cases = Object.keys(official).map((name) => ({ name, form: formOf(name) }));

beforeAll(() => void vi.useFakeTimers({ toFake: ['Date'] }));
afterAll(() => void vi.useRealTimers());

async function ask(name: string, { request, secrets, nowMs }: Genuine): Promise<boolean> {
  vi.setSystemTime(nowMs);
  for (const secret of secrets) {
    try {
      if (await official[name]?.(request, secret)) return true;
    } catch {
      // it broke: that is no yes
    }
  }
  return false;
}

describe('the official verifier', () => {
  test.each(cases)(
    'of $name says the same of genuine and forged requests, but for what is named',
    async ({ name, form }) => {
      const dice = diceOf(SEED);
      const count = slow[name] ?? 700;
      const seen = { takes: new Set<string>(), refuses: new Set<string>() };
      for (let n = 0; n < count / 4; n++) {
        const one = genuineOf(form, dice);
        expect(verify(form.webhooks, one.request, one.secrets, one.nowMs).ok).toBe(true);
        if (!(await ask(name, one))) seen.refuses.add(kindOf(one));
      }
      for (const [what, mutant] of forgeries(form, dice, count)) {
        expect([what, verify(form.webhooks, mutant.request, mutant.secrets, mutant.nowMs).ok]).toEqual([what, false]);
        if (await ask(name, mutant)) seen.takes.add(what);
      }
      const { takes = {}, refuses = {} } = exceptions[name] ?? {};
      expect(Object.keys(takes)).toEqual(expect.arrayContaining([...seen.takes]));
      expect(Object.keys(refuses)).toEqual(expect.arrayContaining([...seen.refuses]));
    },
  );

  test.each(cases)('of $name: what is named is something that is done to its requests', ({ name, form }) => {
    const { takes = {} } = exceptions[name] ?? {};
    expect(Object.keys(mutatorsOf(form))).toEqual(expect.arrayContaining(Object.keys(takes)));
  });
});

function kindOf({ request: { bytes } }: Genuine): string {
  if (!isUtf8(bytes)) return 'a body that is not UTF-8';
  return bytes[0] === 0xef ? 'a body with a byte order mark' : 'a body';
}
