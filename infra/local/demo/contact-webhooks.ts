import { randomBytes, randomUUID } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import type { Contact } from './contacts.ts';

export type ContactEvent = 'contact.created' | 'contact.updated' | 'contact.deleted';
export type ContactWebhooks = ReturnType<typeof openWebhooks>;

/** Returns the provider's webhooks, signed as Standard Webhooks say: sent to whatever URL it was given last, each once. */
export function openWebhooks() {
  const secret = `whsec_${randomBytes(24).toString('base64')}`;
  const signer = new Webhook(secret);
  let target: string | undefined;
  let toLose = 0;

  async function send(url: string, body: string): Promise<void> {
    const [id, at] = [`msg_${randomUUID()}`, new Date()];
    const headers = {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
      'webhook-signature': signer.sign(id, at, body),
    };
    await fetch(url, { method: 'POST', headers, body, signal: AbortSignal.timeout(10_000) });
  }

  return {
    secret,

    /** `url`: where they go from now on, nowhere without one; `lose`: so many of the next never leave. */
    control(body: string): void {
      const { url, lose = 0 } = JSON.parse(body) as { url?: string; lose?: number };
      target = url;
      toLose = lose;
    },

    /** Sends one; what is not taken is not sent again. */
    async tell(type: ContactEvent, account: string, contact: Contact): Promise<void> {
      if (target === undefined) return;
      if (toLose > 0) toLose -= 1;
      else await send(target, JSON.stringify({ type, account, data: contact })).catch(() => {});
    },
  };
}
