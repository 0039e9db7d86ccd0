import type { Mac } from '../../../shared/providers/webhooks.ts';
import type { Incoming } from '../../../shared/webhooks/verify.ts';
import type { Form } from './genuine.ts';

/** Where a request shows who it is: a header, one entry of a list in a header, or a field of the body. */
export interface Mark {
  readonly text: string;
  readonly prefix: string;
  write(whole: string | undefined): Partial<Incoming>;
}

/** Returns the first mark that a request shows. */
export function markOf({ signature }: Form, request: Incoming): Mark {
  if (signature.kind === 'token' && 'body' in signature.at) {
    const { value } = JSON.parse(request.bytes.toString()) as { value: { clientState: string }[] };
    const [first, ...others] = value;
    return {
      text: first?.clientState ?? '',
      prefix: '',
      write: (clientState) => ({
        bytes: Buffer.from(JSON.stringify({ value: [...others, { ...first, clientState }] })),
      }),
    };
  }
  const header = headerOf(signature);
  const { prefix = '' } = signature;
  const list = 'list' in signature ? signature.list : undefined;
  const entries = list ? (request.headers[header] ?? '').split(list) : [request.headers[header] ?? ''];
  const at = entries.findIndex((entry) => entry.startsWith(prefix));
  return {
    text: (entries[at] ?? '').slice(prefix.length),
    prefix,
    write(whole) {
      const written = entries.flatMap((entry, index) => (index === at ? (whole ?? []) : entry));
      return withHeader(request, header, written.length > 0 ? written.join(list) : undefined);
    },
  };
}

/** Returns the header that the mark is in; '' where it is in the body. */
export function headerOf(signature: Form['signature']): string {
  if ('header' in signature) return signature.header;
  return 'header' in signature.at ? signature.at.header : '';
}

export const withHeader = ({ headers }: Incoming, name: string, value: string | undefined) => ({
  headers: { ...headers, [name]: value },
});

/** Writes the signed time, once, several times, or not at all. */
export function withTimes(request: Incoming, { signature }: Form, ...times: string[]): Partial<Incoming> {
  const { timestamp } = signature as Mac;
  if (!timestamp) return {};
  if (timestamp.header !== headerOf(signature)) {
    return withHeader(request, timestamp.header, times.length > 0 ? times.join(',') : undefined);
  }
  const others = (request.headers[timestamp.header] ?? '').split(',').filter((one) => !one.startsWith('t='));
  return withHeader(request, timestamp.header, [...times.map((time) => `t=${time}`), ...others].join(','));
}

/** Returns seconds as the form's time spells them. */
export const seconds = (form: Form, s: number): string =>
  'timestamp' in form.signature && form.signature.timestamp?.unit === 'ms' ? String(s * 1000) : String(s);
