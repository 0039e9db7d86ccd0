/** Returns so many spellings of IPv4 addresses that are not public: decimal, hexadecimal, octal, mapped, with a dot behind. */
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
    );
  }
  return spellings.slice(0, count);
}
