import { nextDelayMs } from '../core/backoff.ts';
import type { Moment } from '../core/clock.ts';
import { hubEvent } from '../core/event.ts';
import { log } from '../core/log.ts';
import { type Connection, connectionIdOf, type Fresh, kindOf } from './connection.ts';
import type { Attempt } from './exchange.ts';
import { type Grant, sealGrant } from './grant.ts';
import { refreshed } from './lease.ts';
import type { Tokens } from './oauth.ts';
import { failed, type RefreshOutcome, unavailable } from './outcome.ts';
import type { CredentialPorts } from './refresh.ts';
import { absorbed } from './removal.ts';
import { revokeUpstream } from './revoke.ts';
import { endsAccount } from './spare.ts';

/** The provider has answered: its token is stored, or lost. */
const INSIST_MS = 25_000;
const backoff = { baseMs: 50, capMs: 1_000 };

/** Stores what the provider gave, harder than anything else: the token before it may be dead already. */
export async function keep(attempt: Attempt, tokens: Tokens): Promise<RefreshOutcome> {
  const { ports, rows, row, lease } = attempt;
  const { vault, moment } = ports;
  const id = connectionIdOf(row);
  const rotated = attempt.way.kind === 'oauth2' ? tokens.refreshToken : undefined; // what is minted needs none
  const grant: Grant = {
    ...attempt.grant,
    accessToken: tokens.accessToken,
    ...(rotated && { refreshToken: rotated }), // absence means: keep the one there is (RFC 6749 §6)
  };
  const { generation, owner } = lease;
  const stored = await insist(moment, async () => {
    const sealed = await sealGrant(vault, row.tenantId, id, generation, grant);
    const { expiresInS } = tokens;
    const fresh: Fresh = { generation, sealed, scopes: tokens.scopes ?? row.scopes, expiresInS };
    let revived = false;
    const saved = await rows.change(
      id,
      (current) => {
        revived = current.status === 'needs_reauth';
        return refreshed(current, owner, fresh, moment) ?? absorbed(current, fresh, moment.nowMs);
      },
      row,
    );
    // Disconnected meanwhile, and connected again: what came late is ended with the rest of that grant.
    if (!saved.done) await rows.change({ ...id, aside: row.generation }, (gone) => absorbed(gone, fresh, moment.nowMs));
    return { saved, revived };
  });
  if (!stored) return failed(unavailable(0, 'the refreshed token could not be stored'));
  const { saved, revived } = stored;
  // Nobody else has this generation: where it stands without this write, an earlier one had arrived unanswered.
  if (saved.row?.status === 'active' && saved.row.generation === generation) {
    if (revived) await publishActivated(ports, saved.row);
    return { kind: 'refreshed', connection: saved.row, grant };
  }
  if (!saved.row) await revokeLate(attempt, grant);
  return { kind: 'held' };
}

/** Returns what `write` came to, tried again for 25 s while it throws; nothing where it never succeeded. */
async function insist<T>(moment: Moment, write: () => Promise<T>): Promise<T | undefined> {
  const untilMs = moment.nowMs + INSIST_MS;
  for (let turn = 1; ; turn++) {
    try {
      return await write();
    } catch (error) {
      if (moment.nowMs >= untilMs) {
        log.bug('a refreshed token was not stored', error);
        return undefined;
      }
      await moment.sleep(nextDelayMs(turn, backoff, moment));
    }
  }
}

/** The connection is gone; what came too late must not live on upstream (C-08). */
async function revokeLate({ ports, row, entry, app }: Attempt, grant: Grant): Promise<void> {
  if (endsAccount(entry, row)) return; // it ended with its connection, or another lives on it
  const ended = await revokeUpstream(ports, entry, app, grant, row);
  const outcome = ended.ok ? ended.value : ended.error.cause;
  log.info('a token that came after its connection was removed', {
    tenant: row.tenantId,
    provider: row.provider,
    outcome,
  });
}

async function publishActivated({ publish, moment }: CredentialPorts, row: Connection): Promise<void> {
  const data = { account: row.account.id, kind: kindOf(row), scopes: [...row.scopes], reconnected: true };
  await publish([
    hubEvent('connection.activated', { tenant: row.tenantId, connection: connectionIdOf(row) }, data, moment),
  ]);
}
