import type { Send } from '../../shared/core/fetch.ts';
import { ok } from '../../shared/core/result.ts';

// HTTP exchanges with a real provider, written down once and played ever after. Of requests there are no headers, of answers
// few, and no secret anywhere.

export interface Exchange {
  readonly request: { readonly method: string; readonly url: string; readonly body?: string };
  readonly answer: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string;
  };
}

const kept = ['content-type', 'etag', 'last-modified', 'link', 'retry-after', 'x-message-id'];

/** Returns a network that notes each exchange, without the secrets, in whatever spelling they come. */
export function recorder(
  send: Send,
  secrets: readonly string[],
): { readonly send: Send; readonly exchanges: Exchange[] } {
  const exchanges: Exchange[] = [];
  const clean = (text: string) => scrubbed(text, secrets);
  return {
    exchanges,
    async send(request) {
      const answer = await send(request);
      if (!answer.ok) return answer;
      const { status, headers, body } = answer.value;
      const { method, url } = request;
      exchanges.push({
        request: { method, url: clean(url), ...(request.body !== undefined && { body: clean(String(request.body)) }) },
        answer: {
          status,
          headers: Object.fromEntries(kept.flatMap((name) => (headers[name] ? [[name, clean(headers[name])]] : []))),
          body: clean(body.toString()),
        },
      });
      return answer;
    },
  };
}

/** Returns a network that answers as it was noted, to the same requests in the same order; throws at any other. */
export function player(exchanges: readonly Exchange[], secrets: readonly string[]): Send {
  let next = 0;
  return async ({ method, url, body }) => {
    const exchange = exchanges[next++];
    const asked = { method, url, ...(body !== undefined && { body: String(body) }) };
    const [wanted, got] = [exchange?.request, asked].map((one) => one && scrubbed(JSON.stringify(one), secrets));
    if (!exchange || wanted !== got) throw new Error(`exchange ${next}: recorded ${wanted ?? 'nothing'}, asked ${got}`);
    const { status, headers, body: text } = exchange.answer;
    return ok({ status, headers, body: Buffer.from(text) });
  };
}

/** Returns a text without these secrets, however they are written, and without what names itself one. */
export function scrubbed(text: string, secrets: readonly string[]): string {
  const spellings = secrets.flatMap((secret) => [
    ...[secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)],
    ...[Buffer.from(secret).toString('base64'), Buffer.from(secret).toString('base64url')],
  ]);
  const without = spellings
    .sort((a, b) => b.length - a.length)
    .reduce((rest, one) => rest.replaceAll(one, '[secret]'), text);
  return without.replace(/("(?:\w*_)?(?:token|secret|password|api_?key)":\s*")[^"]+"/gi, '$1[secret]"');
}
