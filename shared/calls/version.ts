import { sha256 } from '../core/crypto.ts';
import { textAt } from '../core/json.ts';
import type { ApiRequest, Versioned } from '../providers/actions.ts';
import { findProvider } from '../providers/definitions.ts';
import type { Prepared } from './asked.ts';
import type { AttemptOutcome, CallError } from './attempt.ts';

// A change that must name the version it is made upon is two requests: the version is read, the change bears it. Where
// another change came between, both are made once more: a change that names fields alone is merged there.

/** Returns whether the version has still to be read; not where the caller brought it, who decides himself what a conflict is. */
export function lacksVersion({ version, request }: Prepared, known: string | undefined): boolean {
  return version !== undefined && known === undefined && broughtIn(version, request) === undefined;
}

/** Returns the change as it bears the version. Upon another one it is another request, so it has another key. */
export function bearing(prepared: Prepared, known: string | undefined, callId: string) {
  const { version, request } = prepared;
  if (!version || known === undefined) return { request, idempotencyKey: callId };
  const { as } = version;
  const borne: ApiRequest =
    'json' in as
      ? { ...request, json: { ...(request.json as object), [as.json]: known } }
      : { ...request, headers: { ...request.headers, [as.header]: known } };
  const hash = Buffer.from(sha256(`${callId}#${known}`), 'base64url').toString('hex');
  return { request: borne, idempotencyKey: `call_${hash.slice(0, 40)}` };
}

/** Returns the version that an answer tells. */
export function versionIn({ at }: Versioned, outcome: Extract<AttemptOutcome, { kind: 'succeeded' }>) {
  return 'body' in at ? textAt(outcome.body, at.body) : outcome.headers[at.header];
}

/** Returns whether an attempt has found that another change came between (RFC 9110 §15.5.10, §15.5.13): it was not done. */
export function isConflict(outcome: AttemptOutcome, provider: string, stage: string): outcome is Conflict {
  if (outcome.kind !== 'failed') return false;
  const { status, code } = outcome.error;
  const codes = findProvider(provider, stage)?.provider.api.errors.conflictCodes;
  return status === 409 || status === 412 || codes?.includes(code) === true;
}

type Conflict = { readonly kind: 'failed'; readonly error: CallError };

function broughtIn({ as }: Versioned, { json, headers }: ApiRequest): string | undefined {
  return 'json' in as ? textAt(json, as.json) : headers?.[as.header];
}
