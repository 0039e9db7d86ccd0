import { createHmac, generateKeyPairSync, type KeyObject, sign as signWith } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ProviderSettings } from './provider.ts';
import { serve } from './server.ts';

// Every sender of webhooks, played: it sends what its sample says. Where the time or the address is signed, it signs anew, by
// the rules of its maker's pages.

interface Sample {
  readonly secret: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly settings?: unknown;
  /** What its platform has at a URL. */
  readonly platform?: Readonly<Record<string, string>>;
}

export interface Sent {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What a signature depends on, beside the body. */
interface Moment {
  readonly secret: string;
  readonly nowMs: number;
  readonly url: string;
}

export interface Sender {
  readonly provider: string;
  readonly secret: string;
  readonly settings?: unknown;
  readonly send: (at: Omit<Moment, 'secret'>) => Sent;
}

type Sign = (body: string, at: Moment) => Record<string, string>;

/** Their samples are good at any time, at any address. */
const timeless: Readonly<Record<string, string>> = {
  github: 'issues-opened',
  google: 'calendar-changed',
  microsoft: 'messages-of-two-subscriptions',
  mixpanel: 'members',
  mycarrierpackets: 'packet-completed',
  notion: 'page-content-updated',
  posthog: 'pageview',
  quickbooks: 'cloudevents-of-two-companies',
  s3: 'objects-created-and-removed',
  zapier: 'new-row',
};

const hmac = (hash: string, key: string | Buffer, text: string) => createHmac(hash, key).update(text);
const seconds = (nowMs: number) => String(Math.floor(nowMs / 1000));

const standard =
  (names: string): Sign =>
  (body, { secret, nowMs }) => {
    const [id, time] = [`msg_${nowMs}`, seconds(nowMs)];
    const mac = hmac('sha256', Buffer.from(secret.slice('whsec_'.length), 'base64'), `${id}.${time}.${body}`);
    return { [`${names}-id`]: id, [`${names}-timestamp`]: time, [`${names}-signature`]: `v1,${mac.digest('base64')}` };
  };

const timely: Readonly<Record<string, readonly [sample: string, sign: Sign]>> = {
  hubspot: [
    'contacts-v3',
    (body, { secret, nowMs, url }) => ({
      'x-hubspot-request-timestamp': String(nowMs),
      'x-hubspot-signature-v3': hmac('sha256', secret, `POST${url}${body}${nowMs}`).digest('base64'),
    }),
  ],
  resend: ['email-delivered', standard('svix')],
  slack: [
    'message',
    (body, { secret, nowMs }) => ({
      'x-slack-request-timestamp': seconds(nowMs),
      'x-slack-signature': `v0=${hmac('sha256', secret, `v0:${seconds(nowMs)}:${body}`).digest('hex')}`,
    }),
  ],
  stripe: [
    'connect-subscription-updated',
    (body, { secret, nowMs }) => {
      const mac = hmac('sha256', secret, `${seconds(nowMs)}.${body}`).digest('hex');
      return { 'stripe-signature': `t=${seconds(nowMs)},v1=${mac}` };
    },
  ],
  twilio: [
    'message-received',
    (body, { secret, url }) => {
      const fields = [...new URLSearchParams(body)].sort(([a], [b]) => (a < b ? -1 : 1));
      return { 'x-twilio-signature': hmac('sha1', secret, url + fields.flat().join('')).digest('base64') };
    },
  ],
};

/** These sign with a key of their own; its public half is what the owner is given. */
const keyed = () => {
  const discord = generateKeyPairSync('ed25519');
  const sendgrid = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const der = (key: KeyObject) => key.export({ format: 'der', type: 'spki' });
  const signed = (hash: string | null, key: KeyObject, body: string, nowMs: number) =>
    signWith(hash, Buffer.from(seconds(nowMs) + body), key);
  return [
    played('discord', 'command', der(discord.publicKey).subarray(-32).toString('hex'), (body, { nowMs }) => ({
      'x-signature-timestamp': seconds(nowMs),
      'x-signature-ed25519': signed(null, discord.privateKey, body, nowMs).toString('hex'),
    })),
    played('sendgrid', 'bounce', der(sendgrid.publicKey).toString('base64'), (body, { nowMs }) => ({
      'x-twilio-email-event-webhook-timestamp': seconds(nowMs),
      'x-twilio-email-event-webhook-signature': signed('sha256', sendgrid.privateKey, body, nowMs).toString('base64'),
    })),
  ];
};

/** Those that are no providers: they have endpoints alone. */
export const otherSenders: readonly Sender[] = [
  played('hmac', 'body-in-hex'),
  played('standard-webhooks', 'invoice-paid', undefined, standard('webhook')),
];

/** Returns the providers that send, with what the owner enters of each; a server has what their platforms publish. */
export async function startSenders() {
  const senders: readonly Sender[] = [
    ...Object.entries(timeless).map(([provider, file]) => played(provider, file)),
    ...Object.entries(timely).map(([provider, [file, sign]]) => played(provider, file, undefined, sign)),
    ...keyed(),
  ];
  const published = readSample('s3', timeless.s3 ?? '').platform ?? {};
  const platform = await serve(0, () => (_request, response, { pathname }) => {
    const [, text] = Object.entries(published).find(([url]) => new URL(url).pathname === pathname) ?? [];
    response.writeHead(text === undefined ? 404 : 200).end(text);
  });
  const origins = Object.fromEntries(Object.keys(published).map((url) => [new URL(url).origin, platform.url]));

  /** The owner's apps, with these among them. */
  function entered(providers: Readonly<Record<string, ProviderSettings & { webhookSecrets?: readonly string[] }>>) {
    const apps = senders.map(({ provider, secret, settings }) => {
      const app = providers[provider];
      return [
        provider,
        {
          ...app,
          webhookSecrets: [...(app?.webhookSecrets ?? []), secret],
          ...(settings !== undefined && { webhookSettings: settings }),
          origins: { ...app?.origins, ...(provider === 's3' && origins) },
        },
      ];
    });
    return { ...providers, ...Object.fromEntries(apps) };
  }
  return { senders, entered, stop: platform.stop };
}

/** Returns what anybody else could make of a request: the same, without the secret. */
export function forged({ headers, body }: Sent, secret: string): Sent {
  const other = secret.replace(/[A-Za-z0-9]/g, 'x');
  const basic = `Basic ${Buffer.from(`name:${other}`).toString('base64')}`;
  const changed = Object.entries(headers).map(([name, value]) => [
    name,
    value.startsWith('Basic ') ? basic : value.replaceAll(secret, other),
  ]);
  return {
    headers: Object.fromEntries(changed),
    body: `${body.replaceAll(secret, other).replaceAll(':uploads', ':x')} `,
  };
}

function played(provider: string, file: string, key?: string, sign?: Sign): Sender {
  const { secret: usual, headers, body, settings } = readSample(provider, file);
  const secret = key ?? usual;
  return {
    provider,
    secret,
    settings,
    send: (at) => ({ headers: { ...headers, ...sign?.(body, { ...at, secret }) }, body }),
  };
}

function readSample(provider: string, file: string): Sample {
  return JSON.parse(
    readFileSync(join(import.meta.dirname, `../../../events/providers/${provider}/${file}.json`), 'utf8'),
  );
}
