// Writes and reads the parts of DER (X.690) that certificates and their requests consist of. Pure.
// Invariant: only what this file would write is read: definite lengths, each in its shortest form, and nothing behind it.

/** tags are those of the elements. `ofContext` makes those that a structure numbers itself. */
export const tags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectId: 0x06,
  utf8String: 0x0c,
  printableString: 0x13,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** ofContext returns the tag [n] of an element: a constructed one, or a primitive one. */
export function ofContext(number: number, kind: 'constructed' | 'primitive'): number {
  return (kind === 'constructed' ? 0xa0 : 0x80) | number;
}

function lengthOf(length: number): readonly number[] {
  if (length < 0x80) return [length];
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return [0x80 | bytes.length, ...bytes];
}

/** element returns one element with its contents, which follow each other. */
export function element(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const length = contents.reduce((sum, { byteLength }) => sum + byteLength, 0);
  return Buffer.concat([Buffer.from([tag, ...lengthOf(length)]), ...contents]);
}

/** sequence returns a SEQUENCE. */
export function sequence(...elements: readonly Uint8Array[]): Buffer {
  return element(tags.sequence, ...elements);
}

/** objectId returns an OBJECT IDENTIFIER: "2.5.4.3". */
export function objectId(text: string): Buffer {
  const [first = 0, second = 0, ...others] = text.split('.').map(Number);
  const bytes = [first * 40 + second, ...others].flatMap((arc) => {
    const digits = [arc & 0x7f];
    for (let rest = arc >>> 7; rest > 0; rest >>>= 7) digits.unshift((rest & 0x7f) | 0x80);
    return digits;
  });
  return element(tags.objectId, Buffer.from(bytes));
}

/** bitString returns a BIT STRING of whole bytes, or of bytes of which the last `unused` bits do not count. */
export function bitString(bytes: Uint8Array, unused = 0): Buffer {
  return element(tags.bitString, Buffer.from([unused]), bytes);
}

/** time returns a time as certificates have it, in seconds: UTCTime until 2049, GeneralizedTime from then on. */
export function time(ms: number): Buffer {
  const digits = new Date(ms)
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replace(/[-:T]/g, '');
  const isLate = new Date(ms).getUTCFullYear() > 2049;
  const [tag, text] = isLate ? [tags.generalizedTime, digits] : [tags.utcTime, digits.slice(2)];
  return element(tag, Buffer.from(text, 'latin1'));
}

/** Element is an element that was read. */
export type Element = {
  readonly tag: number;
  readonly content: Buffer /** Tag and length included. */;
  readonly whole: Buffer;
};

/**
 * elementsOf reads elements that follow each other.
 * @throws Error when it is not DER, or there are not `count` elements
 */
export function elementsOf(bytes: Buffer, count: number): readonly Element[] {
  const elements: Element[] = [];
  for (let at = 0; at < bytes.length; ) {
    const { length, headerBytes } = headerAt(bytes, at);
    const end = at + headerBytes + length;
    if (end > bytes.length) throw new Error('an element is longer than what contains it');
    elements.push({
      tag: bytes[at] ?? 0,
      content: bytes.subarray(at + headerBytes, end),
      whole: bytes.subarray(at, end),
    });
    at = end;
  }
  if (elements.length !== count) throw new Error(`${elements.length} elements instead of ${count}`);
  return elements;
}

function headerAt(bytes: Buffer, at: number): { readonly length: number; readonly headerBytes: number } {
  const first = bytes[at + 1] ?? 0xff;
  if (first < 0x80) return { length: first, headerBytes: 2 };
  const count = first & 0x7f;
  if (count === 0 || count > 3 || at + 2 + count > bytes.length) throw new Error('not a length');
  const length = bytes.readUIntBE(at + 2, count);
  if (length < 0x80 || (count > 1 && length < 256 ** (count - 1))) throw new Error('not the shortest form of a length');
  return { length, headerBytes: 2 + count };
}

/**
 * contentOf returns the content of an element.
 * @throws Error when it has another tag
 */
export function contentOf({ tag, content }: Element, wanted: number): Buffer {
  if (tag !== wanted) throw new Error(`an element of tag ${tag} instead of ${wanted}`);
  return content;
}
