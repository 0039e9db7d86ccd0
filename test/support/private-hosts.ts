/** Returns so many spellings of IPv4 addresses that are not public: decimal, hexadecimal, octal, short, in wide digits, with a
 *  dot behind, and within IPv6: mapped, NAT64, 6to4. */
export function privateHosts(count: number): string[] {
  const networks = ['10.0', '127.0', '169.254', '172.16', '192.168', '100.64', '0.0'];
  const spellings: string[] = [];
  for (let i = 0; spellings.length < count; i++) {
    const [first = 0, second = 0] = (networks[i % networks.length] ?? '').split('.').map(Number);
    const address = [first, second, i % 256, (i * 7) % 256];
    const number = address.reduce((sum, byte) => sum * 256 + byte, 0);
    spellings.push(
      String(number),
      `0x${number.toString(16)}`,
      address.map((byte) => `0${byte.toString(8)}`).join('.'),
      `[::ffff:${address.join('.')}]`,
      `${address.join('.')}.`,
      `${first}.${number % 2 ** 24}`,
      address.join('.').replace(/\d/g, (digit) => String.fromCharCode(0xff10 + Number(digit))),
      `[64:ff9b::${address.join('.')}]`,
      `[2002:${(number >>> 16).toString(16)}:${(number % 2 ** 16).toString(16)}::1]`,
    );
  }
  return spellings.slice(0, count);
}
