import { beforeEach, expect, test } from 'vitest';
import { openCredentials } from '../../../shared/connections/credential.ts';
import { tend } from '../../../shared/connections/due.ts';
import { endGrant } from '../../../shared/connections/end-grant.ts';
import { acme, credentialPorts, demoId } from '../../support/credential-ports.ts';
import { fakeKms } from '../../support/kms.ts';

let hub: ReturnType<typeof credentialPorts>;
beforeEach(async () => {
  fakeKms();
  hub = credentialPorts();
  await hub.connect({ refresh: 'refresh-1', expiresInS: 3_600 });
});

const end = (atMs: number, ports = hub.ports) => endGrant(ports, acme, demoId, { reason: 'uninstalled', atMs });
const told = () => hub.events.map(({ type, data }) => ({ type, data }));
const needsReauth = [{ type: 'connection.needs_reauth', data: { reason: 'uninstalled' } }];

test('a grant that its provider says has ended is used no more, nothing of it is kept, and the owner is told once', async () => {
  await end(hub.moment.nowMs);
  await end(hub.moment.nowMs + 1);
  expect(await hub.row()).toMatchObject({ status: 'needs_reauth', reason: 'uninstalled' });
  expect(await hub.grant()).toBeUndefined();
  expect(told()).toEqual(needsReauth);
});

test('a word that is older than the authorization is of an earlier grant, and changes nothing', async () => {
  const firstMs = hub.moment.nowMs;
  await end(firstMs + 10_000);
  hub.moment.nowMs += 60_000;
  await hub.connect({ refresh: 'refresh-2' });
  hub.events.length = 0;
  await end(firstMs + 10_000);
  await end(hub.moment.nowMs - 1);
  expect(await hub.row()).toMatchObject({ status: 'active', authorizedAtMs: hub.moment.nowMs });
  expect(told()).toEqual([]);
});

test('a refresh is no authorization: what ended after the last one has ended', async () => {
  hub.moment.nowMs += 3_600_000;
  hub.provider = () => ({ status: 200, json: { access_token: 'access-2', token_type: 'bearer', expires_in: 3_600 } });
  const { authorizedAtMs } = await hub.row();
  await openCredentials(hub.ports).live(acme, demoId);
  expect(await hub.row()).toMatchObject({ status: 'active', authorizedAtMs });
  await end(authorizedAtMs + 1);
  expect(await hub.row()).toMatchObject({ status: 'needs_reauth' });
});

test('an owner who could not be told at once is told by the tick', async () => {
  await end(hub.moment.nowMs, { ...hub.ports, publish: () => Promise.reject(new Error('down')) });
  expect(told()).toEqual([]);
  hub.moment.nowMs += 60_000;
  await tend(hub.ports, openCredentials(hub.ports), [await hub.row()], () => true);
  expect(told()).toEqual(needsReauth);
});
