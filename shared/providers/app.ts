import { createPrivateKey } from 'node:crypto';
import * as z from 'zod';
import { parseJson } from '../core/json.ts';
import type { OAuth2, Template } from './auth.ts';
import { WebhookSettings } from './settings.ts';

/** What the owner registered at a provider, as its secret holds it. */
export const ProviderApp = z.strictObject({
  clientId: z.string().min(1).optional(),
  clientSecret: z.string().min(1).optional(),
  /** PEM (PKCS #1 or #8): with it the owner's app signs for itself (GitHub App). */
  privateKey: z.string().refine(isPrivateKey, 'a private key in PEM').optional(),
  /** Parts of the provider's URLs that are the owner's choice (Microsoft: `directory`). */
  variables: z.record(z.string(), z.string().min(1).max(100)).optional(),
  /** Several while one is being replaced. A short one is a configuration error, never a skipped check (D-01). */
  webhookSecrets: z.array(z.string().min(16)).max(5).optional(),
  webhookSettings: WebhookSettings.optional(),
  /** What the hub subscribes to for each connection, as the provider's `setup.ts` names it, with its options. */
  subscriptions: z.record(z.string(), z.record(z.string(), z.string().min(1).max(500))).optional(),
  /** Sends this provider's traffic elsewhere: `{"https://slack.com": "http://127.0.0.1:9001"}`. The local stage alone. */
  origins: z.record(z.url(), z.url()).optional(),
});
export type ProviderApp = z.infer<typeof ProviderApp>;

/** Returns the app of one provider. Throws when the secret store cannot say and no earlier answer is kept. */
export type ReadApp = (provider: string) => Promise<ProviderApp>;

/** The secret is there, but is not one: only the owner can mend it, so asking again does not help. */
export class WrongSecret extends Error {}

const FRESH_MS = 60_000;
const STALE_MS = 24 * 60 * 60_000;
/** A store that does not answer is not asked by every request anew. */
const PAUSE_MS = 5_000;

/** What a function that reads the owner's apps has among its settings. */
export interface AppsEnv {
  readonly STAGE: string;
  /** What the names of the providers' secrets begin with: `patchbay/<stage>/`. */
  readonly PROVIDER_SECRETS: string;
}

/** Returns a reader that keeps each answer for 60 s, and for 24 h where the store is down (G.2). A secret that does not fit
 *  ends the one before it all the same: that may have leaked (D-15). */
export function openApps(
  { STAGE, PROVIDER_SECRETS }: AppsEnv,
  readSecret: (secretId: string) => Promise<string | undefined>,
  now: () => number,
): ReadApp {
  const kept = new Map<string, { readonly app: ProviderApp; readonly atMs: number }>();
  const failed = new Map<string, { readonly error: unknown; readonly atMs: number }>();

  async function read(provider: string): Promise<ProviderApp> {
    const failure = failed.get(provider);
    if (failure && now() - failure.atMs < PAUSE_MS) throw failure.error;
    try {
      const app = parseApp(STAGE, provider, await readSecret(PROVIDER_SECRETS + provider));
      kept.set(provider, { app, atMs: now() });
      failed.delete(provider);
      return app;
    } catch (error) {
      failed.set(provider, { error, atMs: now() });
      if (error instanceof WrongSecret) kept.delete(provider);
      throw error;
    }
  }

  return async (provider) => {
    const known = kept.get(provider);
    if (known && now() - known.atMs < FRESH_MS) return known.app;
    try {
      return await read(provider);
    } catch (error) {
      const last = kept.get(provider);
      if (last && now() - last.atMs < STALE_MS) return last.app;
      throw error;
    }
  };
}

function parseApp(stage: string, provider: string, secret: string | undefined): ProviderApp {
  const parsed = ProviderApp.safeParse(secret === undefined || secret === '' ? {} : parseJson(secret));
  if (!parsed.success) {
    const fields = parsed.error.issues.map((issue) => issue.path.join('.') || 'the whole').join(', ');
    throw new WrongSecret(`The secret of ${provider} does not fit: ${fields}`); // names alone: the values are secret
  }
  if (parsed.data.origins && stage !== 'local') {
    throw new WrongSecret(`The secret of ${provider} has "origins", which exist in the local stage alone`);
  }
  return parsed.data;
}

function isPrivateKey(text: string): boolean {
  try {
    return createPrivateKey(text).asymmetricKeyType === 'rsa';
  } catch {
    return false; // whatever is wrong with it, the owner has to mend it
  }
}

/** Returns the URL where this stage reaches it: another origin where the app's `origins` say so. */
export function placed(url: string, { origins }: ProviderApp): string {
  for (const [from, to] of Object.entries(origins ?? {})) {
    const origin = from.replace(/\/+$/, '');
    if (url === origin || url.startsWith(`${origin}/`) || url.startsWith(`${origin}?`)) {
      return to.replace(/\/+$/, '') + url.slice(origin.length);
    }
  }
  return url;
}

/** Returns an address of the provider's OAuth, its variables filled in. */
export function located(template: Template, way: Pick<OAuth2, 'variables'>, app: ProviderApp): string {
  const values = Object.entries(variablesOf(way, app));
  return placed(
    values.reduce((text, [name, value]) => text.replaceAll(`{${name}}`, encodeURIComponent(value)), template),
    app,
  );
}

/** Returns the value of each variable of a way: the app's, which must fit, whole, the declared pattern, else the default
 *  (E-01). Throws `WrongSecret`. */
export function variablesOf({ variables = {} }: Pick<OAuth2, 'variables'>, app: ProviderApp): Record<string, string> {
  const values = Object.entries(variables).map(([name, { default: usual, pattern }]) => {
    const chosen = app.variables && Object.hasOwn(app.variables, name) ? app.variables[name] : undefined;
    if (chosen !== undefined && !new RegExp(`^(?:${pattern})$`).test(chosen)) {
      throw new WrongSecret(`The provider secret's variable "${name}" does not fit its pattern`);
    }
    return [name, chosen ?? usual];
  });
  return Object.fromEntries(values);
}
