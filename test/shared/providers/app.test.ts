import { expect, test } from 'vitest';
import { openApps, placed, WrongSecret } from '../../../shared/providers/app.ts';

function store(first: string | Error | undefined) {
  const state = { answer: first, nowMs: 0, reads: 0, asked: '' };
  const read = openApps(
    { STAGE: 'prod', PROVIDER_SECRETS: 'hub/prod/' },
    async (secretId) => {
      state.asked = secretId;
      state.reads++;
      if (state.answer instanceof Error) throw state.answer;
      return state.answer;
    },
    () => state.nowMs,
  );
  return { state, read };
}

test('an app is read once a minute', async () => {
  const { state, read } = store('{"clientId":"a"}');
  for (let n = 0; n < 10; n++) expect(await read('github')).toEqual({ clientId: 'a' });
  expect([state.reads, state.asked]).toEqual([1, 'hub/prod/github']);
  Object.assign(state, { nowMs: 60_000, answer: '{"clientId":"b"}' });
  expect(await read('github')).toEqual({ clientId: 'b' });
});

test('a store that is down is asked every five seconds, and the last answer is good for a day (G.2)', async () => {
  const { state, read } = store('{"clientId":"a"}');
  await read('github');
  Object.assign(state, { nowMs: 60_000, answer: new Error('down') });
  for (let n = 0; n < 10; n++) expect(await read('github')).toEqual({ clientId: 'a' });
  expect(state.reads).toBe(2);
  state.nowMs += 5_000;
  await read('github');
  expect(state.reads).toBe(3);
  state.nowMs = 24 * 60 * 60_000;
  await expect(read('github')).rejects.toThrow('down');
  state.answer = '{}';
  state.nowMs += 5_000;
  expect(await read('github')).toEqual({});
});

test('an absent or empty secret is an app without anything; a wrong one is told apart, without its values (D-01)', async () => {
  expect(await store(undefined).read('github')).toEqual({});
  expect(await store('').read('github')).toEqual({});
  for (const wrong of [
    'not json',
    '[]',
    '{"webhookSecrets":["short"]}',
    '{"webhookSecrets":[""]}',
    '{"unknown":1}',
    '{"origins":{"https://a.example":"http://127.0.0.1:1"}}',
  ]) {
    const failure = await store(wrong)
      .read('github')
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(WrongSecret);
    expect(String(failure)).not.toContain('short');
  }
});

test('what replaces a good one and does not fit ends it within a minute; a store that is down then keeps it ended (D-15)', async () => {
  const { state, read } = store('{"clientId":"a"}');
  await read('github');
  Object.assign(state, { nowMs: 60_000, answer: '{"clientId":""}' });
  for (let n = 0; n < 10; n++) await expect(read('github')).rejects.toThrow(WrongSecret);
  expect(state.reads).toBe(2);
  Object.assign(state, { nowMs: 65_000, answer: new Error('down') });
  for (let n = 0; n < 10; n++) await expect(read('github')).rejects.toThrow('down');
  Object.assign(state, { nowMs: 70_000, answer: '{"clientId":"b"}' });
  expect(await read('github')).toEqual({ clientId: 'b' });
});

test('origins move whole origins and nothing that merely begins alike', () => {
  const app = { origins: { 'https://slack.com': 'http://127.0.0.1:9001' } };
  expect(placed('https://slack.com/api/auth.test?x=1', app)).toBe('http://127.0.0.1:9001/api/auth.test?x=1');
  expect(placed('https://slack.com', app)).toBe('http://127.0.0.1:9001');
  expect(placed('https://slack.com.example/api', app)).toBe('https://slack.com.example/api');
  expect(placed('https://slack.com/api', {})).toBe('https://slack.com/api');
});
