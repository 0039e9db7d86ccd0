import { expect, test } from 'vitest';
import { revokeUnshared } from '../../../shared/connections/spare.ts';
import type { OutboundRequest, Send } from '../../../shared/core/fetch.ts';
import { ok } from '../../../shared/core/result.ts';
import { Secret } from '../../../shared/core/secret.ts';
import { catalogue } from '../../../shared/providers/catalogue.ts';
import type { ProviderEntry } from '../../../shared/providers/provider.ts';
import { acme } from '../../support/credential-ports.ts';

/** Ends a grant while the connections cannot be read. */
async function revokeBlindly(provider: string) {
  const asked: OutboundRequest[] = [];
  const send: Send = async (request) => {
    asked.push(request);
    return ok({ status: 200, headers: {}, body: Buffer.from('{"ok":true}') });
  };
  const down = () => Promise.reject(new Error('throttled'));
  const store = { findByAccount: down, forTenant: () => ({ get: down }) as never };
  const holder = { tenantId: acme, name: 'default', account: { id: 'account-1' } };
  const app = { clientId: 'client', clientSecret: 'made-up-secret' };
  const grant = { accessToken: new Secret('access'), refreshToken: new Secret('refresh') };
  const entry = catalogue[provider] as ProviderEntry;
  const result = await revokeUnshared({ send, store, moment: { nowMs: 0 } }, entry, app, grant, holder);
  return { result, asked: asked.length };
}

test('where the end of a grant may cut off a connection, it waits until the connections can be read', async () => {
  expect(await revokeBlindly('slack')).toMatchObject({ result: { ok: false }, asked: 0 });
});

test('where a grant ends alone, nobody asks what else there is', async () => {
  expect(await revokeBlindly('demo')).toMatchObject({ result: ok('revoked'), asked: 1 });
});
