import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nextDelayMs, retryAfterMs } from '../../../shared/core/backoff.ts';
import { realMoment } from '../../../shared/core/clock.ts';
import { decodeStrictly, equal, hmac, lengthPrefixed } from '../../../shared/core/crypto.ts';
import { ConnectionRef, connectionRef, newId, TenantId } from '../../../shared/core/ids.ts';
import { at, parseJson, textAt } from '../../../shared/core/json.ts';
import { Secret } from '../../../shared/core/secret.ts';

describe('ids', () => {
  test('A-51: tenant ids hold nothing that separates keys, and look-alikes stay different', () => {
    for (const id of ['abc', 'abcdef', 'ABC', 't_1', 'a.b~c-d']) expect(TenantId.safeParse(id).success).toBe(true);
    for (const id of ['', 'a#bc', '_unrouted', 'а́bc', 'a b', 'a/b', 'a:b', 'x'.repeat(65)]) {
      expect(TenantId.safeParse(id).success).toBe(false);
    }
  });

  test('a connection is spelled provider or provider:name, and back', () => {
    expect(ConnectionRef.parse('slack')).toEqual({ provider: 'slack', name: 'default' });
    expect(connectionRef(ConnectionRef.parse('slack:sales'))).toBe('slack:sales');
    expect(connectionRef(ConnectionRef.parse('slack:default'))).toBe('slack');
    expect(ConnectionRef.safeParse('slack:').success).toBe(false);
  });

  test('new ids sort by time and do not repeat', () => {
    const early = newId('x', { nowMs: 1_000, token: realMoment.token });
    const late = newId('x', { nowMs: 2_000, token: realMoment.token });
    expect(early < late).toBe(true);
    expect(new Set(Array.from({ length: 10_000 }, () => newId('x', realMoment))).size).toBe(10_000);
  });
});

describe('crypto', () => {
  test('D-01: an empty HMAC key is refused', () => {
    expect(() => hmac('sha256', '', ['x'])).toThrow('must not be empty');
  });

  test('D-03: strings of unequal length are unequal, without a throw', () => {
    expect(equal('a', 'aa')).toBe(false);
    expect(equal('', '')).toBe(true);
    expect(equal('é', 'e')).toBe(false);
  });

  test('D-04: only the canonical spelling decodes', () => {
    expect(decodeStrictly('0aff', 'hex')).toEqual(Buffer.from([10, 255]));
    for (const junk of ['0AFF', '0aff ', '0af', 'zz']) expect(decodeStrictly(junk, 'hex')).toBeUndefined();
    for (const junk of ['YQ', 'YR==', 'Y Q==', '_w==']) expect(decodeStrictly(junk, 'base64')).toBeUndefined();
  });

  test('B-02: the length-prefixed encoding is injective', () => {
    const parts = fc.array(fc.string({ unit: 'binary', maxLength: 6 }), { maxLength: 4 });
    fc.assert(
      fc.property(parts, parts, (a, b) => {
        const same = JSON.stringify(a) === JSON.stringify(b);
        return lengthPrefixed(a).equals(lengthPrefixed(b)) === same;
      }),
      { numRuns: 100_000 },
    );
  });

  test('B-15: a secret prints as [secret] everywhere', () => {
    const secret = new Secret('canary-4711');
    const everywhere = [String(secret), JSON.stringify({ secret }), inspect({ secret }), `${secret}`].join(' ');
    expect(everywhere).not.toContain('canary');
    expect(secret.reveal()).toBe('canary-4711');
  });
});

describe('backoff', () => {
  test('E-22: full jitter is uniform in [0, cap], and a longer Retry-After wins', () => {
    const delays = Array.from({ length: 10_000 }, () => nextDelayMs(20, { baseMs: 1_000, capMs: 60_000 }, realMoment));
    const tenths = Array.from(
      { length: 10 },
      (_, i) => delays.filter((ms) => Math.min(9, Math.floor(ms / 6_000)) === i).length,
    );
    for (const count of tenths) expect(count).toBeGreaterThan(800);
    expect(Math.max(...delays)).toBeLessThanOrEqual(60_000);
    expect(nextDelayMs(1, { baseMs: 1_000, capMs: 60_000 }, realMoment, 120_000)).toBe(120_000);
  });

  test('Retry-After is read as seconds or as an HTTP date, and nothing else', () => {
    const now = Date.UTC(2026, 0, 1);
    expect(retryAfterMs('7', now)).toBe(7_000);
    expect(retryAfterMs('Thu, 01 Jan 2026 00:00:30 GMT', now)).toBe(30_000);
    expect(retryAfterMs('Wed, 31 Dec 2025 00:00:00 GMT', now)).toBe(0);
    for (const odd of [undefined, '', '-1', '0x10', 'soon', '2026']) {
      if (odd === '2026') expect(retryAfterMs(odd, now)).toBe(2_026_000);
      else expect(retryAfterMs(odd, now)).toBeUndefined();
    }
  });
});

describe('json', () => {
  test('D-12: __proto__ does not pollute, and inherited properties are not seen', () => {
    const value = parseJson('{"__proto__":{"isAdmin":true},"a":{"b":[{"c":3}]}}');
    expect(({ ...(value as object) } as Record<string, unknown>).isAdmin).toBeUndefined();
    expect(at(value, 'constructor')).toBeUndefined();
    expect(textAt(value, 'a.b.0.c')).toBe('3');
    expect(textAt(value, 'a.b')).toBeUndefined();
    expect(parseJson('{')).toBeUndefined();
  });
});
