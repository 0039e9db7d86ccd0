import { otherSenders, webhooksOf } from '../../../shared/providers/senders.ts';
import { configure } from '../../../shared/providers/settings.ts';
import type { Webhooks } from '../../../shared/providers/webhooks.ts';
import { type Form, formsOf } from './genuine.ts';

/** An HMAC as an owner may describe it. */
const described = configure(otherSenders.hmac, {
  signature: {
    header: 'x-partner-signature',
    algorithm: 'sha512',
    encoding: 'base64',
    prefix: 'sig=',
    signed: ['timestamp', { text: ':' }, 'body'],
    timestamp: { header: 'x-partner-time', toleranceS: 60, unit: 's' },
  },
});

const senders: Record<string, Webhooks | undefined> = { ...webhooksOf, ...otherSenders, hmac: described };

/** Every form of every sender, but those that a platform vouches for. */
export const forms = Object.entries(senders).flatMap(([sender, webhooks]) =>
  (webhooks ? formsOf(webhooks) : []).map((form) => ({ sender, form })),
);

/** Returns how many forgeries and genuine requests of this form a campaign has, where it is `scale` times the one of the test
 *  suite: over 100,000 and 5,000 in all. What is signed with a private key takes longer. */
export function sizeOf(
  { signature: { kind } }: Form,
  scale = 1,
): { readonly mutants: number; readonly genuine: number } {
  const isSlow = kind === 'ed25519' || kind === 'ecdsa';
  return isSlow ? { mutants: 1_000 * scale, genuine: 50 * scale } : { mutants: 5_000 * scale, genuine: 300 * scale };
}
