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

type Format = (value: unknown) => unknown;

function formatEach(format: Format | undefined): Format | undefined {
  return format === undefined ? undefined : (value) => (value as readonly unknown[]).map(format);
}

function formatFields(entries: Readonly<Record<string, Shape>>): Format | undefined {
  const formats = Object.entries(entries).flatMap(([name, shape]) => {
    const format = formatOf(shape);
    return format === undefined ? [] : [{ name, format }];
  });
  if (formats.length === 0) return undefined;
  return (value) => {
    const copy: Record<string, unknown> = { ...(value as object) };
    for (const { name, format } of formats) {
      const each = Object.hasOwn(copy, name) ? copy[name] : undefined;
      if (each !== undefined && each !== null) copy[name] = format(each);
    }
    return copy;
  };
}

function formatOption(key: string, options: readonly Shape[]): Format {
  const formats = new Map(options.map((option) => [option.entries?.[key]?.literal, formatOf(option)]));
  return (value) => {
    const format = formats.get(Reflect.get(value as object, key));
    return format === undefined ? value : format(value);
  };
}

// Returns the conversion of a value to JSON, the inverse of parsing by a schema; undefined: none is needed, as for values
// outside of the schema. Computed once for each schema, because records are written often.
function formatOf(shape: Shape): Format | undefined {
  if (shape === (prefixText as unknown)) return (value) => formatPrefix(value as Parameters<typeof formatPrefix>[0]);
  if (shape === (addressText as unknown)) return (value) => formatIpv4(value as Parameters<typeof formatIpv4>[0]);
  const { wrapped, item, key, options, entries } = shape;
  if (wrapped !== undefined) return formatOf(wrapped);
  if (item !== undefined) return formatEach(formatOf(item));
  if (key !== undefined && options !== undefined) return formatOption(key, options);
  return entries === undefined ? undefined : formatFields(entries);
}

const formats: ReadonlyMap<RecordKind, Format | undefined> = new Map(
  (Object.keys(schemas) as RecordKind[]).map((kind) => [kind, formatOf(shapeOf(kind))]),
);

/** encode formats a record as JSON; prefixes and addresses become text. */
export function encode<K extends RecordKind>(kind: K, record: RecordOf<K>): string {
  const format = formats.get(kind);
  return JSON.stringify(format === undefined ? record : format(record));
}

/** unknownFields returns the fields of a record that this version does not know, for the record that replaces it. */
export function unknownFields<K extends RecordKind>(kind: K, record: RecordOf<K> | undefined): object {
  const shape = shapeOf(kind);
  const known = new Set((shape.options ?? [shape]).flatMap(({ entries = {} }) => Object.keys(entries)));
  return Object.fromEntries(Object.entries(record ?? {}).filter(([name]) => !known.has(name)));
}
