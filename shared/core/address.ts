import { lookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';

// Where an outbound connection must never go (E-03): this host, private networks, link-local and metadata services,
// carrier NAT, benchmarks, multicast, reserved space, and the IPv6 forms that carry one of these inside.
const forbiddenV4 = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8], ['10.0.0.0', 8], ['100.64.0.0', 10], ['127.0.0.0', 8], ['169.254.0.0', 16], ['172.16.0.0', 12],
  ['192.0.0.0', 24], ['192.0.2.0', 24], ['192.88.99.0', 24], ['192.168.0.0', 16], ['198.18.0.0', 15],
  ['198.51.100.0', 24], ['203.0.113.0', 24], ['224.0.0.0', 4], ['240.0.0.0', 4],
] as const) forbiddenV4.addSubnet(network, prefix); // biome-ignore format: a table

const forbiddenV6 = new BlockList();
for (const [network, prefix] of [
  ['::', 96], ['::ffff:0:0', 96], ['64:ff9b::', 96], ['64:ff9b:1::', 48], ['100::', 64], ['2001::', 32],
  ['2001:db8::', 32], ['2002::', 16], ['fc00::', 7], ['fe80::', 10], ['fec0::', 10], ['ff00::', 8],
] as const) forbiddenV6.addSubnet(network, prefix, 'ipv6'); // biome-ignore format: a table

/** Returns whether an address (not a name) is one that the public internet routes. */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return !forbiddenV4.check(address);
  return family === 6 && !forbiddenV6.check(address, 'ipv6');
}

/** Returns whether an address is this computer's own loopback. */
export function isLoopback(address: string): boolean {
  return /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(address) || address === '::1';
}

/** Returns whether a request may go to this URL, as far as is known before its name is asked for: https, no credentials in
 *  it, no literal address that is not public. `loopback` lets this computer in, in plain http too. */
export function mayReach(url: URL | null, loopback: boolean): url is URL {
  if (url?.username !== '' || url.password !== '') return false;
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) !== 0 && !mayConnect(host, loopback)) return false;
  return url.protocol === 'https:' || (loopback && url.protocol === 'http:' && isLoopback(host));
}

/** Returns whether a connection may go to this address. */
export function mayConnect(address: string, loopback: boolean): boolean {
  return isPublicAddress(address) || (loopback && isLoopback(address));
}

/** Returns every address that a name has at present; a literal address is its own. Throws where it has none. */
export async function addressesOf(host: string): Promise<readonly string[]> {
  return (await lookup(host.replace(/^\[|\]$/g, ''), { all: true })).map(({ address }) => address);
}
