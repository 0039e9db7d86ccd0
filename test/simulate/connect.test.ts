import { expect, test } from 'vitest';
import { attackAll, attacks } from './connect-attacks.ts';
import { agreesWithModel } from './connect-model.ts';
import { consumedOnce } from './connect-races.ts';
import { connectLab } from './connect-world.ts';

/** What a defence that is asked for answers; another answer would mean that another one came first. */
const endings = [
  'honest use: connected',
  'the attacker’s answer in the victim’s browser (login CSRF): refused 403',
  'the attacker’s code under the victim’s state: refused 303', // the state is hers: PKCE is what refuses
  'the attacker’s link completed by the victim (COSF): 303, then 404',
  'the hostile provider sends the browser to the honest one (COAT): refused 400',
  'a link that the attacker began first: refused 403',
  'an answer that comes late: refused 410',
];

test('1,000 orders of events agree with the model (A-36)', { timeout: 120_000 }, async () => {
  const lab = connectLab();
  await agreesWithModel(lab, () => lab.moment.nowMs, 1_000);
  expect(lab.sink).toEqual([]);
});

test('2,000 flows with two browsers, two tenants and a hostile provider connect no attacker (A-03, A-30, A-33, G5)', {
  timeout: 120_000,
}, async () => {
  const summary = await attackAll(Array.from({ length: 2_000 }, (_, at) => 20_261_120 + at));
  expect(summary.failures.slice(0, 10)).toEqual([]);
  const ended = Object.keys(summary.outcomes); // each script comes as far as it is about
  for (const expected of endings) expect(ended).toContain(expected);
  expect(ended.filter((one) => one.endsWith('connected'))).toEqual(['honest use: connected']);
  expect(new Set(ended.map((one) => one.replace(/: [^:]*$/, '')))).toEqual(new Set(attacks));
});

test('a state is consumed once: 5 callbacks in 1,000 orders, 50 in 100 (A-20, G6)', { timeout: 120_000 }, async () => {
  await consumedOnce(5, 1_000);
  await consumedOnce(50, 100);
});
