// Protobuf's encoding of numbers and length-delimited fields, for error details and for finding unknown fields. xctl decodes
// errors without proto-loader, which takes longer to load than everything else it does.
// Source: https://protobuf.dev/programming-guides/encoding/
// Invariant: truncated fields throw; fields of other kinds have no value here.

/** Field is one field of a message: its number, and its bytes or its number. */
export type Field = { readonly id: number; readonly value: number | Buffer };

const varint = 0;
const fixed64 = 1;
const lengthDelimited = 2;
const fixed32 = 5;
const mostVarintBytes = 10;

/** writeFields encodes a message. Numbers are from 0 to 2^31 - 1. */
export function writeFields(fields: readonly Field[]): Buffer {
  return Buffer.concat(
    fields.flatMap(({ id, value }) =>
      typeof value === 'number'
        ? [writeVarint(id * 8 + varint), writeVarint(value)]
        : [writeVarint(id * 8 + lengthDelimited), writeVarint(value.length), value],
    ),
  );
}

function writeVarint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest & 0x7f) | 0x80);
  return Buffer.from([...bytes, rest]);
}

/**
 * readFields decodes a message.
 * @throws RangeError when it is truncated, or has a field of an unknown kind
 */
export function readFields(bytes: Buffer): readonly Field[] {
  const fields: Field[] = [];
  eachField(bytes, (id, value) => {
    if (value !== undefined) fields.push({ id, value });
  });
  return fields;
}

/**
 * eachField visits the fields of a message, with undefined for the value of a fixed-length number.
 * @throws RangeError as readFields
 */
export function eachField(bytes: Buffer, visit: (id: number, value: number | Buffer | undefined) => void): void {
  let at = 0;
  const next = (length: number): Buffer => {
    if (length > bytes.length - at) throw new RangeError('the message is cut short');
    at += length;
    return bytes.subarray(at - length, at);
  };
  const readVarint = (): number => {
    let value = 0;
    for (let index = 0; index < mostVarintBytes; index += 1) {
      const byte = next(1).readUInt8();
      value += (byte & 0x7f) * 2 ** (7 * index);
      if (byte < 0x80) return value;
    }
    throw new RangeError('a number has no end');
  };
  while (at < bytes.length) {
    const tag = readVarint();
    const id = Math.floor(tag / 8);
    const kind = tag % 8;
    if (kind === varint) visit(id, readVarint());
    else if (kind === lengthDelimited) visit(id, next(readVarint()));
    else if (kind === fixed64 || kind === fixed32) {
      next(kind === fixed64 ? 8 : 4);
      visit(id, undefined);
    } else throw new RangeError(`a field of kind ${kind}`);
  }
}

/** bytesOf returns the values of a repeated field. */
export function bytesOf(fields: readonly Field[], id: number): readonly Buffer[] {
  return fields.flatMap((field) => (field.id === id && typeof field.value !== 'number' ? [field.value] : []));
}

/** textOf returns the last value of a text field; empty when absent. */
export function textOf(fields: readonly Field[], id: number): string {
  return bytesOf(fields, id).at(-1)?.toString('utf8') ?? '';
}
