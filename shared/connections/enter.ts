import type { Moment } from '../core/clock.ts';
import { refuse } from '../core/errors.ts';
import type { Send } from '../core/fetch.ts';
import { log } from '../core/log.ts';
import { ok, type Result } from '../core/result.ts';
import type { Fixed, Minted } from '../providers/auth.ts';
import { contextOf, redirectUriOf } from './authorization.ts';
import { checkFields, type Faults, fieldsOf } from './fields.ts';
import { hashed, newSecret } from './handle.ts';
import { obtain } from './obtain.ts';
import type { OpenLink } from './open-link.ts';
import { keepPending } from './pending.ts';
import { abandon, type Revoke } from './release.ts';
import { returnWith } from './return-url.ts';
import { MAX_TRIES, type Session, STATE_MS } from './session.ts';
import type { SessionStore } from './session-store.ts';
import type { Vault } from './vault.ts';

export interface EnterPorts {
  readonly sessions: Pick<SessionStore, 'startTry' | 'end' | 'consume' | 'keepGrant'>;
  readonly vault: Pick<Vault, 'seal'>;
  readonly send: Send;
  readonly revoke: Revoke;
  readonly publicUrl: string;
}

/** A form that is shown again: what is wrong, and what was entered beside the secrets. */
export interface FormAgain {
  readonly way: Fixed | Minted;
  readonly faults: Faults;
  /** Why the whole was not taken. */
  readonly refusal?: string;
  readonly values: Readonly<Record<string, string>>;
}

const refusals = {
  refused: 'did not accept this. Check that you copied all of it, and that it may be used.',
  unavailable: 'cannot be reached at present. Nothing was saved; try again in a minute.',
  odd: 'answered in a way that we do not understand. Nothing was saved.',
} as const;

/** Returns where the browser goes with its ticket, or the form again. The link becomes this browser's before anything is
 *  tried, and is used up by what the provider accepted; nothing is kept of what it did not. Errors: `link_used`,
 *  `link_exhausted`. */
export async function enter(
  ports: EnterPorts,
  { session, entry, app }: OpenLink,
  { way, form, browserHash }: { way: Fixed | Minted; form: URLSearchParams; browserHash: string },
  moment: Moment,
): Promise<Result<{ readonly goTo: string } | { readonly again: FormAgain }>> {
  const again = (faults: Faults, refusal?: string) =>
    ok({ again: { way, faults, values: visible(way, form), ...(refusal !== undefined && { refusal }) } });
  const entered = checkFields(way, (name) => form.get(name) ?? undefined);
  if (!entered.ok) return again(entered.error);

  const attempt = {
    browserHash,
    stateHash: hashed('state', newSecret(moment)), // nobody is told: no callback can take this up
    stateExpiresAtMs: moment.nowMs + STATE_MS,
    redirectUri: redirectUriOf(ports.publicUrl, session.provider),
    context: contextOf(session, entry, app),
  };
  const started = await ports.sessions.startTry(session.id, { linkHash: session.linkHash, attempt }, moment.nowMs);
  const isLast = (started.session?.tries ?? 0) >= MAX_TRIES;
  if (!started.done) return isLast ? exhausted(ports, session) : used(session);

  const obtained = await obtain({ entry, way, app }, entered.value, ports.send, moment.nowMs);
  const about = { session: session.id, tenant: session.tenantId, provider: session.provider };
  if (!obtained.ok) {
    const { kind, cause } = obtained.error;
    log.info('an entered credential was not kept', { ...about, outcome: kind, cause });
    if (isLast) return exhausted(ports, session);
    return again({}, `${entry.provider.name} ${refusals[kind]}`);
  }

  const claimId = moment.token(16);
  const claim = { ...attempt, provider: session.provider, claimId };
  const consumed = await ports.sessions.consume(session.id, claim, moment.nowMs);
  const ticket = consumed.done && (await keepPending(ports, session, claimId, obtained.value, moment));
  if (!ticket) {
    const { grant } = obtained.value;
    const holder = { ...obtained.value, tenantId: session.tenantId, name: session.name };
    if (grant.accessToken) await abandon(ports.revoke, { entry, app, grant, holder }, moment);
    return used(session);
  }
  log.info('connect session waits for its confirmation', { ...about, outcome: 'ready' });
  return ok({ goTo: returnWith(session.returnUrl, { session: session.id, ticket }) });
}

async function exhausted({ sessions }: EnterPorts, { id, returnUrl: goBack }: Session) {
  await sessions.end(id, 'too_many_tries');
  const message = `A link takes ${MAX_TRIES} tries, and none of these was accepted. Nothing was saved.`;
  return refuse('link_exhausted', message, { goBack });
}

function used({ returnUrl: goBack }: Session) {
  return refuse('link_used', 'This link has just been used elsewhere.', { goBack });
}

/** A secret is never written into a page. */
function visible(way: Fixed | Minted, form: URLSearchParams): Record<string, string> {
  const shown = fieldsOf(way).filter(({ secret }) => !secret);
  return Object.fromEntries(shown.map(({ name }) => [name, form.get(name) ?? '']));
}
