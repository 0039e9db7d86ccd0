import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type EventInbox, startEventInbox } from '../../../../infra/local/demo/event-inbox.ts';

const secret = `whsec_${Buffer.from('a made-up secret of 32 bytes ....').toString('base64')}`;
let inbox: EventInbox;
beforeAll(async () => {
  inbox = await startEventInbox();
});
afterAll(() => inbox.stop());

async function post(key: string, id = 'evt_1') {
  const body = JSON.stringify({ id, type: 'call.succeeded', tenant: 'acme' });
  const at = new Date();
  const headers = {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': new Webhook(key).sign(id, at, body),
  };
  return (await fetch(inbox.endpoint, { method: 'POST', headers, body })).status;
}

test('takes nothing before it knows the secret, and nothing that another one signed', async () => {
  expect(await post(secret)).toBe(401);
  inbox.trust(secret);
  expect(await post(`whsec_${Buffer.from('another secret').toString('base64')}`)).toBe(401);
  expect(inbox.events).toEqual([]);
});

test('takes an event once, however often it comes', async () => {
  expect([await post(secret), await post(secret)]).toEqual([204, 204]);
  expect(inbox.events).toEqual([{ id: 'evt_1', type: 'call.succeeded', tenant: 'acme' }]);
});

test('closed, it wants nothing more', async () => {
  inbox.close();
  expect(await post(secret, 'evt_2')).toBe(410);
  inbox.open();
  expect(await post(secret, 'evt_2')).toBe(204);
});
