// Netlink's framing (linux/netlink.h): messages with a 16-byte header and attributes, both padded to 4 bytes.
// Little-endian, which openNetlink verifies; addresses are in network byte order.

/** headerLength is the size of struct nlmsghdr in bytes: length, type, flags, sequence number, port id. */
export const headerLength = 16;

/** messageTypes are the message types common to all netlink protocols. */
export const messageTypes = { error: 2, done: 3 } as const;

/**
 * messageFlags are the bits of a header's flags; `replace` to `append` apply to requests and notifications of changes.
 */
export const messageFlags = {
  request: 0x1,
  ack: 0x4,
  dumpInterrupted: 0x10,
  dump: 0x300,
  replace: 0x100,
  exclusive: 0x200,
  create: 0x400,
  append: 0x800,
  // Flags of an error message (NLM_F_CAPPED, NLM_F_ACK_TLVS).
  capped: 0x100,
  ackAttributes: 0x200,
} as const;

/** Message is one message in a buffer: the fields of its header, and the position of its payload. */
export type Message = {
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
  readonly portId: number;
  readonly start: number;
  readonly end: number;
};

function align(length: number): number {
  return (length + 3) & ~3;
}

/** messagesIn lists the messages of a datagram. A truncated message ends the list. */
export function messagesIn(bytes: Buffer, length: number): readonly Message[] {
  const messages: Message[] = [];
  let at = 0;
  while (at + headerLength <= length) {
    const size = bytes.readUInt32LE(at);
    if (size < headerLength || at + size > length) break;
    messages.push({
      type: bytes.readUInt16LE(at + 4),
      flags: bytes.readUInt16LE(at + 6),
      sequence: bytes.readUInt32LE(at + 8),
      portId: bytes.readUInt32LE(at + 12),
      start: at + headerLength,
      end: at + size,
    });
    at += align(size);
  }
  return messages;
}

/**
 * eachAttribute calls `visit` for each attribute between two positions of a buffer, with its type, and the start and
 * the end (exclusive) of its value. A truncated attribute ends the iteration.
 */
export function eachAttribute(
  bytes: Buffer,
  start: number,
  end: number,
  visit: (type: number, at: number, valueEnd: number) => void,
): void {
  let at = start;
  while (at + 4 <= end) {
    const length = bytes.readUInt16LE(at);
    if (length < 4 || at + length > end) return;
    // The two highest bits mean "nested" and "network byte order".
    visit(bytes.readUInt16LE(at + 2) & 0x3fff, at + 4, at + length);
    at += align(length);
  }
}

/** NetlinkError is the kernel's reply to a request that it refused. */
export type NetlinkError = {
  /** Error number: 17. 0: the request succeeded. */
  readonly errno: number;
  /** The kernel's explanation, "Nexthop has invalid gateway"; empty if it gives none. */
  readonly text: string;
};

/** readError decodes an NLMSG_ERROR. */
export function readError(bytes: Buffer, message: Message): NetlinkError {
  const errno = -bytes.readInt32LE(message.start);
  let text = '';
  if (errno !== 0 && (message.flags & messageFlags.ackAttributes) !== 0) {
    // The request's header follows, with its payload unless the reply is capped.
    const header = message.start + 4;
    const copied = (message.flags & messageFlags.capped) !== 0 ? headerLength : align(bytes.readUInt32LE(header));
    eachAttribute(bytes, header + copied, message.end, (type, at, end) => {
      if (type === 1) text = bytes.toString('utf8', at, end - 1).replace(/\.$/, ''); // NLMSGERR_ATTR_MSG
    });
  }
  return { errno, text };
}

/** MessageWriter writes consecutive messages into one buffer, which it reuses. */
export class MessageWriter {
  #bytes = Buffer.allocUnsafeSlow(32 * 1024);
  #length = 0;
  #start = 0;

  /** bytes is the buffer; its first `length` bytes are written. */
  get bytes(): Buffer {
    return this.#bytes;
  }

  get length(): number {
    return this.#length;
  }

  /** clear discards what is written. */
  clear(): void {
    this.#length = 0;
  }

  /** begin writes a header. Replies carry the same `sequence`. */
  begin(type: number, flags: number, sequence: number): void {
    this.reserve(256);
    this.#start = this.#length;
    this.u32(0);
    this.u16(type);
    this.u16(flags);
    this.u32(sequence);
    this.u32(0);
  }

  /** reserve makes room for this many bytes. begin() reserves enough for a message without a list. */
  reserve(bytes: number): void {
    if (this.#length + bytes <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(2 * this.#bytes.length, this.#length + bytes));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }

  /** end completes the message's header. */
  end(): void {
    this.#bytes.writeUInt32LE(this.#length - this.#start, this.#start);
    while (this.#length % 4 !== 0) this.u8(0);
  }

  u8(value: number): void {
    this.#bytes[this.#length] = value;
    this.#length += 1;
  }

  u16(value: number): void {
    this.#length = this.#bytes.writeUInt16LE(value, this.#length);
  }

  u32(value: number): void {
    this.#length = this.#bytes.writeUInt32LE(value, this.#length);
  }

  /** zeros writes this many zero bytes. */
  zeros(count: number): void {
    this.#bytes.fill(0, this.#length, this.#length + count);
    this.#length += count;
  }

  /** attribute writes an attribute with a 32-bit number. */
  attribute(type: number, value: number): void {
    this.u16(8);
    this.u16(type);
    this.u32(value);
  }

  /** addressAttribute writes an attribute with an IPv4 address. */
  addressAttribute(type: number, address: number): void {
    this.u16(8);
    this.u16(type);
    this.#length = this.#bytes.writeUInt32BE(address, this.#length);
  }

  /** numberAttribute writes an attribute with a 32-bit number in network byte order, as netfilter uses. */
  numberAttribute(type: number, value: number): void {
    this.addressAttribute(type, value);
  }

  /** textAttribute writes an attribute with a short zero-terminated text. */
  textAttribute(type: number, text: string): void {
    const length = Buffer.byteLength(text, 'utf8') + 1;
    this.u16(4 + length);
    this.u16(type);
    this.#length += this.#bytes.write(text, this.#length, 'utf8');
    this.zeros(1);
    while (this.#length % 4 !== 0) this.u8(0);
  }

  /** copy writes bytes as they are. */
  copy(bytes: Uint8Array): void {
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** bytesAttribute writes an attribute with any value. */
  bytesAttribute(type: number, value: Uint8Array): void {
    this.u16(4 + value.length);
    this.u16(type);
    this.copy(value);
    while (this.#length % 4 !== 0) this.u8(0);
  }

  /** nestedAttribute writes the header of an attribute that contains the next `length` bytes of attributes. */
  nestedAttribute(type: number, length: number): void {
    this.u16(4 + length);
    this.u16(0x8000 | type);
  }
}
