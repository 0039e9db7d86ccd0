import { mayConnect, mayReach } from '../core/address.ts';
import { refuse } from '../core/errors.ts';
import { ok, type Result } from '../core/result.ts';

export interface DestinationPorts {
  /** Whether this computer may be sent to, on any port: the local stage alone. */
  readonly loopback: boolean;
  /** Every address that a name has; throws where it has none. */
  readonly addressesOf: (host: string) => Promise<readonly string[]>;
}

const PORTS = ['', '8443'];

/** Returns the URL in its one spelling, if events may be sent there; each attempt checks the address again, and goes to the
 *  one that it checked (E-02, D-19). Errors: `invalid_request`, in the same words whatever is behind the name (E-06). */
export async function checkDestination(text: string, ports: DestinationPorts): Promise<Result<string>> {
  const url = URL.parse(text);
  const may = mayReach(url, ports.loopback) && (ports.loopback || PORTS.includes(url.port));
  if (may && (await leadsOut(url.hostname, ports))) {
    url.hash = '';
    return ok(url.href);
  }
  return refuse(
    'invalid_request',
    'body.url: an https URL, without credentials in it, on port 443 or 8443, whose name resolves, and to public addresses alone' +
      (ports.loopback ? '; in the local stage also http://127.0.0.1:<port>.' : '.'),
  );
}

async function leadsOut(host: string, { loopback, addressesOf }: DestinationPorts): Promise<boolean> {
  try {
    const addresses = await addressesOf(host);
    return addresses.length > 0 && addresses.every((address) => mayConnect(address, loopback));
  } catch {
    return false; // a name that is not there yet is refused like one that leads inside
  }
}
