// WebSocket frames (RFC 6455 §5): as much as a client needs that speaks text.

export const opcode = { more: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

export interface Frame {
  readonly opcode: number;
  /** The last of its message. */
  readonly last: boolean;
  readonly payload: Buffer;
}

/** Returns a client's frame, masked with these four bytes (§5.3). */
export function toFrame(kind: number, payload: Buffer, mask: Buffer): Buffer {
  const { length } = payload;
  const head = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  head[0] = 0x80 | kind;
  head[1] = 0x80 | (length < 126 ? length : length < 65_536 ? 126 : 127);
  if (head.length === 4) head.writeUInt16BE(length, 2);
  if (head.length === 10) head.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([head, mask, payload.map((byte, at) => byte ^ (mask[at % 4] ?? 0))]);
}

/** Returns what takes in a server's bytes, in whatever pieces, and gives the frames that are whole. `bad`: what comes after
 *  them is no frame of a server, or over `maxBytes`. */
export function openFrames(maxBytes: number): (chunk: Buffer) => { readonly frames: Frame[]; readonly bad: boolean } {
  let rest: Buffer = Buffer.alloc(0);
  let bad = false;
  return (chunk) => {
    if (bad) return { frames: [], bad };
    rest = Buffer.concat([rest, chunk]);
    const frames: Frame[] = [];
    while (!bad && rest.length >= 2) {
      const [first = 0, second = 0] = rest;
      const short = second & 0x7f;
      const at = short === 126 ? 4 : short === 127 ? 10 : 2;
      bad = (first & 0x70) !== 0 || (second & 0x80) !== 0; // an extension that nobody asked for; a mask
      if (bad || rest.length < at) break;
      const length = at === 2 ? short : at === 4 ? rest.readUInt16BE(2) : Number(rest.readBigUInt64BE(2));
      bad = length > maxBytes;
      if (bad || rest.length < at + length) break;
      frames.push({ opcode: first & 0x0f, last: (first & 0x80) !== 0, payload: rest.subarray(at, at + length) });
      rest = rest.subarray(at + length);
    }
    if (bad) rest = Buffer.alloc(0);
    return { frames, bad };
  };
}
