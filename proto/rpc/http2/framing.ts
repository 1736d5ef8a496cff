// The framing of gRPC's messages (grpc/doc/PROTOCOL-HTTP2.md, Length-Prefixed-Message): one byte that says whether the
// message is compressed, four bytes of length, the message. Pure.

const prefixBytes = 5;

/** framed returns a message as it is sent: not compressed. */
export function framed(message: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(prefixBytes + message.length);
  frame[0] = 0;
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, prefixBytes);
  return frame;
}

/** FrameReader takes the bytes of one stream in pieces of any size and returns the messages in them. */
export class FrameReader {
  readonly #longest: number;
  #parts: Buffer[] = [];
  #held = 0;
  // Bytes needed, from the beginning of the first part, to read the prefix or the message.
  #wanted = prefixBytes;

  /** @param longest bytes of the longest message */
  constructor(longest: number) {
    this.#longest = longest;
  }

  /**
   * read returns the messages that are whole with this piece. They share its memory.
   * @throws Error for a message that is too long, or compressed although this client offers no compression
   */
  read(piece: Buffer): readonly Buffer[] {
    let rest = piece;
    if (this.#held > 0 || piece.length < this.#wanted) {
      this.#parts.push(piece);
      this.#held += piece.length;
      if (this.#held < this.#wanted) return [];
      rest = Buffer.concat(this.#parts, this.#held);
      this.#parts = [];
    }
    const messages: Buffer[] = [];
    for (;;) {
      this.#wanted = this.#wantedOf(rest);
      if (rest.length < this.#wanted) break;
      messages.push(rest.subarray(prefixBytes, this.#wanted));
      rest = rest.subarray(this.#wanted);
    }
    if (rest.length > 0) this.#parts.push(rest);
    this.#held = rest.length;
    return messages;
  }

  /** isBetween reports whether no message is half read. */
  get isBetween(): boolean {
    return this.#held === 0;
  }

  #wantedOf(bytes: Buffer): number {
    if (bytes.length < prefixBytes) return prefixBytes;
    const length = bytes.readUInt32BE(1);
    if (length > this.#longest) throw new Error(`Received message larger than max (${length} vs ${this.#longest})`);
    if (bytes[0] !== 0) throw new Error('Received a compressed message');
    return prefixBytes + length;
  }
}
