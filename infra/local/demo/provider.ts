import { generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';
import { openFeed } from './contact-feed.ts';
import { openWebhooks } from './contact-webhooks.ts';
import { type Contacts, contactsOf } from './contacts.ts';
import { openKeys } from './keys.ts';
import { startOAuthServer } from './oauth-server.ts';
import { startProviderApi } from './provider-api.ts';
import { openStorage } from './storage.ts';

/** What the owner would have been given on registering an app; `origins` says where it listens. */
export interface ProviderSettings {
  readonly clientId?: string;
  readonly clientSecret?: string;
  readonly privateKey?: string;
  readonly webhookSecrets?: readonly string[];
  readonly origins?: Readonly<Record<string, string>>;
}

export interface DemoProvider {
  readonly issuer: string;
  readonly apiUrl: string;
  readonly providers: Readonly<Record<string, ProviderSettings>>;
  /** How many listen to its subscription. */
  readonly listeners: () => number;
  /** An account's contacts, as its people change them. */
  readonly contactsOf: (account: string) => Contacts;
  stop(): Promise<void>;
}

/** Returns the provider that comes with the hub, running: a real OAuth server on `port` (0: any free one), an API on
 *  any free port. `file` keeps its grants and contacts from one start to the next; `accessTokenS` is a token's life; `count`, how
 *  many contacts a new account has. */
export async function startDemoProvider({
  port = 0,
  file,
  accessTokenS = 3_600,
  count = 128,
}: {
  readonly port?: number;
  readonly file?: string;
  readonly accessTokenS?: number;
  readonly count?: number;
} = {}): Promise<DemoProvider> {
  const storage = openStorage(file);
  const client = { clientId: 'patchbay', clientSecret: 'made-up-demo-secret', redirectPath: '/oauth/demo/callback' };
  const pair = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
  const privateKey = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const { clientId, clientSecret } = client;
  const keys = openKeys(clientId, privateKey, accessTokenS);
  const server = await startOAuthServer({ port, client, storage, accessTokenS });
  const oauth = {
    ...server,
    expireAccessTokens() {
      server.expireAccessTokens();
      keys.expireAccessTokens();
    },
  };
  const [webhooks, feed] = [openWebhooks(), openFeed()];
  const contacts = (account: string) => contactsOf({ storage, webhooks, feed, count }, account);
  const api = await startProviderApi(0, { oauth, keys, contactsOf: contacts, webhooks, feed });
  return {
    issuer: oauth.issuer,
    apiUrl: api.url,
    listeners: () => feed.listeners,
    contactsOf: contacts,
    providers: {
      demo: {
        clientId,
        clientSecret,
        privateKey,
        webhookSecrets: [webhooks.secret],
        origins: { 'https://login.demo.invalid': oauth.issuer, 'https://api.demo.invalid': api.url },
      },
    },
    async stop() {
      await Promise.all([oauth.stop(), api.stop()]);
      storage.close();
    },
  };
}
