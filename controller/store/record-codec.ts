// Converts records to and from JSON that is readable with `etcdctl get --prefix`.
// Invariant: a value that does not fit its schema is never used in part: decode() returns the problem instead.
import * as v from 'valibot';
import { formatIpv4, formatPrefix } from '../../proto/domain/address.js';
import { messageOf } from '../../proto/errors.js';
import { addressText, prefixText } from './record-fields.js';
import { type RecordKind, type RecordOf, schemas } from './records.js';

/** Decoded is a record, or the problem with its value. */
export type Decoded<T> = { readonly record: T } | { readonly problem: string };

/** decode parses the value of a key of a kind. */
export function decode<K extends RecordKind>(kind: K, value: string): Decoded<RecordOf<K>> {
  let json: unknown;
  try {
    json = JSON.parse(value);
  } catch (error) {
    return { problem: `not JSON: ${messageOf(error)}` };
  }
  const result = v.safeParse(schemas[kind] as unknown as v.GenericSchema<unknown, RecordOf<K>>, json);
  if (result.success) return { record: result.output };
  return { problem: result.issues.map((issue) => `${v.getDotPath(issue) ?? 'value'}: ${issue.message}`).join('; ') };
}

// The parts of a schema that encode() and unknownFields() use.
type Shape = {
  readonly type: string;
  readonly entries?: Readonly<Record<string, Shape>>;
  readonly item?: Shape;
  readonly wrapped?: Shape;
  readonly key?: string;
  readonly options?: readonly Shape[];
  readonly literal?: unknown;
};

function shapeOf(kind: RecordKind): Shape {
  return schemas[kind] as unknown as Shape;
}

// Formats a value, the inverse of parsing by a schema. Values outside the schema stay unchanged.
function textFrom(shape: Shape | undefined, value: unknown): unknown {
  if (shape === undefined || value === undefined || value === null) return value;
  if (shape === (prefixText as unknown)) return formatPrefix(value as Parameters<typeof formatPrefix>[0]);
  if (shape === (addressText as unknown)) return formatIpv4(value as Parameters<typeof formatIpv4>[0]);
  if (shape.wrapped !== undefined) return textFrom(shape.wrapped, value);
  if (shape.item !== undefined) return (value as readonly unknown[]).map((each) => textFrom(shape.item, each));
  const { key, options } = shape;
  if (key !== undefined && options !== undefined) {
    const state: unknown = Reflect.get(value as object, key);
    return textFrom(
      options.find(({ entries }) => entries?.[key]?.literal === state),
      value,
    );
  }
  const { entries } = shape;
  if (entries === undefined) return value;
  return Object.fromEntries(
    Object.entries(value as object).map(([name, each]) => [
      name,
      textFrom(Object.hasOwn(entries, name) ? entries[name] : undefined, each),
    ]),
  );
}

/** encode formats a record as JSON; prefixes and addresses become text. */
export function encode<K extends RecordKind>(kind: K, record: RecordOf<K>): string {
  return JSON.stringify(textFrom(shapeOf(kind), record));
}

/** unknownFields returns the fields of a record that this version does not know, for the record that replaces it. */
export function unknownFields<K extends RecordKind>(kind: K, record: RecordOf<K> | undefined): object {
  const shape = shapeOf(kind);
  const known = new Set((shape.options ?? [shape]).flatMap(({ entries = {} }) => Object.keys(entries)));
  return Object.fromEntries(Object.entries(record ?? {}).filter(([name]) => !known.has(name)));
}
