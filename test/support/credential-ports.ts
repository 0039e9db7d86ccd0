import { activated, type Connection, nextGeneration } from '../../shared/connections/connection.ts';
import { type Grant, openGrant, sealGrant } from '../../shared/connections/grant.ts';
import type { RemovalPorts } from '../../shared/connections/remove.ts';
import { connectionStore } from '../../shared/connections/store.ts';
import { openVault } from '../../shared/connections/vault.ts';
import type { HubEvent } from '../../shared/core/event.ts';
import type { InboundResponse, OutboundRequest, SendFailure } from '../../shared/core/fetch.ts';
import { type ConnectionId, TenantId } from '../../shared/core/ids.ts';
import { err, ok } from '../../shared/core/result.ts';
import { Secret } from '../../shared/core/secret.ts';
import { catalogue } from '../../shared/providers/catalogue.ts';
import { memoryTable } from './memory-table.ts';
import { testMoment } from './moment.ts';

export const acme = TenantId.parse('acme');
export const demoId: ConnectionId = { provider: 'demo', name: 'default' };

/** What the provider says to one request: a status and JSON, or why there is no answer. */
export type Said =
  | { readonly status: number; readonly json?: unknown; readonly headers?: Record<string, string> }
  | SendFailure;

/** Returns the ports of a credential with everything outside in memory. KMS is to be faked by the test. */
export function credentialPorts() {
  const table = memoryTable();
  const moment = testMoment();
  const requests: OutboundRequest[] = [];
  const events: HubEvent[] = [];
  const hub = {
    requests,
    events,
    moment,
    table,
    /** Answers each request; may take its time. */
    provider: (_request: OutboundRequest): Said | Promise<Said> => ({ status: 500 }),
    ports: {} as RemovalPorts,
    connect,
    row: () => ports.store.forTenant(acme).get(demoId) as Promise<Connection>,
    grant,
  };
  const ports: RemovalPorts = {
    store: connectionStore(table),
    vault: openVault({ keyId: 'key', keysTable: memoryTable(), moment }),
    readApp: async () => ({ clientId: 'client', clientSecret: 'made-up-secret' }),
    findProvider: (id) => catalogue[id],
    moment,
    publish: async (batch) => void events.push(...batch),
    async send(request) {
      requests.push(request);
      const said = await hub.provider(request);
      if ('reason' in said) return err(said);
      const { status, json = {}, headers = {} } = said;
      const answer: InboundResponse = {
        status,
        headers: { 'content-type': 'application/json', ...headers },
        body: Buffer.from(JSON.stringify(json)),
      };
      return ok(answer);
    },
  };
  hub.ports = ports;
  return hub;

  /** Writes a connection as a confirmed session does. */
  async function connect(
    { access = 'access-1', refresh, expiresInS }: { access?: string; refresh?: string; expiresInS?: number } = {},
    id = demoId,
  ): Promise<Connection> {
    const rows = ports.store.forTenant(acme);
    const previous = await rows.get(id);
    const generation = nextGeneration(previous, moment.nowMs);
    const plain: Grant = { accessToken: new Secret(access), ...(refresh && { refreshToken: new Secret(refresh) }) };
    const sealed = await sealGrant(ports.vault, acme, id, generation, plain);
    const row = activated(
      { tenantId: acme, id, account: { id: 'account-1', name: 'Account' }, sourceSession: 'cs_1' },
      { generation, sealed, scopes: ['contacts'], expiresInS },
      previous,
      moment,
    );
    const saved = await rows.save(row, previous);
    if (!saved.done) throw new Error('the connection was not written');
    return row;
  }

  /** The tokens that are stored, in plaintext. */
  async function grant(): Promise<{ access: string; refresh?: string } | undefined> {
    const row = await hub.row();
    const opened = row?.sealed && (await openGrant(ports.vault, acme, row, row.generation, row.sealed));
    if (!opened?.ok) return undefined;
    return { access: opened.value.accessToken?.reveal() ?? '', refresh: opened.value.refreshToken?.reveal() };
  }
}

export function formOf({ body }: OutboundRequest): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(String(body)));
}
